"""The device's own buttons, opened and let go together."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from device.config import Button
from device.errors import SettingsError
from device.hw.buttons import open_buttons
from tests.device.hw.buttons import Reached
from tests.virtual_time import run


def nothing() -> None: ...


def test_without_any_setting_there_is_no_button_and_no_thread() -> None:
    async def story() -> None:
        before = threading.active_count()
        reached = Reached()
        with open_buttons(Button(), reached.button, nothing, reached.fault):
            assert threading.active_count() == before
        assert reached.faults == {}

    run(story())


def test_a_pin_is_a_button_and_what_it_holds_is_let_go_at_the_end() -> None:
    reached = Reached()
    factory = MockFactory()

    async def story() -> None:
        with open_buttons(Button(pin="GPIO17"), reached.button, nothing, reached.fault, factory):
            pin: Any = factory.pin("GPIO17")
            pin.drive_low()
            await asyncio.sleep(1)
            assert reached.done == ["press"]
        await asyncio.sleep(100)

    run(story())
    assert reached.done == ["press", "release"]


def test_a_pin_that_cannot_be_opened_is_a_fault_and_the_rest_goes_on() -> None:
    reached = Reached()

    async def story() -> None:
        settings = Button(pin="GPIO99")
        with open_buttons(settings, reached.button, nothing, reached.fault, MockFactory()):
            assert "GPIO99 is not a valid pin name" in reached.faults["button pin"]

    run(story())


def test_an_unknown_key_is_refused_before_a_thread_is_started() -> None:
    async def story() -> None:
        before = threading.active_count()
        settings = Button(keyboard="any", key="spaxe")
        with (
            pytest.raises(SettingsError, match="Did you mean space"),
            open_buttons(settings, Reached().button, nothing, lambda part, why: None),
        ):
            raise AssertionError
        assert threading.active_count() == before

    run(story())


def test_pin_and_key_are_buttons_at_once() -> None:
    reached = Reached()

    async def story() -> None:
        before = threading.active_count()
        settings = Button(pin="GPIO17", keyboard="a keyboard that nobody has")
        with open_buttons(settings, reached.button, nothing, reached.fault, MockFactory()):
            assert threading.active_count() == before + 1
            async with asyncio.timeout(10):
                while "input device" not in reached.faults:  # noqa: ASYNC110 - a thread brings it about
                    await asyncio.sleep(0.005)
        assert threading.active_count() == before

    asyncio.run(story())
