"""What the services need at the AWS endpoint: bucket, table, user pool, a demo speaker, an IAM user. Idempotent.

On one machine this stands in for Terraform. What it made is remembered in a file that only its owner may read, since
pool and key ids can't be chosen.
"""

import json
import os
import secrets
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import msgspec
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore import UNSIGNED
from botocore.exceptions import BotoCoreError, ClientError

from services.cli.stack.aws_endpoint import REGION, Root
from services.cli.stack.errors import StackError
from services.ingest.store import TABLE, TTL_ATTRIBUTE

BUCKET = "dragoman-clips"
SESSIONS_TABLE = "dragoman-sessions"
DEMO_SPEAKER = "demo@example.org"

_POOL_NAME = "dragoman-speakers"
_IAM_USER = "dragoman-services"
_FILE = "provisioned.json"


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything is and who may use it. Secret: has keys and the demo speaker's password."""

    endpoint: str
    pool_id: str
    client_id: str
    key_id: str
    secret: str
    demo_speaker: str
    demo_password: str

    @property
    def environment(self) -> dict[str, str]:
        """What the services are told through their environment."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "DRAGOMAN_AWS_REGION": REGION,
            "DRAGOMAN_JWKS_URL": f"{self.endpoint}/{self.pool_id}/.well-known/jwks.json",
            "DRAGOMAN_TOKEN_ISSUER": f"https://cognito-idp.{REGION}.amazonaws.com/{self.pool_id}",
            "DRAGOMAN_TOKEN_CLIENT_ID": self.client_id,
            "DRAGOMAN_CLIPS_BUCKET": BUCKET,
            "DRAGOMAN_SESSIONS_TABLE": SESSIONS_TABLE,
        }

    @classmethod
    def load(cls, data: Path) -> "Provisioned | None":
        """What was made at the endpoint with this data folder; None if nothing was, or by another version."""
        try:
            return msgspec.json.decode((data / _FILE).read_bytes(), type=cls)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def save(self, data: Path) -> None:
        """Remember it, for this user's eyes only."""
        path = data / _FILE
        fresh = path.with_suffix(".fresh")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self)))
        fresh.replace(path)


async def provision(root: Root, data: Path) -> Provisioned:
    """Make what is missing, keep what is there. Raises StackError."""
    known = Provisioned.load(data)
    try:
        async with (
            root.client("s3") as s3,
            root.client("dynamodb") as dynamodb,
            root.client("iam") as iam,
            root.client("cognito-idp") as cognito,
        ):
            await _bucket(s3)
            await _table(dynamodb)
            key_id, secret = await _services_key(iam, known)
            pool_id = await _pool(cognito, known)
            client_id = await _pool_client(cognito, pool_id)
            password = known.demo_password if known else _password()
            await _speaker(cognito, pool_id, DEMO_SPEAKER, password)
    except (BotoCoreError, ClientError, OSError) as fault:
        raise StackError(f"the AWS endpoint at {root.url} could not be prepared: {fault}") from fault
    made = Provisioned(
        endpoint=root.url,
        pool_id=pool_id,
        client_id=client_id,
        key_id=key_id,
        secret=secret,
        demo_speaker=DEMO_SPEAKER,
        demo_password=password,
    )
    made.save(data)
    return made


async def sign_in(provisioned: Provisioned, username: str | None = None, password: str | None = None) -> str:
    """A speaker's access token; the demo speaker's by default. Raises StackError."""
    async with get_session().create_client(
        "cognito-idp",
        region_name=REGION,
        endpoint_url=provisioned.endpoint,
        config=AioConfig(signature_version=UNSIGNED, connect_timeout=2, read_timeout=10),
    ) as cognito:
        try:
            answer = await cognito.initiate_auth(
                ClientId=provisioned.client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={
                    "USERNAME": username or provisioned.demo_speaker,
                    "PASSWORD": password or provisioned.demo_password,
                },
            )
        except ClientError as fault:
            raise StackError(f"sign-in at {provisioned.endpoint} failed: {fault}") from fault
        except (BotoCoreError, OSError) as fault:
            raise StackError(
                f"sign-in at {provisioned.endpoint} failed: is the stack running ('dragoman up')? ({fault})"
            ) from fault
    token: str = answer["AuthenticationResult"]["AccessToken"]
    return token


async def add_speaker(root: Root, provisioned: Provisioned, username: str) -> str:
    """Another speaker, or a new password for one. Returns the password."""
    password = _password()
    async with root.client("cognito-idp") as cognito:
        await _speaker(cognito, provisioned.pool_id, username, password)
    return password


async def _bucket(s3: Any) -> None:
    await _unless_there(s3.create_bucket(Bucket=BUCKET), "BucketAlreadyOwnedByYou", "BucketAlreadyExists")
    await s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET,
        LifecycleConfiguration={
            "Rules": [
                {"ID": "clips-live-a-day", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
            ]
        },
    )
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 86_400}
    await s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})


async def _table(dynamodb: Any) -> None:
    await _unless_there(dynamodb.create_table(TableName=SESSIONS_TABLE, **TABLE), "ResourceInUseException")
    await dynamodb.get_waiter("table_exists").wait(TableName=SESSIONS_TABLE, WaiterConfig={"Delay": 1})
    state = await dynamodb.describe_time_to_live(TableName=SESSIONS_TABLE)
    if state["TimeToLiveDescription"]["TimeToLiveStatus"] != "ENABLED":
        await dynamodb.update_time_to_live(
            TableName=SESSIONS_TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        )


async def _services_key(iam: Any, known: Provisioned | None) -> tuple[str, str]:
    """Key and secret of a user that may do what the services do, and no more."""
    await _unless_there(iam.create_user(UserName=_IAM_USER), "EntityAlreadyExists")
    bucket, table = f"arn:aws:s3:::{BUCKET}", f"arn:aws:dynamodb:{REGION}:*:table/{SESSIONS_TABLE}"
    statements: list[dict[str, object]] = [
        {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{bucket}/*"},
        {"Action": "s3:ListBucket", "Resource": bucket},
        {
            "Action": [
                f"dynamodb:{action}"
                for action in ("DescribeTable", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
            ],
            "Resource": [table, f"{table}/index/*"],
        },
    ]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in statements]}
    await iam.put_user_policy(UserName=_IAM_USER, PolicyName="services", PolicyDocument=json.dumps(policy))
    keys = (await iam.list_access_keys(UserName=_IAM_USER))["AccessKeyMetadata"]
    if known and any(key["AccessKeyId"] == known.key_id for key in keys):
        return known.key_id, known.secret
    for key in keys:  # their secrets are lost, and a user has two keys at most
        await iam.delete_access_key(UserName=_IAM_USER, AccessKeyId=key["AccessKeyId"])
    made = (await iam.create_access_key(UserName=_IAM_USER))["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


async def _pool(cognito: Any, known: Provisioned | None) -> str:
    for pool in (await cognito.list_user_pools(MaxResults=60))["UserPools"]:
        if known and pool["Id"] == known.pool_id:
            return known.pool_id
    made = await cognito.create_user_pool(
        PoolName=_POOL_NAME,
        UsernameAttributes=["email"],
        Policies={"PasswordPolicy": {"MinimumLength": 12}},
    )
    pool_id: str = made["UserPool"]["Id"]
    return pool_id


async def _pool_client(cognito: Any, pool_id: str) -> str:
    clients = (await cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60))["UserPoolClients"]
    client_id: str
    if clients:
        client_id = clients[0]["ClientId"]
    else:
        made = await cognito.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="speaker",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )
        client_id = made["UserPoolClient"]["ClientId"]
    return client_id


async def _speaker(cognito: Any, pool_id: str, username: str, password: str) -> None:
    attributes = [{"Name": "email", "Value": username}, {"Name": "email_verified", "Value": "true"}]
    made = cognito.admin_create_user(
        UserPoolId=pool_id, Username=username, UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    await _unless_there(made, "UsernameExistsException")
    await cognito.admin_set_user_password(UserPoolId=pool_id, Username=username, Password=password, Permanent=True)


async def _unless_there(call: Awaitable[Any], *codes: str) -> None:
    try:
        await call
    except ClientError as fault:
        if fault.response["Error"]["Code"] not in codes:
            raise


def _password() -> str:
    """Random; the suffix satisfies any rule about kinds of characters."""
    return secrets.token_urlsafe(18) + "aA1!"
