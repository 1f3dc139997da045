"""How many files, connections included, this process may have open."""

import resource

_MOST_FILES = 65_536
"""Asked for where the system lets us: many a shell starts with 1,024."""


def raise_open_files() -> int:
    """Let the process have as many as it may: one listener is one open file. Returns how many that are, or enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
