"""One target under libFuzzer, as a process of its own: ``python -m tests.fuzz.guided NAME [libFuzzer's options]``."""

import sys

import atheris

with atheris.instrument_imports(include=["services", "tests.fuzz", "tests.standins", "amazon_transcribe", "jwt"]):
    from tests.fuzz.targets import ALL

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], ALL[sys.argv[1]].run)
    atheris.Fuzz()
