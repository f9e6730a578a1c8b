"""A key as a button: a real thread reads real events, from a FIFO in place of /dev/input."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device.config import Button
from device.errors import SettingsError
from device.hw.edge_relay import EdgeRelay
from device.hw.input_devices import EV_SYN, SYN_DROPPED
from device.hw.key_button import KeyButton
from tests.device.hw.buttons import Reached
from tests.device.hw.keyboards import SPACE, Keyboards
from tests.until import until

KEY_A = 30


def nothing_is_down(device: int, code: int) -> bool:
    raise OSError("a FIFO has no keys")


@contextmanager
def opened(
    boards: Keyboards,
    reached: Reached,
    at_press: Callable[[], None] = lambda: None,
    is_down: Callable[[int, int], bool] = nothing_is_down,
) -> Iterator[KeyButton]:
    settings = Button(keyboard="big red", key="space")
    relay = EdgeRelay(reached.button("keyboard"), at_press, asyncio.get_running_loop())
    button = KeyButton(settings, relay, reached.fault, sys=boards.sys, dev=boards.dev, is_down=is_down)
    try:
        yield button
    finally:
        button.close()


@pytest.fixture
def boards(tmp_path: Path) -> Keyboards:
    return Keyboards(tmp_path)


def test_its_key_is_the_button_and_repeats_and_other_keys_are_not(boards: Keyboards) -> None:
    reached = Reached()
    keyboard = boards.plug(4, "Big Red Button", SPACE, KEY_A)

    async def hands() -> None:
        with opened(boards, reached):
            keyboard.key(KEY_A, 1)
            keyboard.key(SPACE, 1)
            for _ in range(5):
                keyboard.key(SPACE, 2)
            keyboard.key(SPACE, 1)  # were a repeat a release, this would be a second press
            keyboard.key(SPACE, 0)
            keyboard.key(KEY_A, 0)
            await until(lambda: len(reached.done) >= 2)

    asyncio.run(hands())
    assert reached.done == ["press", "release"]


def test_a_press_stops_in_its_own_thread_while_the_event_loop_hangs(boards: Keyboards) -> None:
    reached = Reached()
    stopped = threading.Event()
    keyboard = boards.plug(4, "Big Red Button", SPACE)

    async def hands() -> None:
        with opened(boards, reached, stopped.set):
            keyboard.key(SPACE, 1)
            assert stopped.wait(5)  # blocks the loop
            assert reached.done == []
            await until(lambda: reached.done == ["press"])

    asyncio.run(hands())


def test_an_unplugged_device_lets_go_is_told_and_found_again(boards: Keyboards) -> None:
    reached = Reached()

    async def hands() -> None:
        with opened(boards, reached):
            await until(lambda: "input device" in reached.faults)
            assert "plug it in, or correct button.keyboard" in reached.faults["input device"]
            keyboard = boards.plug(7, "Big Red Button", SPACE)
            await until(lambda: reached.faults["input device"] == "")
            keyboard.key(SPACE, 1)
            await until(lambda: reached.done[-1] == "press")
            keyboard.unplug()
            await until(lambda: "release" in reached.done)
            boards.plug(8, "Big Red Button", SPACE).key(SPACE, 1)
            await until(lambda: reached.done[-1] == "press")

    asyncio.run(hands())
    assert [done for done in reached.done if done in ("press", "release")][:3] == [
        "press",
        "release",
        "press",
    ]


def test_held_at_power_on_is_no_press(boards: Keyboards) -> None:
    reached = Reached()
    keyboard = boards.plug(4, "Big Red Button", SPACE)

    async def hands() -> None:
        with opened(boards, reached, is_down=lambda device, code: code == SPACE):
            keyboard.key(SPACE, 2)
            keyboard.key(SPACE, 0)
            keyboard.key(SPACE, 1)
            await until(lambda: bool(reached.done))
            assert reached.done == ["press"]

    asyncio.run(hands())


def test_where_the_kernel_lost_events_the_key_is_asked_for(boards: Keyboards) -> None:
    reached = Reached()
    keyboard = boards.plug(4, "Big Red Button", SPACE)
    down = False

    async def hands() -> None:
        nonlocal down
        with opened(boards, reached, is_down=lambda device, code: down):
            keyboard.key(SPACE, 1)
            await until(lambda: reached.done == ["press"])
            keyboard.send((EV_SYN, SYN_DROPPED, 0))
            await until(lambda: reached.done == ["press", "release"])

    asyncio.run(hands())


def test_a_device_that_may_not_be_read_is_told_with_what_to_do(boards: Keyboards) -> None:
    reached = Reached()
    boards.plug(4, "Big Red Button", SPACE)
    (boards.dev / "event4").unlink()

    async def hands() -> None:
        with opened(boards, reached):
            await until(lambda: "input device" in reached.faults)

    asyncio.run(hands())
    assert "must be in the group input" in reached.faults["input device"]


def test_closing_ends_the_thread_even_when_nothing_comes(boards: Keyboards) -> None:
    boards.plug(4, "Big Red Button", SPACE)

    async def hands() -> None:
        before = threading.active_count()
        with opened(boards, Reached()) as button:
            assert threading.active_count() == before + 1
        assert threading.active_count() == before
        button.close()

    asyncio.run(hands())


def test_an_unknown_key_is_refused() -> None:
    async def story() -> None:
        relay = EdgeRelay(Reached().button(), lambda: None, asyncio.get_running_loop())
        with pytest.raises(SettingsError, match="Did you mean space"):
            KeyButton(Button(keyboard="any", key="spaec"), relay, lambda part, why: None)

    asyncio.run(story())
