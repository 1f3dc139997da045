"""The REST side over HTTP, with Kafka and the store faked."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from services.common.contracts import Session, State
from services.common.languages import offered
from services.ingest.sessions import CODE_LENGTH, CODE_LETTERS
from tests.unit.ingest.fakes import Ingest, Signer, running

TALK = {"title": "A talk", "source_language": "en"}


@pytest.fixture
async def ingest(signer: Signer) -> AsyncIterator[Ingest]:
    async with running(signer) as ingest:
        yield ingest


@pytest.fixture
async def owner(ingest: Ingest, signer: Signer) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {signer.token()}"}
    async with httpx.AsyncClient(base_url=ingest.url, headers=headers) as client:
        yield client


@pytest.fixture
async def anybody(ingest: Ingest) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=ingest.url) as client:
        yield client


async def made(owner: httpx.AsyncClient, **changes: object) -> dict[str, Any]:
    answer = await owner.post("/sessions", json={**TALK, **changes})
    assert answer.status_code == 201, answer.text
    session: dict[str, Any] = answer.json()
    return session


async def test_a_new_session_has_a_secret_id_and_a_code_to_read_aloud(ingest: Ingest, owner: httpx.AsyncClient) -> None:
    session = await made(owner)
    assert session.pop("created_at_ms") > 0
    session_id, code = session.pop("session_id"), session.pop("code")
    assert session == {
        "title": "A talk",
        "state": "created",
        "source_language": "en",
        "languages": [msgspec.to_builtins(offer) for offer in offered("en", None, "local")],
        "target_languages": None,
        "listeners": {},
    }
    assert len(session_id) * 6 >= 72
    assert len(code) == CODE_LENGTH
    assert set(code) <= set(CODE_LETTERS)
    (announced,) = ingest.publisher.records
    assert isinstance(announced, Session)
    assert announced.session_id == session_id


async def test_codes_and_ids_are_of_the_shape_that_the_listeners_page_knows(owner: httpx.AsyncClient) -> None:
    shape = json.loads((Path(__file__).parents[2] / "data" / "names" / "shape.json").read_text(encoding="utf-8"))
    assert (shape["code_letters"], shape["code_length"]) == (CODE_LETTERS, CODE_LENGTH)
    assert len((await made(owner))["session_id"]) >= shape["shortest_id"]


async def test_anybody_may_ask_which_languages_can_be_spoken_and_translated(anybody: httpx.AsyncClient) -> None:
    spoken = {entry["code"]: entry["targets"] for entry in (await anybody.get("/languages")).json()["spoken"]}
    assert spoken["en"] == ["pt", "es", "fr", "it", "ca", "gl"]
    assert "fr" not in spoken


async def test_the_chosen_engines_say_which_languages_there_are(signer: Signer) -> None:
    headers = {"authorization": f"Bearer {signer.token()}"}
    async with (
        running(signer, recognizer="aws", translator_engines="aws") as ingest,
        httpx.AsyncClient(base_url=ingest.url, headers=headers) as owner,
    ):
        spoken = {entry["code"]: entry["targets"] for entry in (await owner.get("/languages")).json()["spoken"]}
        assert {"de", "ja", "ar", "hi", "zh", "ko", "pl"} <= spoken.keys()
        assert spoken["ja"] == [code for code in spoken if code != "ja"]
        assert "gl" not in {*spoken, *spoken["en"]}
        session = await made(owner, source_language="ja", target_languages=["ar", "en"])
        assert [offer["code"] for offer in session["languages"]] == ["ja", "ar", "en"]
        for refused in ({"source_language": "gl"}, {"target_languages": ["gl"]}):
            answer = await owner.post("/sessions", json={**TALK, **refused})
            assert (answer.status_code, answer.json()["code"]) == (422, "language")


async def test_ids_and_codes_do_not_repeat(owner: httpx.AsyncClient) -> None:
    sessions = [await made(owner) for _ in range(50)]
    assert len({session["session_id"] for session in sessions}) == 50
    assert len({session["code"] for session in sessions}) == 50


async def test_a_listener_sees_what_a_listener_may_see(owner: httpx.AsyncClient, anybody: httpx.AsyncClient) -> None:
    session = await made(owner, target_languages=["es", "pt"])
    for name in (
        session["session_id"],
        session["code"],
        session["code"].upper(),
        session["code"][:3] + "-" + session["code"][3:],
    ):
        seen = (await anybody.get(f"/sessions/{name}")).json()
        assert seen == {
            "session_id": session["session_id"],
            "title": "A talk",
            "state": "created",
            "source_language": "en",
            "languages": [
                {"code": "en", "name": "English", "direction": "ltr", "quality": "good", "speech": False},
                {"code": "es", "name": "Español", "direction": "ltr", "quality": "good", "speech": True},
                {"code": "pt", "name": "Português", "direction": "ltr", "quality": "good", "speech": True},
            ],
        }


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "body"),
        (b"[" * 10_000, 400, ""),
        (b"[]", 400, "object"),
        (b'{"source_language": "en"}', 400, "title"),
        (b'{"title": "", "source_language": "en"}', 400, "title"),
        (b'{"title": "\xff", "source_language": "en"}', 400, "utf-8"),
        (b'{"title": " ", "source_language": "en"}', 422, "title"),
        (b'{"title": "x\\u001b[2J", "source_language": "en"}', 422, "title"),
        (b'{"title": "x", "source_language": "tlh"}', 422, "en, pt, es"),
        (b'{"title": "x", "source_language": "fr"}', 422, "en, pt, es"),
        (b'{"title": "x", "source_language": "en", "target_languages": ["zz"]}', 422, "'zz'"),
        (b'{"title": "x", "source_language": "en", "target_languages": ["en"]}', 422, "'en'"),
        (b'{"title": "x", "source_language": "en", "target_languages": []}', 400, "target_languages"),
        (b'"' + b"x" * 20_000 + b'"', 413, "16384"),
    ],
)
async def test_a_wrong_body_is_told_what_is_wrong(
    owner: httpx.AsyncClient, body: bytes, status: int, said: str
) -> None:
    answer = await owner.post("/sessions", content=body)
    assert answer.status_code == status
    assert said in answer.json()["message"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x.y.z", "Basic abc"])
async def test_speakers_need_a_token(owner: httpx.AsyncClient, anybody: httpx.AsyncClient, header: str | None) -> None:
    session_id = (await made(owner))["session_id"]
    headers = {} if header is None else {"authorization": header}
    for method, path in (
        ("POST", "/sessions"),
        ("GET", "/sessions"),
        ("PATCH", f"/sessions/{session_id}"),
        ("DELETE", f"/sessions/{session_id}"),
    ):
        answer = await anybody.request(method, path, headers=headers, json=TALK if method != "GET" else None)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_another_speaker_can_neither_change_nor_end_a_session(
    ingest: Ingest, owner: httpx.AsyncClient, anybody: httpx.AsyncClient, signer: Signer
) -> None:
    session_id = (await made(owner))["session_id"]
    headers = {"authorization": f"Bearer {signer.token('somebody-else')}"}
    assert (await anybody.patch(f"/sessions/{session_id}", headers=headers, json={"title": "Mine"})).status_code == 403
    assert (await anybody.delete(f"/sessions/{session_id}", headers=headers)).status_code == 403
    assert "code" not in (await anybody.get(f"/sessions/{session_id}", headers=headers)).json()
    assert ingest.store.sessions[session_id].state is State.CREATED


async def test_the_owner_lists_own_sessions_newest_first(ingest: Ingest, owner: httpx.AsyncClient) -> None:
    titles = ["one", "two", "three"]
    for title in titles:
        await made(owner, title=title)
    await ingest.session(owner="somebody-else")
    assert [session["title"] for session in (await owner.get("/sessions")).json()] == titles[::-1]


async def test_a_title_can_be_changed_and_is_announced(ingest: Ingest, owner: httpx.AsyncClient) -> None:
    session_id = (await made(owner))["session_id"]
    changed = await owner.patch(f"/sessions/{session_id}", json={"title": "Another"})
    assert changed.json()["title"] == "Another"
    assert ingest.publisher.records[-1].title == "Another"


async def test_a_title_is_not_changed_to_what_is_none(owner: httpx.AsyncClient) -> None:
    path = f"/sessions/{(await made(owner))['session_id']}"
    assert (await owner.patch(path, json={"title": "two\nlines"})).json()["code"] == "title"
    assert (await owner.get(path)).json()["title"] == "A talk"


async def test_a_language_asked_for_twice_is_offered_once(owner: httpx.AsyncClient) -> None:
    offers = (await made(owner, target_languages=["pt", "es", "pt"]))["languages"]
    assert [offer["code"] for offer in offers] == ["en", "pt", "es"]


@pytest.mark.parametrize("state", ["live", "muted", "paused"])
async def test_a_session_nobody_speaks_in_can_not_be_made_live_or_silent(owner: httpx.AsyncClient, state: str) -> None:
    session_id = (await made(owner))["session_id"]
    answer = await owner.patch(f"/sessions/{session_id}", json={"state": state})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (await owner.patch(f"/sessions/{session_id}", json={"state": "ended"})).status_code == 400


async def test_an_ended_session_is_gone_for_everybody_and_may_be_ended_again(
    ingest: Ingest, owner: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    session = await made(owner)
    path = f"/sessions/{session['session_id']}"
    assert (await owner.delete(path)).status_code == 204
    assert (await anybody.get(path)).status_code == 410
    for name in (session["code"], session["code"].upper()):
        answer = await anybody.get(f"/sessions/{name}")
        assert (answer.status_code, answer.json()["code"]) == (410, "session_ended")
    assert (await owner.patch(path, json={"title": "Too late"})).status_code == 410
    assert (await owner.delete(path)).status_code == 204
    assert [one["state"] for one in (await owner.get("/sessions")).json()] == ["ended"]
    assert ingest.publisher.records[-1].state is State.ENDED


async def test_guessing_codes_is_held_up_and_links_are_not(
    owner: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    session = await made(owner)
    answers = [(await anybody.get(f"/sessions/zz{number:05d}")).status_code for number in range(180)]
    assert answers[:150] == [404] * 150
    assert answers.count(429) > 1
    assert (await anybody.get(f"/sessions/{session['session_id']}")).status_code == 200


async def test_guesses_are_counted_for_whom_our_proxies_saw(signer: Signer) -> None:
    async with running(signer, proxies=1) as ingest, httpx.AsyncClient(base_url=ingest.url) as proxy:
        session = await ingest.session()

        async def asked(name: str, forwarded: str) -> int:
            return (await proxy.get(f"/sessions/{name}", headers={"x-forwarded-for": forwarded})).status_code

        answers = [await asked(f"zz{number:05d}", f"192.0.2.{number}, 198.51.100.9") for number in range(180)]
        assert 429 in answers
        assert await asked(session.code, "203.0.113.7") == 200


async def test_answers_are_kept_by_nobody_and_taken_for_nothing_but_json(
    owner: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    path = f"/sessions/{(await made(owner))['session_id']}"
    for answer in (await owner.get(path), await anybody.get(path), await anybody.get("/nowhere")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_store_that_is_gone_is_said_to_be_and_does_not_stop_health(
    ingest: Ingest, owner: httpx.AsyncClient
) -> None:
    ingest.store.gone = True
    answer = await owner.post("/sessions", json=TALK)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await owner.get("/healthz")).status_code == 200


async def test_no_path_and_no_method_are_errors_as_json(owner: httpx.AsyncClient) -> None:
    assert (await owner.get("/nowhere")).json()["code"] == "http_error"
    assert (await owner.put("/sessions")).status_code == 405


@pytest.mark.parametrize("path", ["/sessions", "/sessions/nobody-has-this", "/nowhere"])
async def test_a_page_of_an_allowed_origin_reads_answers_and_errors_and_no_other_page_does(
    anybody: httpx.AsyncClient, path: str
) -> None:
    for origin, allowed in (("http://127.0.0.1:18080", True), ("http://evil.example", False), ("null", False)):
        answer = await anybody.get(path, headers={"origin": origin})
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_page_may_send_a_token_and_json_with_every_method_there_is(anybody: httpx.AsyncClient) -> None:
    def asked(method: str, origin: str) -> dict[str, str]:
        wanted = {"method": method, "headers": "authorization,content-type"}
        return {"origin": origin, **{f"access-control-request-{name}": value for name, value in wanted.items()}}

    for method in ("GET", "POST", "PATCH", "DELETE"):
        allowed = await anybody.options("/sessions", headers=asked(method, "http://127.0.0.1:18080"))
        assert allowed.status_code == 200, method
    assert (await anybody.options("/sessions", headers=asked("GET", "http://evil.example"))).status_code == 400


async def test_metrics_count_by_names_that_carry_units(owner: httpx.AsyncClient) -> None:
    text = (await owner.get("/metrics")).text
    for name in ("dragoman_ingest_frames_total", "dragoman_ingest_ack_seconds_bucket", "dragoman_ingest_sockets"):
        assert name in text


async def test_a_speaker_has_so_many_sessions_and_no_more(signer: Signer) -> None:
    async with running(signer, speaker_sessions=2, speaker_live_sessions=1) as ingest:
        headers = {"authorization": f"Bearer {signer.token()}"}
        async with httpx.AsyncClient(base_url=ingest.url, headers=headers) as rest:
            new = {"title": "A talk", "source_language": "en"}
            made = [(await rest.post("/sessions", json=new)).json()["session_id"] for _ in range(2)]
            answer = await rest.post("/sessions", json=new)
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many_sessions")
            for name in made:
                await ingest.sessions.take_floor(await ingest.sessions.owned(name, "speaker-1"), "1/1")
                await rest.patch(f"/sessions/{name}", json={"state": "paused"})
            answers = [await rest.patch(f"/sessions/{name}", json={"state": "live"}) for name in made]
            assert [one.status_code for one in answers] == [200, 429]
            assert answers[1].json()["code"] == "too_many_live"
            await rest.delete(f"/sessions/{made[0]}")
            assert (await rest.patch(f"/sessions/{made[1]}", json={"state": "live"})).status_code == 200
            assert (await rest.post("/sessions", json=new)).status_code == 201
