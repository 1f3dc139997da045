"""S3, DynamoDB, Cognito and IAM on one machine: MiniStack, with credentials and policies enforced."""

import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from services.cli.stack.errors import StackError
from services.cli.stack.ports import HOST, require_free
from services.cli.stack.process import base_environment
from services.cli.stack.server import Server

START_LIMIT_S = 30.0
STOP_LIMIT_S = 5.0
REGION = "us-east-1"
_PROGRAM = Path(__file__).with_name("ministack_guarded.py")


@dataclass(frozen=True)
class Root:
    """Who may do everything at a local AWS endpoint: makes what the services then use with few rights."""

    url: str
    key_id: str
    secret: str

    def client(self, service: str) -> AbstractAsyncContextManager[Any]:
        made: AbstractAsyncContextManager[Any] = get_session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
            config=AioConfig(connect_timeout=2, read_timeout=10, retries={"max_attempts": 3}),
        )
        return made


class AwsEndpoint(Server):
    """MiniStack with its state in a folder. A clean stop keeps the state, a kill loses what came after the last one."""

    def __init__(self, *, environment: Path, data: Path, log: Path, port: int) -> None:
        """environment: the virtual environment that MiniStack is installed in."""
        super().__init__("aws-endpoint", port=port, log=log, stop_limit_s=STOP_LIMIT_S)
        self.root = Root(f"http://{HOST}:{port}", "ROOT" + secrets.token_hex(8).upper(), secrets.token_urlsafe(32))
        self._python = environment / "bin" / "python"
        self._data = data

    @property
    def url(self) -> str:
        return self.root.url

    async def start(self) -> None:
        """Return once it answers. Raises StackError that says what is missing or what it said."""
        if not self._python.exists():
            raise StackError("the local AWS endpoint is missing: run 'make setup'")
        require_free(self.port, "the local AWS endpoint")
        temporary = self._data / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        await self._run(
            [str(self._python), "-P", str(_PROGRAM)],  # without this folder's modules among those that it finds
            base_environment()
            | {
                "AUTH": "true",
                "BIND_HOST": HOST,
                "GATEWAY_PORT": str(self.port),
                "MINISTACK_REGION": REGION,
                "SERVICES": "s3,dynamodb,cognito-idp,iam,sts",
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
                "LOG_LEVEL": "WARNING",
                "PERSIST_STATE": "1",
                "STATE_DIR": str(self._data / "state"),
                "S3_PERSIST": "1",
                "S3_DATA_DIR": str(self._data / "s3"),
                "TMPDIR": str(temporary),
                "AWS_ACCESS_KEY_ID": self.root.key_id,
                "AWS_SECRET_ACCESS_KEY": self.root.secret,
            },
            START_LIMIT_S,
        )
