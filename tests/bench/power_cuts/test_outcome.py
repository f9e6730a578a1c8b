"""The campaign passes only if nothing was lost and its control shows that it would have been seen."""

from __future__ import annotations

from bench.power_cuts.outcome import Look, Outcome
from bench.power_cuts.verdict import Verdict


def look(lost: int, *, came_back: int = 0, cuts: int = 1, boot_s: float = 2.0) -> Look:
    return Look(cuts, boot_s, {"outbox": Verdict(4, 10, lost, came_back, 0, 0, 0, 0, untold=1)})


def test_nothing_lost_beside_a_control_that_loses_is_proof() -> None:
    assert Outcome([look(0), look(0)], [look(0), look(7)]).failings == []


def test_whatever_is_wrong_after_a_cut_fails_it() -> None:
    for wrong in (look(1), look(0, came_back=1)):
        assert Outcome([look(0), wrong], [look(7)]).failings == ["outbox: 1 wrong after a cut"]


def test_a_control_that_loses_nothing_fails_it() -> None:
    (failing,) = Outcome([look(0)], [look(0)]).failings
    assert "prove nothing" in failing


def test_its_table_has_a_row_for_every_store() -> None:
    text = Outcome([look(0, boot_s=2.0), look(0, cuts=2, boot_s=4.0)], [look(7)]).as_text()
    assert text.startswith("3 cuts, 1 controls; ")
    assert "3.0 s (longest 4.0 s)" in text
    assert text.endswith("| outbox | 8 | 20 | 0 | 0 | 2 | 7 of 10 |")


def test_without_a_control_its_column_is_empty() -> None:
    outcome = Outcome([look(0)], [])
    assert outcome.failings == []
    assert outcome.as_text().endswith("| – |")
