"""What sounded is told once, of the session's own turns."""

from __future__ import annotations

from device.link import native as n
from device.link.sounded import REMEMBERED, Sounded


def session(session_id: str = "s1") -> Sounded:
    sounded = Sounded()
    sounded.began(session_id)
    return sounded


def test_it_is_told_once_and_in_the_order_of_the_turns() -> None:
    sounded = session()
    sounded.asked(70, 1)
    sounded.asked(71, 2)
    sounded.note(70, "One.", cut_off=False)
    sounded.note(71, "Two", cut_off=True)
    sounded.note(71, "Two", cut_off=True)
    told = [n.Said(turn_id=1, text="One."), n.Said(turn_id=2, text="Two", cut_off=True)]
    assert sounded.tell() == told
    assert sounded.tell() == []


def test_turns_that_system_2_was_not_asked_in_stay_here() -> None:
    sounded = session()
    sounded.note(70, "My secret.", cut_off=False)
    assert sounded.tell() == []


def test_another_session_is_told_nothing_of_this_one() -> None:
    sounded = session()
    sounded.asked(70, 1)
    sounded.asked(71, 2)
    sounded.note(70, "One.", cut_off=False)
    sounded.began("s2")
    sounded.note(71, "Two.", cut_off=False)
    assert sounded.tell() == []


def test_a_session_that_goes_on_is_told_what_sounded_meanwhile() -> None:
    sounded = session()
    sounded.asked(70, 1)
    sounded.note(70, "One.", cut_off=False)
    sounded.began("s1")
    assert sounded.tell() == [n.Said(turn_id=1, text="One.")]


def test_only_so_many_turns_are_remembered() -> None:
    sounded = session()
    for turn in range(10 * REMEMBERED):
        sounded.asked(turn, turn)
    for turn in range(10 * REMEMBERED):
        sounded.note(turn, "x" * 9000, cut_off=False)
    told = sounded.tell()
    assert [said.turn_id for said in told] == list(range(9 * REMEMBERED, 10 * REMEMBERED))
    assert all(n.encode(said) for said in told)
    assert {len(said.text) for said in told} == {n.LONGEST_WORDS}
