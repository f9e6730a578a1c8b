"""A process that dies leaves nothing of what it knew."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATTERN = Path("/proc/sys/kernel/core_pattern")
DIES = """
import os, sys
from device.core_dumps import forbid_core_dumps
word = sys.stdin.readline().strip()
if "forbid" in sys.argv:
    forbid_core_dumps()
if "as to a pipe" in sys.argv:
    import resource
    resource.setrlimit = lambda what, limits: None
    forbid_core_dumps()
os.abort()
"""
"""`as to a pipe`: the kernel heeds no limit there, which leaves what the filter does."""


def left_behind(folder: Path, how: str) -> bytes:
    """By a process that knows the word and dies in `folder`, where files of any size may be left."""

    def unlimited() -> None:
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))

    died = subprocess.run(
        [sys.executable, "-c", DIES, how],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        input=b"zorblatt\n",
        preexec_fn=unlimited,
    )
    assert died.returncode == -signal.SIGABRT
    return b"".join(file.read_bytes() for file in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One in which a process that dies leaves what it knew, unless it forbids it."""
    pattern = PATTERN.read_text("ascii").strip() if PATTERN.exists() else "|"
    if pattern.startswith(("|", "@", "/")) or b"zorblatt" not in left_behind(_made(tmp_path / "open"), ""):
        pytest.skip(f"no core dump is left in the folder of a process here: {pattern}")
    return _made(tmp_path / "forbidden")


def test_no_core_is_written(folder: Path) -> None:
    assert left_behind(folder, "forbid") == b""


def test_one_that_a_program_takes_from_a_pipe_has_no_word_in_it(folder: Path) -> None:
    core = left_behind(folder, "as to a pipe")
    assert core
    assert b"zorblatt" not in core


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
