"""What System 2 is asked to forget."""

from __future__ import annotations

import json

from device.contracts import OutgoingKind, Sent
from device.forgetting.asking_back import REFS_AT_ONCE, requests


def sent(kind: str, ref: str) -> Sent:
    return Sent(kind, ref, "wss://gateway.example", "2026-03-03T15:05:00+00:00")


def test_turns_and_reports_are_named_as_system_2_knows_them() -> None:
    (item,) = requests([sent("turn", "a b 12"), sent("question", "e-3")], everything=False)
    assert item.kind is OutgoingKind.ERASURE
    assert item.body == {"all": False, "turns": [["a b", 12]], "reports": ["e-3"], "questions": []}


def test_nothing_is_asked_of_whoever_was_sent_nothing() -> None:
    assert list(requests([], everything=False)) == []


def test_everything_is_asked_in_one_item_whatever_is_still_known_to_have_been_sent() -> None:
    first, again = (
        list(requests(known, everything=True))
        for known in ([], [sent("turn", f"s {at}") for at in range(999)])
    )
    assert [item.body["all"] for item in (*first, *again)] == [True, True]
    assert first[0].key == again[0].key != ""


def test_much_is_asked_in_items_of_at_most_16_kb() -> None:
    known = [
        sent("record", f"0123456789abcdef0123456789abcdef-{at:012}") for at in range(2 * REFS_AT_ONCE + 1)
    ]
    items = list(requests(known, everything=False))
    assert [len(item.body["reports"]) for item in items] == [REFS_AT_ONCE, REFS_AT_ONCE, 1]
    assert all(len(json.dumps(item.body)) < 16_000 for item in items)
