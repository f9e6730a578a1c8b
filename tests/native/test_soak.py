"""Turn after turn with every native engine: nothing fails, and nothing is left behind."""

from __future__ import annotations

import asyncio
import random

import pytest

from bench.soak import soak

pytestmark = pytest.mark.native


def test_many_turns_leave_no_threads_no_files_and_little_memory() -> None:
    """The quick form of `make soak`: too short to tell a slow leak, long enough for a fast one."""
    soaked = asyncio.run(soak(0.75, random.Random(2)))
    first, *_, last = soaked.settled
    assert not soaked.failed, soaked
    assert set(soaked.turns) == {"spoken", "asked of the model", "asked of a skill", "cut off"}
    assert last.threads <= first.threads, soaked
    assert last.files <= first.files + 2, soaked
    assert soaked.growth < 0.10, soaked
