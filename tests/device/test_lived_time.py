"""The time axis of what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from device.lived_time import LONGEST_OFF_S, LivedTime

DAY_S = 86400.0
A_DAY_OF_2026_S = 1_780_000_000.0


@dataclass
class Clocks:
    wall_s: float = A_DAY_OF_2026_S
    monotonic_s: float = 100.0

    def run(self, seconds: float) -> None:
        self.wall_s += seconds
        self.monotonic_s += seconds

    def start(self, file: Path) -> LivedTime:
        return LivedTime(file, lambda: self.wall_s, lambda: self.monotonic_s)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lived.json"


def test_it_begins_at_unix_time_and_runs_with_the_monotonic_clock(clocks: Clocks, file: Path) -> None:
    lived = clocks.start(file)
    clocks.run(3600)
    assert lived.now() == pytest.approx(A_DAY_OF_2026_S + 3600)


def test_time_that_the_device_was_off_counts(clocks: Clocks, file: Path) -> None:
    lived = clocks.start(file)
    lived.save()
    clocks.wall_s += 3 * DAY_S
    clocks.monotonic_s = 5.0
    assert clocks.start(file).now() == pytest.approx(A_DAY_OF_2026_S + 3 * DAY_S)


def test_a_clock_that_is_set_while_it_runs_counts_once(clocks: Clocks, file: Path) -> None:
    """A board without a battery starts where it stopped, and learns the time from the network."""
    lived = clocks.start(file)
    clocks.wall_s += 2 * DAY_S
    assert lived.now() == pytest.approx(A_DAY_OF_2026_S + 2 * DAY_S)
    clocks.run(60)
    assert lived.now() == pytest.approx(A_DAY_OF_2026_S + 2 * DAY_S + 60)


@pytest.mark.parametrize("leap_s", [LONGEST_OFF_S + DAY_S, 3650 * DAY_S, -3650 * DAY_S, -A_DAY_OF_2026_S])
def test_a_leap_of_years_counts_neither_on_its_way_nor_back(
    clocks: Clocks, file: Path, leap_s: float
) -> None:
    lived = clocks.start(file)
    clocks.wall_s += leap_s
    clocks.run(10)
    assert lived.now() == pytest.approx(A_DAY_OF_2026_S + 10)
    clocks.wall_s -= leap_s
    clocks.run(10)
    assert lived.now() == pytest.approx(A_DAY_OF_2026_S + 20)


def test_it_never_goes_back_across_a_start_in_1970(clocks: Clocks, file: Path) -> None:
    lived = clocks.start(file)
    clocks.run(1000)
    lived.save()
    again = Clocks(wall_s=3.0, monotonic_s=3.0)
    assert again.start(file).now() == pytest.approx(A_DAY_OF_2026_S + 1000)


def test_time_that_a_board_without_a_clock_was_off_counts_once_its_clock_is_set(
    clocks: Clocks, file: Path
) -> None:
    clocks.start(file).save()
    woken = Clocks(wall_s=3.0, monotonic_s=3.0)
    lived = woken.start(file)
    woken.run(60)
    lived.save()
    assert lived.now() == pytest.approx(A_DAY_OF_2026_S + 60)
    woken.run(60)
    woken.wall_s = A_DAY_OF_2026_S + 30 * DAY_S
    assert lived.now() == pytest.approx(A_DAY_OF_2026_S + 30 * DAY_S)
    woken.run(60)
    assert lived.now() == pytest.approx(A_DAY_OF_2026_S + 30 * DAY_S + 60)


@pytest.mark.parametrize("content", ["", "[]", '{"lived_s": NaN, "wall_s": 1}', '{"lived_s": "x"}', "\x00"])
def test_a_file_that_cannot_be_read_is_as_none(clocks: Clocks, file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    assert clocks.start(file).now() == pytest.approx(A_DAY_OF_2026_S)
