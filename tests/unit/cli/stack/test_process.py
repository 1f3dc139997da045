"""A program of ours, as a process."""

import os
from pathlib import Path

from services.cli.stack.process import Process, base_environment


def test_a_program_has_a_process_group_of_its_own_in_our_session(tmp_path: Path) -> None:
    process = Process("sleeper", ["sleep", "60"], log=tmp_path / "log", env=base_environment())
    try:
        assert os.getpgid(process.pid) == process.pid
        assert os.getsid(process.pid) == os.getsid(0)
    finally:
        process.kill_group()
    assert process.exit_code is not None
