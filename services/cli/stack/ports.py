"""The ports of the stack on one machine, and who has them."""

import errno
import socket
from dataclasses import dataclass, fields

import psutil

from services.cli.stack.errors import StackError

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """One port per server; further instances of a service get free ones."""

    kafka: int = 19092
    kafka_controller: int = 19093
    aws: int = 14566
    ingest: int = 18081
    transcriber: int = 18082
    translator: int = 18083
    notifier: int = 18084
    web: int = 18080

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody has at the moment, for a stack beside another."""
        return cls(**dict(zip((field.name for field in fields(cls)), free_ports(len(fields(cls))), strict=True)))


def free_ports(count: int) -> list[int]:
    """Distinct ports that nobody has at the moment."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def listen(address: str, port: int, needed_by: str) -> socket.socket:
    """A socket that accepts connections. Raises StackError that names the port and who has it."""
    try:
        return socket.create_server((address, port))
    except OSError as fault:
        if fault.errno == errno.EADDRNOTAVAIL:
            known = ", ".join(addresses_of_machine()) or "none but its own loopback"
            raise StackError(f"{address} is not an address of this machine, which has {known}") from None
        raise StackError(
            f"port {port}, which {needed_by} needs, is taken by {holder(port) or 'another program'}: "
            "stop that one first"
        ) from None


def addresses_of_machine() -> list[str]:
    """Its IPv4 addresses that others in a network may reach."""
    of_interfaces = psutil.net_if_addrs().values()
    found = [one.address for addresses in of_interfaces for one in addresses if one.family == socket.AF_INET]
    return [address for address in found if not address.startswith("127.")]


def require_free(port: int, needed_by: str) -> None:
    """Raises StackError that names the port and who has it."""
    listen(HOST, port, needed_by).close()


def holder(port: int) -> str | None:
    """The program that listens on a port, as ``name (pid 123)``; None if nobody does or it isn't ours to see."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.NoSuchProcess:
                return None
    return None


def listens(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((HOST, port)) == 0
