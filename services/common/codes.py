"""Readable codes of sessions, as people write them."""


def folded(code: str) -> str:
    """Without case, spaces and dashes, which people add to read a code aloud."""
    return code.replace("-", "").replace(" ", "").strip().casefold()
