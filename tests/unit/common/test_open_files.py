"""Open files, which listeners are."""

import resource
import subprocess
import sys


def test_a_process_that_starts_with_few_open_files_gets_what_the_system_lets_it_have() -> None:
    program = (
        "import resource\n"
        "from services.common.open_files import raise_open_files\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 600))\n"
        "print(raise_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE), raise_open_files())"
    )
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= 600
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["600", "600", "600", "600"]
