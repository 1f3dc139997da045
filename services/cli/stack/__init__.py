"""The whole system on one machine: broker, AWS endpoint and the four services, started, watched and stopped."""

from services.cli.stack.errors import StackError
from services.cli.stack.platform import Platform
from services.cli.stack.ports import Ports
from services.cli.stack.provision import Provisioned, sign_in
from services.cli.stack.stack import SERVICES, Stack
from services.cli.stack.supervisor import Instance

__all__ = ["SERVICES", "Instance", "Platform", "Ports", "Provisioned", "Stack", "StackError", "sign_in"]
