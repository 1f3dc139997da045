"""How often made-up input is tried: so many times by ``make test``, and ``times`` as many by ``make fuzz``."""

import os


def often(examples: int) -> int:
    """What Hypothesis calls ``max_examples``."""
    return examples * int(os.environ.get("DRAGOMAN_TEST_TIMES", "1"))
