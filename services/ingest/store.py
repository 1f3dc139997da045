"""Sessions in DynamoDB: one table, a session under ``session#ID``, its readable code under ``code#CODE``."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import ClientError as TransportError
from botocore.exceptions import BotoCoreError, ClientError

from services.common.clock import now_ms
from services.common.contracts import Session, State
from services.ingest.ports import CodeTaken, StoreUnavailable

OWNER_INDEX = "owner-index"
TTL_ATTRIBUTE = "expires_at"
TABLE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "owner", "AttributeType": "S"},
        {"AttributeName": "created_at_ms", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": OWNER_INDEX,
            "KeySchema": [
                {"AttributeName": "owner", "KeyType": "HASH"},
                {"AttributeName": "created_at_ms", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
"""The table but for its name, as CreateTable takes it. TTL is on ``TTL_ATTRIBUTE``."""

_KEPT_AFTER_S = 30 * 86_400
"""An ended session stays listed for its owner this long."""
_LISTED = 100
_CONDITION_FAILED = ("ConditionalCheckFailedException", "TransactionCanceledException")
_CONFIG = AioConfig(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"})


class _ConditionFailed(Exception):
    """A conditional write found things otherwise."""


class DynamoSessionStore:
    """``ports.SessionStore`` in a table of DynamoDB."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    @asynccontextmanager
    async def open(cls, table: str, region: str) -> AsyncIterator["DynamoSessionStore"]:
        """A client for the length of the block; ``AWS_ENDPOINT_URL`` points it elsewhere."""
        async with get_session().create_client("dynamodb", region_name=region, config=_CONFIG) as client:
            yield cls(client, table)

    async def reachable(self) -> bool:
        try:
            await self._call("describe_table", TableName=self._table)
        except StoreUnavailable:
            return False
        return True

    async def create(self, session: Session, code_valid_s: float) -> None:
        now_s = int(time.time())
        code = {
            "pk": {"S": _code(session.code)},
            "session_id": {"S": session.session_id},
            TTL_ATTRIBUTE: {"N": str(now_s + int(code_valid_s))},
        }
        unused = "attribute_not_exists(pk) OR #ttl < :now"
        try:
            await self._call(
                "transact_write_items",
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": _item(session, now_s + int(code_valid_s) + _KEPT_AFTER_S),
                            "ConditionExpression": "attribute_not_exists(pk)",
                        }
                    },
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": code,
                            "ConditionExpression": unused,
                            "ExpressionAttributeNames": {"#ttl": TTL_ATTRIBUTE},
                            "ExpressionAttributeValues": {":now": {"N": str(now_s)}},
                        }
                    },
                ],
            )
        except _ConditionFailed as fault:
            raise CodeTaken(session.code) from fault

    async def get(self, session_id: str) -> Session | None:
        return _session(await self._get(_key(session_id)))

    async def find_code(self, code: str) -> Session | None:
        item = await self._get(_code(code))
        if item is None or int(item[TTL_ATTRIBUTE]["N"]) < time.time():
            return None
        return await self.get(item["session_id"]["S"])

    async def of_owner(self, owner: str) -> list[Session]:
        answer = await self._call(
            "query",
            TableName=self._table,
            IndexName=OWNER_INDEX,
            KeyConditionExpression="#owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": owner}},
            ScanIndexForward=False,
            Limit=_LISTED,
        )
        return [session for item in answer["Items"] if (session := _session(item)) is not None]

    async def update(
        self,
        session_id: str,
        *,
        state: State | None = None,
        title: str | None = None,
        speaker: str | None = None,
        only_from: tuple[State, ...] | None = None,
        only_speaker: str | None = None,
    ) -> Session | None:
        changes = {"state": state, "title": title, "speaker": speaker}
        given = {name: str(value) for name, value in changes.items() if value is not None}
        names = {f"#{name}": name for name in given} | {"#state": "state"}
        values: dict[str, Any] = {f":{name}": {"S": value} for name, value in given.items()}
        values |= {":now": {"N": repr(now_ms())}, ":one": {"N": "1"}, ":ended": {"S": State.ENDED.value}}
        conditions = ["attribute_exists(pk)", "#state <> :ended"]
        if only_from is not None:
            allowed = {f":from{number}": {"S": one.value} for number, one in enumerate(only_from)}
            values |= allowed
            conditions.append(f"#state IN ({', '.join(allowed)})")
        if only_speaker is not None:
            names["#speaker"] = "speaker"
            values[":only_speaker"] = {"S": only_speaker}
            conditions.append("#speaker = :only_speaker")
        try:
            answer = await self._call(
                "update_item",
                TableName=self._table,
                Key={"pk": {"S": _key(session_id)}},
                UpdateExpression="SET "
                + ", ".join(["updated_at_ms = :now", *(f"#{name} = :{name}" for name in given)])
                + " ADD revision :one",
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except _ConditionFailed:
            return None
        return _session(answer["Attributes"])

    async def forget_code(self, code: str) -> None:
        await self._call("delete_item", TableName=self._table, Key={"pk": {"S": _code(code)}})

    async def _get(self, pk: str) -> dict[str, Any] | None:
        answer = await self._call("get_item", TableName=self._table, Key={"pk": {"S": pk}}, ConsistentRead=True)
        item: dict[str, Any] | None = answer.get("Item")
        return item

    async def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = await getattr(self._client, operation)(**arguments)
        except ClientError as fault:
            if fault.response["Error"]["Code"] in _CONDITION_FAILED:
                raise _ConditionFailed from fault
            raise StoreUnavailable(str(fault)) from fault
        except (BotoCoreError, TransportError, OSError, TimeoutError) as fault:
            raise StoreUnavailable(str(fault) or type(fault).__name__) from fault
        return answer


def _key(session_id: str) -> str:
    return f"session#{session_id}"


def _code(code: str) -> str:
    return f"code#{code}"


def _item(session: Session, expires_at_s: int) -> dict[str, Any]:
    item: dict[str, Any] = {
        "pk": {"S": _key(session.session_id)},
        "session_id": {"S": session.session_id},
        "code": {"S": session.code},
        "title": {"S": session.title},
        "owner": {"S": session.owner},
        "source_language": {"S": session.source_language},
        "state": {"S": session.state.value},
        "speaker": {"S": session.speaker},
        "created_at_ms": {"N": repr(session.created_at_ms)},
        "updated_at_ms": {"N": repr(session.updated_at_ms)},
        "revision": {"N": str(session.revision)},
        TTL_ATTRIBUTE: {"N": str(expires_at_s)},
    }
    if session.target_languages is not None:
        item["target_languages"] = {"L": [{"S": code} for code in session.target_languages]}
    return item


def _session(item: dict[str, Any] | None) -> Session | None:
    if item is None:
        return None
    plain: dict[str, Any] = {}
    for name, typed in item.items():
        kind, value = next(iter(typed.items()))
        plain[name] = (
            msgspec.json.decode(value) if kind == "N" else [one["S"] for one in value] if kind == "L" else value
        )
    return msgspec.convert(plain, Session)
