"""Nothing secret lies where others look: logs, records, tables, command lines, what browsers are told."""

import json
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import psutil
import pytest
from aiobotocore.session import get_session

from services.cli.stack import Platform
from services.cli.stack.web import Door
from services.common.clock import now_ms
from services.common.frames import WireFrame, pack
from services.common.kafka import Publisher
from services.common.topics import TRANSLATIONS
from services.ingest.store import TABLE
from tests.abuse.conftest import Target
from tests.unit.notifier.records import caption, speech
from tests.unit.notifier.serving import Ears

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def misuse(target: Target, session_id: str) -> None:
    """A token wherever somebody could put it by mistake."""
    token = target.anna
    async with target.rest() as rest:
        for headers in ({"authorization": token}, {"authorization": f"Bearer {token}x"}, {"x-token": token}):
            await rest.get("/sessions", headers=headers)
        await rest.get(f"/sessions?token={token}")
        await rest.get(f"/sessions/{token}")
        await rest.post("/sessions", headers={"authorization": f"Bearer {token}"}, json={"title": 1, "token": token})
    for start in (
        {"type": "start", "token": token, "session": session_id, "next_seq": -1},
        {"type": "start", "token": [token], "session": session_id},
        {"type": "start", "token": f"{token}x", "session": session_id},
        {"type": "start", "token": token, "session": token[:60]},
    ):
        async with target.speak() as socket:
            await target.refusal(socket, **start)
    async with target.listen() as socket:
        await target.refusal(socket, type="join", session=session_id, language="en", after="x", token=token)


async def spoken(target: Target, session_id: str) -> None:
    async with target.speak() as socket:
        await socket.send(json.dumps({"type": "start", "token": target.anna, "session": session_id, "next_seq": 0}))
        assert json.loads(await socket.recv())["type"] == "ready"
        await socket.send(pack(WireFrame(0, 0, now_ms(), bytes(3_072))))
        assert json.loads(await socket.recv()) == {"type": "ack", "seq": 0}


async def heard(target: Target, session_id: str) -> str:
    """The URL of a clip."""
    async with target.listen() as socket, Publisher.open(target.stack.cluster, "test") as publisher:
        ears = Ears(socket)
        await ears.join("pt", session=session_id)
        for record in (caption(0, session_id=session_id, at=now_ms()), speech(0, session_id=session_id, at=now_ms())):
            await publisher.send(TRANSLATIONS, record)
        while (said := await ears.next())["type"] != "speech":
            pass
        url: str = said["url"]
        return url


def found_in(folder: Path, secrets: dict[str, str]) -> set[tuple[str, str]]:
    """Names of secrets, and of the files that hold them."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {(what, path.name) for what, secret in secrets.items() for path in files if secret.encode() in files[path]}


async def test_a_talk_leaves_no_secret_in_logs_records_tables_and_command_lines(
    target: Target, platform: Platform
) -> None:
    session_id = (await target.session())["session_id"]
    await misuse(target, session_id)
    await spoken(target, session_id)
    url = await heard(target, session_id)
    made = platform.provisioned
    signature = parse_qs(urlsplit(url).query)["X-Amz-Signature"][0]
    secrets = {
        "token": target.anna.split(".")[1],
        "token's signature": target.anna.split(".")[2],
        "password": made.demo_password,
        "e-mail address": made.demo_speaker,
        "services' key": made.secret,
        "URL's signature": signature,
        "root's key": platform.aws.root.secret,
    }
    assert found_in(platform.logs, {"session": session_id}), "logs are elsewhere"
    assert found_in(platform.data / "kafka", {"session": session_id}), "records are elsewhere"
    assert found_in(platform.logs, secrets) == set()
    assert found_in(platform.data / "kafka", secrets) == set()

    async with platform.aws.root.client("dynamodb") as dynamodb:
        items = str((await dynamodb.scan(TableName=made.environment["DRAGOMAN_SESSIONS_TABLE"]))["Items"])
    config = msgspec.json.encode(Door().config(made)).decode()
    lines = "\n".join(" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    assert session_id in items
    assert made.pool_id in config
    assert "services.ingest" in lines
    for what, secret in secrets.items():
        assert not [text for text in (items, config, lines) if secret in text], what
    assert TABLE["KeySchema"][0]["AttributeName"] in items


async def test_a_clips_url_opens_that_clip_alone_to_be_read_and_not_for_long(
    target: Target, platform: Platform
) -> None:
    session_id = (await target.session())["session_id"]
    url = await heard(target, session_id)
    made = platform.provisioned
    async with get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=made.endpoint,
        aws_access_key_id=made.key_id,
        aws_secret_access_key=made.secret,
    ) as s3:
        for key in (f"{session_id}/pt/000000.flac", f"{session_id}/pt/000001.flac"):
            await s3.put_object(Bucket=made.environment["DRAGOMAN_CLIPS_BUCKET"], Key=key, Body=b"clip")
    bare, query = url.split("?")
    assert int(parse_qs(query)["X-Amz-Expires"][0]) <= 600
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(url)).content == b"clip"
        for other in (
            url.replace("000000", "000001"),
            url.replace("X-Amz-Expires=600", "X-Amz-Expires=604800"),
            f"{bare.rsplit('/', 1)[0]}/?{query}",
            bare,
            f"{bare.split(session_id)[0]}?list-type=2",
        ):
            assert (await http.get(other)).status_code == 403, other
        assert (await http.put(url, content=b"another")).status_code == 403
        assert (await http.delete(url)).status_code == 403
        assert (await http.get(url)).content == b"clip"


async def test_only_its_owner_reads_the_platforms_state_and_logs(platform: Platform) -> None:
    for folder in (platform.data, platform.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_the_local_aws_endpoint_has_no_way_in_without_credentials(target: Target, platform: Platform) -> None:
    session = await target.session()
    page = {"origin": "http://evil.example", "content-type": "text/plain"}
    async with httpx.AsyncClient(base_url=platform.aws.url, trust_env=False) as http:
        for path in ("/_ministack/reset", "/_ministack/reset?init=1", "/_ministack/config", "//_ministack/reset"):
            assert (await http.post(path, content=b"{}", headers=page)).status_code in (403, 404, 405), path
        assert (await http.get("/_ministack/ses/messages")).status_code == 403
    async with target.rest(target.anna) as anna:
        assert (await anna.get(f"/sessions/{session['session_id']}")).json() == session
