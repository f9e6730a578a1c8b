"""What counts as lost, come back or torn after a power cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.power_cuts.verdict import Found, Ledger, Told, Verdict, What

WELL = Verdict(
    acknowledged=0, due=0, lost=0, came_back=0, torn=0, unsound=0, reused=0, out_of_order=0, untold=0
)


def told(*said: tuple[What, int], whole: bool = False) -> Ledger:
    ledger = Ledger(whole=whole)
    for what, number in said:
        ledger.note(Told(what, "outbox", number, "" if whole else f"epoch {number}"))
    return ledger


def there(*numbers: int) -> Found:
    return Found({number: f"epoch {number}" for number in numbers})


def test_all_that_was_kept_must_be_there() -> None:
    assert told(("kept", 1), ("kept", 2)).judge(there(1, 2)) == replace(WELL, acknowledged=2, due=2)
    assert told(("kept", 1), ("kept", 2)).judge(there(1)) == replace(WELL, acknowledged=2, due=2, lost=1)


def test_what_was_being_kept_when_the_power_went_may_be_there_or_not() -> None:
    assert told(("kept", 1)).judge(there(1, 2)) == replace(WELL, acknowledged=1, due=1, untold=1)


def test_what_was_being_removed_when_the_power_went_may_be_there_or_not() -> None:
    for found in (there(), there(1)):
        assert told(("kept", 1), ("leaving", 1)).judge(found).wrong == 0


def test_what_was_removed_must_not_come_back_not_even_later() -> None:
    ledger = told(("kept", 1), ("leaving", 1), ("left", 1))
    assert ledger.judge(there()).wrong == 0
    assert ledger.judge(there(1)) == replace(WELL, came_back=1, untold=1)


def test_what_was_found_must_be_found_again_and_each_loss_counts_once() -> None:
    ledger = told(("kept", 1), ("kept", 2))
    assert ledger.judge(there(2, 3)).lost == 1
    assert ledger.judge(there(2, 3)) == replace(WELL, due=2)
    assert ledger.judge(there(2)).lost == 1


def test_of_a_store_of_one_item_the_last_or_a_newer_one_must_be_there() -> None:
    for found, lost in (({2: ""}, 0), ({3: ""}, 0), ({1: ""}, 1), ({}, 1)):
        assert told(("kept", 1), ("kept", 2), whole=True).judge(Found(found)).lost == lost


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (Found({}, sound=False), replace(WELL, unsound=1)),
        (Found({}, torn=2), replace(WELL, torn=2)),
    ],
)
def test_halves_and_ruins_are_wrong(found: Found, wrong: Verdict) -> None:
    assert Ledger().judge(found) == wrong
    assert wrong.wrong > 0


def test_a_name_that_two_items_had_is_wrong_even_if_the_first_is_long_gone() -> None:
    ledger = told(("kept", 1), ("leaving", 1), ("left", 1))
    ledger.judge(there())
    ledger.note(Told("kept", "outbox", 2, "epoch 1"))
    verdict = ledger.judge(Found({2: "epoch 1"}))
    assert (verdict.reused, verdict.out_of_order) == (1, 1)


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        (("first 4", "first 5", "second 1", "second 9"), 0),
        (("first 4", "first 3"), 1),
        (("first 4", "second 5", "first 6"), 1),
    ],
)
def test_names_rise_within_an_epoch_and_none_comes_back(names: tuple[str, ...], wrong: int) -> None:
    ledger = Ledger()
    for number, name in enumerate(names):
        ledger.note(Told("kept", "outbox", number, name))
    assert ledger.judge(Found(dict(enumerate(names)))).out_of_order == wrong
