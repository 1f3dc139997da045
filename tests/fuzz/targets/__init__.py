"""All targets, by name."""

from tests.fuzz.target import Target
from tests.fuzz.targets import messages, processing, records, sound, text, tokens, transcribe

ALL: dict[str, Target] = {
    target.name: target
    for module in (messages, processing, records, sound, text, tokens, transcribe)
    for target in module.TARGETS
}
