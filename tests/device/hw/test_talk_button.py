"""Every gesture of a button, in virtual time, and what it reaches in the session."""

from __future__ import annotations

import asyncio

import pytest

from tests.device.hw.buttons import GESTURES, Reached, play
from tests.virtual_time import run


@pytest.mark.parametrize("story", GESTURES)
def test_a_gesture_reaches_what_it_means(story: str) -> None:
    reached = Reached()

    async def hands() -> None:
        button = reached.button()
        await play(story, button.press, button.release)

    run(hands())
    assert reached.done == GESTURES[story]


def test_muting_happens_while_the_button_is_still_down() -> None:
    reached = Reached()

    async def hands() -> None:
        button = reached.button()
        await play("0.1 -0.2 0.1 -0.2", button.press, button.release)
        button.press()
        await asyncio.sleep(0.61)
        assert reached.done[-1] == "mute"
        button.release()

    run(hands())
    assert reached.done[-2:] == ["mute", "release"]


def test_a_stuck_button_is_told_in_a_sentence_and_so_is_its_cure() -> None:
    reached = Reached()

    async def hands() -> None:
        button = reached.button("keyboard", longest_s=10)
        button.press()
        await asyncio.sleep(14.9)
        assert reached.faults == {}
        await asyncio.sleep(0.2)
        assert reached.faults["keyboard"].startswith("The keyboard has been down for 15 s: it is stuck")
        button.release()
        assert reached.faults == {"keyboard": ""}

    run(hands())


def test_a_button_held_at_start_sets_up_and_is_no_press() -> None:
    reached = Reached()

    async def hands() -> None:
        button = reached.button()
        button.held_at_start()
        await asyncio.sleep(2.9)
        assert reached.done == []
        await asyncio.sleep(0.2)
        button.release()

    run(hands())
    assert reached.done == ["set up"]


def test_a_button_that_goes_away_lets_go_of_what_it_holds() -> None:
    reached = Reached()

    async def hands() -> None:
        button = reached.button()
        button.press()
        button.close()
        button.close()
        await asyncio.sleep(60)

    run(hands())
    assert reached.done == ["press", "release"]


def test_what_happened_counts_by_when_it_happened_not_by_when_it_is_heard_of() -> None:
    """The loop was busy for two seconds: two taps are two taps all the same, and no hold."""
    reached = Reached()

    async def hands() -> None:
        button = reached.button()
        began_s = asyncio.get_running_loop().time()
        await asyncio.sleep(2)
        for after_s in (0.0, 0.3):
            button.press(began_s + after_s)
            button.release(began_s + after_s + 0.1)

    run(hands())
    assert reached.done == [*["press", "release"] * 2, "repeat"]
