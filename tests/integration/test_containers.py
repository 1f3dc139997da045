"""What the command line does for docker/compose.yaml, at the AWS endpoint that the tests have."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from services.cli.stack import Platform

_LIMIT_S = 60


def dragoman(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
    )


def test_a_shell_reads_what_provisioning_made(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(platform.data / "provisioned.json", tmp_path / "data")  # so that it makes nothing anew
    root = platform.aws.root
    done = dragoman(
        "provision",
        DRAGOMAN_HOME=str(tmp_path),
        AWS_ENDPOINT_URL=root.url,
        AWS_ACCESS_KEY_ID=root.key_id,
        AWS_SECRET_ACCESS_KEY=root.secret,
    )
    assert done.returncode == 0, done.stderr
    assert platform.provisioned.demo_password in done.stderr
    file = tmp_path / "data" / "services.env"
    assert file.stat().st_mode & 0o077 == 0
    read = subprocess.run(["env", "-i", "sh", "-c", f". {file} && env"], capture_output=True, text=True, check=True)
    told = dict(line.split("=", 1) for line in read.stdout.splitlines())
    assert {name: told.get(name) for name in platform.provisioned.environment} == platform.provisioned.environment


def test_provisioning_without_a_key_says_what_is_missing(tmp_path: Path) -> None:
    done = dragoman("provision", DRAGOMAN_HOME=str(tmp_path), AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 2
    assert done.stderr.startswith("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY must say")
    assert len(done.stderr.splitlines()) == 1


def test_an_endpoint_that_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    told = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "root", "AWS_SECRET_ACCESS_KEY": "secret"}
    done = dragoman("provision", DRAGOMAN_HOME=str(tmp_path), **told)
    assert done.returncode == 1
    assert "http://127.0.0.1:9" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_web_apps_are_not_served_before_it_is_known_where_to_sign_in(tmp_path: Path) -> None:
    done = dragoman("web", DRAGOMAN_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "dragoman provision" in done.stderr
