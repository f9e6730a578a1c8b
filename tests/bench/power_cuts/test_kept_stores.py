"""The load itself: what it tells is what its stores hold, and the judge sees nothing wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.power_cuts.guest import load
from bench.power_cuts.kept_stores import STORES, TAKEN_BACK_EVERY, WHOLE
from bench.power_cuts.verdict import Ledger


@pytest.mark.parametrize("name", STORES)
def test_what_was_told_is_found_by_whoever_opens_it_next(tmp_path: Path, name: str) -> None:
    ledger = Ledger(whole=name in WHOLE)
    assert ledger.judge(STORES[name](tmp_path).found()).wrong == 0
    first = 0
    for _ in range(2):
        telling = load([STORES[name](tmp_path)], first)
        for _, told in zip(range(TAKEN_BACK_EVERY), telling, strict=False):
            ledger.note(told)
        verdict = ledger.judge(STORES[name](tmp_path).found())
        assert verdict.acknowledged
        assert verdict.wrong == 0
        first += 1000


@pytest.mark.parametrize("name", ["outbox", "promises"])
def test_something_is_removed_for_good_now_and_then(tmp_path: Path, name: str) -> None:
    telling = load([STORES[name](tmp_path)], 0)
    said = [told for _, told in zip(range(TAKEN_BACK_EVERY * 3), telling, strict=False)]
    assert any(told.what == "left" and told.number % TAKEN_BACK_EVERY == 0 for told in said)
