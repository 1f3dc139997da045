"""What speakers may do to others' sessions, and to what isn't theirs to decide in their own; sessions that ended."""

import json

import pytest

from tests.abuse.conftest import Target

pytestmark = pytest.mark.asyncio(loop_scope="package")

HOSTILE = "<img src=x onerror=alert(1)>\"'&lt;{{7*7}}${7*7}"


async def test_another_speaker_can_do_nothing_to_a_session_by_any_of_its_names(target: Target) -> None:
    session = await target.session()
    async with target.rest(target.eve) as eve, target.rest(target.anna) as anna:
        for name, refused in ((session["session_id"], 403), (session["code"], 404)):
            for change in ({"title": "Eve's"}, {"state": "paused"}, {"state": "live"}, {}):
                assert (await eve.patch(f"/sessions/{name}", json=change)).status_code == refused
            assert (await eve.delete(f"/sessions/{name}")).status_code == refused
            seen = (await eve.get(f"/sessions/{name}")).json()
            assert set(seen) == {"session_id", "title", "state", "source_language", "languages"}
        assert session["session_id"] not in (await eve.get("/sessions")).text
        assert (await anna.get(f"/sessions/{session['session_id']}")).json() == session
    for name, refusal in ((session["session_id"], ("not_owner", 4403)), (session["code"], ("unknown_session", 4404))):
        async with target.speak() as socket:
            assert await target.refusal(socket, type="start", token=target.eve, session=name) == refusal


async def test_nobody_decides_what_is_not_theirs_to_decide(target: Target) -> None:
    wanted = {
        "session_id": "A" * 16,
        "code": "aaaaaaa",
        "owner": "eve",
        "state": "live",
        "speaker": "1/1",
        "revision": 99,
        "created_at_ms": 1.0,
        "listeners": {"pt": 9},
    }
    made = await target.session(**wanted)
    assert (made["state"], made["listeners"]) == ("created", {})
    assert not {name for name in ("session_id", "code", "created_at_ms") if made[name] == wanted[name]}
    path = f"/sessions/{made['session_id']}"
    async with target.rest(target.anna) as anna:
        for name, value in {**wanted, "source_language": "pt", "target_languages": ["es"]}.items():
            changed = await anna.patch(path, json={name: value})
            assert changed.status_code in ((400, 409) if name == "state" else (200,)), name
        assert (await anna.get(path)).json() == made


async def test_a_listener_learns_nothing_of_the_speaker(target: Target) -> None:
    session = await target.session(title=HOSTILE)
    async with target.listen() as socket, target.rest() as anybody:
        await socket.send(json.dumps({"type": "join", "session": session["session_id"], "language": "en"}))
        told = json.loads(await socket.recv())
        assert told["title"] == HOSTILE
        assert not {"owner", "code", "speaker", "listeners", "created_at_ms"} & told.keys()
        seen = await anybody.get(f"/sessions/{session['session_id']}")
        assert seen.headers["content-type"] == "application/json"
        assert not {"owner", "code", "speaker", "listeners", "created_at_ms"} & seen.json().keys()


async def test_a_session_that_ended_is_closed_to_all_at_once_by_each_of_its_names(target: Target) -> None:
    session = await target.session()
    async with target.listen() as listener, target.rest(target.anna) as anna:
        await listener.send(json.dumps({"type": "join", "session": session["session_id"], "language": "en"}))
        assert json.loads(await listener.recv())["type"] == "joined"
        assert (await anna.delete(f"/sessions/{session['session_id']}")).status_code == 204
        assert json.loads(await listener.recv()) == {"type": "state", "state": "ended"}
        for name in (session["session_id"], session["code"]):
            assert (await anna.get(f"/sessions/{name}")).status_code == 410
            async with target.listen() as late:
                assert await target.refusal(late, type="join", session=name, language="en") == ("ended", 4410)
        async with target.speak() as socket:
            start = {"type": "start", "token": target.anna, "session": session["session_id"]}
            assert await target.refusal(socket, **start) == ("session_ended", 4410)


@pytest.mark.parametrize(
    "name", ["..%2f..%2fmetrics", "%00", "a%0d%0aset-cookie:%20a=b", "%ff", "code%23abcdefg", "%2e%2e"]
)
async def test_a_name_that_is_a_path_or_a_header_is_a_name_that_nobody_has(target: Target, name: str) -> None:
    async with target.rest() as anybody:
        answer = await anybody.get(f"/sessions/{name}")
        assert answer.status_code == 404
        assert "set-cookie" not in answer.headers


async def test_a_page_of_another_origin_can_do_no_more_than_any_program(target: Target) -> None:
    session = await target.session()
    async with target.rest() as page:
        for method in ("POST", "PATCH", "DELETE"):
            path = "/sessions" if method == "POST" else f"/sessions/{session['session_id']}"
            answer = await page.request(method, path, json={"title": "x"}, headers={"origin": "http://evil.example"})
            assert answer.status_code == 401
            assert "access-control-allow-origin" not in answer.headers
            assert "set-cookie" not in answer.headers
