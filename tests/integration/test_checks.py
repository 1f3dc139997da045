"""What ``dragoman doctor`` finds where set-up has been: it must load engines as the services do."""

from services.cli.stack.checks import State, examine

PARTS = {
    *("Python", "Java", "disk", "Kafka's jars", "AWS endpoint", "Apertium"),
    *("web app speaker.html", "web app listener.html"),
}
ENGINES = {"recognizer", "voice activity", "translator", "Pico voices", "RHVoice voice"}


async def test_everything_that_set_up_brings_is_found_and_every_engine_loads() -> None:
    findings = {finding.part: finding for finding in await examine()}
    assert findings.keys() >= PARTS | ENGINES
    assert [findings[part] for part in PARTS | ENGINES if findings[part].state is not State.OK] == []
