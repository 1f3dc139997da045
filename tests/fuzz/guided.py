"""One target under libFuzzer, as a process of its own: ``python -m tests.fuzz.guided NAME [libFuzzer's options]``."""

import resource
import sys

import atheris

with atheris.instrument_imports(include=["services", "tests.fuzz", "tests.standins", "amazon_transcribe", "jwt"]):
    from tests.fuzz.targets import ALL

MEMORY_BYTES = 1 << 30
"""An input that takes more is a finding. libFuzzer's own limit would count what this process was forked from, too."""

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    atheris.Setup([sys.argv[0], *sys.argv[2:]], ALL[sys.argv[1]].run)
    atheris.Fuzz()
