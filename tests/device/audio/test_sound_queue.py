from __future__ import annotations

import pytest

from device.audio.sound_queue import Block, InCard, SoundQueue


def test_what_is_put_is_taken_in_order_and_in_the_pieces_that_are_asked_for() -> None:
    queue = SoundQueue()
    queue.begin(1)
    queue.put(1, b"aabbcc")
    queue.put(1, b"dd")
    assert queue.take(2, queue.drops) == Block(1, b"aabb")
    assert queue.take(2, queue.drops) == Block(1, b"cc")
    assert queue.take(0, queue.drops) is None
    assert queue.take(2, queue.drops) == Block(1, b"dd")
    assert queue.take(2, queue.drops) is None
    assert queue.empty


def test_after_a_drop_nothing_more_is_taken_of_that_sound() -> None:
    queue = SoundQueue()
    queue.begin(1)
    queue.put(1, b"aa")
    drops = queue.drops
    queue.drop()
    queue.put(1, b"bb")
    assert queue.take(9, queue.drops) is None
    assert queue.drops == drops + 1
    queue.begin(2)
    queue.put(1, b"cc")
    queue.put(2, b"dd")
    assert queue.take(9, queue.drops) == Block(2, b"dd")


def test_what_comes_after_a_drop_is_taken_only_by_who_has_seen_the_drop() -> None:
    queue = SoundQueue()
    queue.begin(1)
    seen = queue.drops
    queue.begin(2)
    queue.put(2, b"aa")
    assert queue.take(9, seen) is None
    assert queue.take(9, queue.drops) == Block(2, b"aa")


def test_only_what_the_card_no_longer_holds_has_sounded() -> None:
    in_card = InCard()
    in_card.write(100, sound=True)
    in_card.left(100)
    assert in_card.sounded_samples == 0
    in_card.left(30)
    assert in_card.sounded_samples == 70


@pytest.mark.parametrize(("left", "sounded"), [(70, 100), (50, 100), (20, 120), (0, 140)])
def test_stillness_between_sounds_is_not_counted(left: int, sounded: int) -> None:
    in_card = InCard()
    in_card.write(100, sound=True)
    in_card.write(30, sound=False)
    in_card.write(40, sound=True)
    in_card.left(left)
    assert in_card.sounded_samples == sounded
    assert in_card.holds_sound is (left > 0)


def test_what_lay_in_a_card_that_was_closed_is_over() -> None:
    in_card = InCard()
    in_card.write(100, sound=True)
    in_card.lose()
    assert in_card.sounded_samples == 100
    assert not in_card.holds_sound
