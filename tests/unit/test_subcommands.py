"""What `| head` sees of a command, and what it leaves behind."""

import os
import subprocess
import sys

import pytest

LINES = (
    "rekey --help",
    "passwd --help",
    "token --help",
    "simulate --help",
    "simulate --jobs 9 --json",
)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_nobody_reads_it(line: str, unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", "gsched", *line.split()],
            stdout=out,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            timeout=60,
            check=False,
        )
    assert done.stderr == b""
    assert done.returncode in (0, 141)  # argparse itself says nothing of a pipe that is broken


@pytest.mark.parametrize("word", ["passwd", "token", "rekey", "simulate"])
def test_commands_are_listed(word: str) -> None:
    asked = [sys.executable, "-m", "gsched", "--help"]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True).stdout
    assert f"gsched {word}" in told.partition("Other commands")[2]
