"""What an operator sees of a talk: figures, a trace for each segment, the trace command."""

import asyncio
import sys
from collections import Counter
from pathlib import Path

import httpx

from services.cli.evaluation.talk import Audience, give
from services.cli.stack import Platform, Ports, Stack
from services.cli.stack.process import base_environment
from services.cli.stack.system import started
from services.common import stages
from tests.e2e.talks import IVORY, excerpt
from tests.figures import Figures
from tests.standins.collector import collecting

ON_THE_WAY = {*stages.SERVICE} - {stages.SYNTHESIZE, stages.STORE}
"""What every translated segment goes through, spoken or not."""


async def counted(stack: Stack, service: str, name: str) -> dict[tuple[str, ...], float]:
    """What a counter of a service has counted since it started, by its labels."""
    async with httpx.AsyncClient(base_url=stack[service].url, trust_env=False) as http:
        return await Figures(http).grown(name)


async def traced(bootstrap: str, *arguments: str) -> list[str]:
    """Lines of ``dragoman trace``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "trace", *arguments),
        env=base_environment() | {"DRAGOMAN_KAFKA_BOOTSTRAP": bootstrap},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return out.decode().splitlines()


async def test_a_talk_can_be_followed_through_figures_and_traces(platform: Platform, tmp_path: Path) -> None:
    async with collecting() as collector:
        env = {"DRAGOMAN_TRACES_ENDPOINT": collector.endpoint}
        async with Stack(platform, running=True, ports=Ports.free(), env=env) as stack:
            listeners = (Audience("pt"), Audience("ca", hear=False))
            outcome = await give(started(stack), excerpt(tmp_path, IVORY, 28_400), "en", listeners)
            finals = await counted(stack, "transcriber", "dragoman_transcriber_finals_total")
            segments = await counted(stack, "translator", "dragoman_translator_segments_total")
            losses = await counted(stack, "translator", "dragoman_translator_losses_total")
            lag = await counted(stack, "notifier", "dragoman_notifier_lag_seconds_count")
            lines = await traced(platform.broker.bootstrap, outcome.session_id)
            drawn = await traced(platform.broker.bootstrap, outcome.session_id, "--segment", "0", "--language", "pt")
        # Stopped, so all spans are exported.
    captions = {code: len(hearing.captions) for code, hearing in outcome.hearings.items()}
    clips = len(outcome.hearings["pt"].clips)
    assert min(captions["pt"], captions["ca"], clips) > 3
    assert finals == {(): len(outcome.finals)}
    assert segments == {(code,): count for code, count in captions.items()}
    assert losses == {}
    assert (lag["caption",], lag["speech",]) == (sum(captions.values()), clips)

    own = [
        spans
        for spans in collector.traces.values()
        if any(span.attributes.get("session.id") == outcome.session_id for span in spans)
    ]
    assert Counter(span.attributes["language"] for spans in own for span in spans if span.name == "segment") == captions
    for spans in own:
        assert {span.service for span in spans} == set(stages.SERVICE.values())
        assert {span.name for span in spans} >= ON_THE_WAY
    assert len(lines) == sum(captions.values())
    assert [line.split()[1] for line in drawn[1:] if line] == [
        stage for stage in stages.SERVICE if stage not in (stages.TRANSLATIONS_TOPIC, stages.NOTIFY)
    ]
