"""The kill campaign in its quick form; `make kill-campaign` is the long one."""

from __future__ import annotations

import random
from pathlib import Path

from bench.kill_outbox import campaign


def test_a_device_that_is_killed_again_and_again_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    outcome = campaign(tmp_path, kills=15, chance=random.Random())
    assert outcome.well, outcome
    assert outcome.kills == 15
    assert outcome.acknowledged > 0
