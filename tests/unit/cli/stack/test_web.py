"""The web apps as browsers get them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.cli.stack.errors import StackError
from services.cli.stack.ports import Ports, free_ports, listen
from services.cli.stack.provision import Provisioned
from services.cli.stack.web import Door, require_built, served

PROVISIONED = Provisioned(
    endpoint="http://127.0.0.1:4",
    pool_id="us-east-1_pool",
    client_id="app",
    key_id="",
    secret="not for browsers",
    demo_speaker="",
    demo_password="not for browsers",
)
PORTS = Ports(ingest=1, notifier=2, aws=4, web=8)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What a build leaves."""
    (tmp_path / "assets").mkdir()
    for name in ("speaker.html", "listener.html", "assets/app-3f1c.js"):
        (tmp_path / name).write_text(f"{name} " * 200)
    return tmp_path


@pytest.fixture
async def browser(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    (port,) = free_ports(1)
    door = Door("192.168.1.20", PORTS)
    async with (
        served(door.config(PROVISIONED), door.clips, port, built),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client


async def test_pages_are_asked_for_again_and_what_has_its_hash_in_its_name_is_kept(browser: httpx.AsyncClient) -> None:
    for path in ("/speaker.html", "/listener.html", "/config.json", "/assets/gone.js"):
        assert (await browser.get(path)).headers["cache-control"] == "no-cache"
    script = await browser.get("/assets/app-3f1c.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-encoding"] == "gzip"
    assert "javascript" in script.headers["content-type"]


async def test_the_configuration_leads_to_the_services_and_holds_no_secret(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/config.json")
    assert answer.json() == {
        "ingest": "http://192.168.1.20:1",
        "notifier": "ws://192.168.1.20:2",
        "cognito": {
            "region": "us-east-1",
            "user_pool_id": "us-east-1_pool",
            "client_id": "app",
            "endpoint": "http://192.168.1.20:4",
        },
        "listener": "http://192.168.1.20:8/listener.html",
    }


@pytest.mark.parametrize("path", ["/", "/speaker.html", "/config.json", "/nowhere", "/../../pyproject.toml"])
async def test_a_browser_is_told_to_connect_to_the_services_alone_and_to_run_no_inline_script(
    browser: httpx.AsyncClient, path: str
) -> None:
    answer = await browser.get(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert set(policy["connect-src"].split()) == {
        "'self'",
        "http://192.168.1.20:1",
        "ws://192.168.1.20:1",
        "ws://192.168.1.20:2",
        "http://192.168.1.20:4",
    }
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_who_asks_for_nothing_gets_the_listeners_page_and_nothing_else_is_served(
    browser: httpx.AsyncClient,
) -> None:
    start = await browser.get("/", follow_redirects=True)
    assert start.text.startswith("listener.html")
    assert (await browser.get("/%2e%2e/conftest.py")).status_code == 404


def test_the_speaker_is_sent_to_this_machine_since_only_there_a_page_gets_a_microphone() -> None:
    door = Door("192.168.1.20", PORTS)
    assert door.speaker_page == "http://127.0.0.1:8/speaker.html"
    assert door.listener_page == "http://192.168.1.20:8/listener.html"
    assert set(door.environment["DRAGOMAN_ALLOWED_ORIGINS"].split(",")) >= {
        "http://127.0.0.1:8",
        "http://localhost:8",
        "http://192.168.1.20:8",
    }


def test_pages_that_were_not_built_are_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "speaker.html").touch()
    with pytest.raises(StackError, match="make setup"):
        require_built(tmp_path)


async def test_a_taken_port_is_named(built: Path) -> None:
    door = Door()
    with listen("127.0.0.1", 0, "this test") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=rf"port {port}, which the web apps' server needs, is taken by"):
            async with served(door.config(PROVISIONED), door.clips, port, built):
                pass
