"""The state folder: everything that set-up brings and the stack keeps on one machine."""

import os
from pathlib import Path

VARIABLE = "DRAGOMAN_HOME"

_REPOSITORY = Path(__file__).resolve().parents[2]


def home() -> Path:
    """The state folder, which may not exist yet: ``$DRAGOMAN_HOME``, else ``.dragoman`` beside the package."""
    given = os.environ.get(VARIABLE)
    return Path(given).expanduser().resolve() if given else _REPOSITORY / ".dragoman"
