"""Finding an input device, and reading what it tells."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from device.hw.input_devices import EV_KEY, EVENT, EVIOCGKEY, Event, events, find, is_down
from tests.device.hw.keyboards import SPACE, Keyboards

KEY_A = 30
HIGH_KEY = 582


@pytest.mark.parametrize("cut", [0, 1, EVENT.size - 1])
def test_a_block_gives_its_whole_events(cut: int) -> None:
    down, up = EVENT.pack(12, 34, EV_KEY, SPACE, 1), EVENT.pack(12, 35, EV_KEY, SPACE, 0)
    read = list(events(down + up + up[:cut]))
    assert read == [Event(EV_KEY, SPACE, 1), Event(EV_KEY, SPACE, 0)]


def test_an_event_is_as_long_as_the_kernels_struct_is_here() -> None:
    assert EVENT.size == 2 * struct.calcsize("l") + 8


def test_a_device_is_found_by_a_part_of_its_name_and_its_key(tmp_path: Path) -> None:
    boards = Keyboards(tmp_path)
    boards.plug(0, "Power Button", 116)
    boards.plug(2, "Logitech USB Receiver Mouse", 272)
    boards.plug(10, "Logitech USB Receiver", SPACE, KEY_A)
    boards.plug(11, "Another Logitech", SPACE)
    assert find("logitech", SPACE, boards.sys, boards.dev) == boards.dev / "event10"
    assert find("usb receiver", 272, boards.sys, boards.dev) == boards.dev / "event2"
    assert find("logitech", HIGH_KEY, boards.sys, boards.dev) is None
    assert find("nothing", SPACE, boards.sys, boards.dev) is None


def test_a_key_with_a_high_number_is_found(tmp_path: Path) -> None:
    boards = Keyboards(tmp_path)
    boards.plug(3, "Remote", SPACE, HIGH_KEY)
    assert find("Remote", HIGH_KEY, boards.sys, boards.dev) == boards.dev / "event3"


def test_a_device_that_goes_in_this_moment_is_passed_over(tmp_path: Path) -> None:
    boards = Keyboards(tmp_path)
    (boards.sys / "event1" / "device").mkdir(parents=True)
    boards.plug(2, "Presenter", SPACE)
    assert find("present", SPACE, boards.sys, boards.dev) == boards.dev / "event2"


def test_without_any_input_device_nothing_is_found(tmp_path: Path) -> None:
    assert find("any", SPACE, tmp_path / "missing", tmp_path) is None


def test_the_request_for_all_keys_is_the_kernels() -> None:
    """As `strace evtest --query` shows it: EVIOCGKEY(96)."""
    assert EVIOCGKEY == 0x80604518


def test_what_is_no_input_device_cannot_be_asked_for_its_keys(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with file.open("rb") as opened, pytest.raises(OSError, match="Inappropriate ioctl"):
        is_down(opened.fileno(), SPACE)
