"""What a board says of its heat and its battery."""

from __future__ import annotations

import asyncio
from pathlib import Path

from device.contracts import BoardHealth
from device.hw.board import BoardWatch, read


def sensor(root: Path, place: str, **files: str) -> None:
    folder = root / "class" / place
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text + "\n", "ascii")


def test_a_board_without_sensors_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path) == BoardHealth()


def test_the_hottest_part_counts_and_nonsense_does_not(tmp_path: Path) -> None:
    sensor(tmp_path, "thermal/thermal_zone0", temp="48312")
    sensor(tmp_path, "thermal/thermal_zone1", temp="61500")
    sensor(tmp_path, "thermal/thermal_zone2", temp="-273150")
    sensor(tmp_path, "thermal/thermal_zone3", temp="")
    (tmp_path / "class/thermal/thermal_zone4/temp").mkdir(parents=True)
    assert read(tmp_path).heat_c == 61.5


def test_the_battery_that_feeds_the_board_is_told(tmp_path: Path) -> None:
    sensor(tmp_path, "power_supply/ac", type="Mains", status="Discharging")
    sensor(tmp_path, "power_supply/mouse", type="Battery", scope="Device", capacity="3", status="Discharging")
    sensor(tmp_path, "power_supply/bat0", type="Battery", scope="System", capacity="64", status="Charging")
    assert read(tmp_path) == BoardHealth(battery_percent=64)
    sensor(tmp_path, "power_supply/bat0", capacity="18", status="Discharging")
    assert read(tmp_path) == BoardHealth(battery_percent=18, discharging=True)


def test_the_real_board_can_be_read() -> None:
    heat_c = read().heat_c
    assert heat_c is None or -40 <= heat_c <= 150


def test_the_watch_has_what_was_last_read(tmp_path: Path) -> None:
    sensor(tmp_path, "thermal/thermal_zone0", temp="70000")
    watch = BoardWatch(tmp_path)
    assert watch.health() == BoardHealth()

    async def story() -> None:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            running = group.create_task(watch.run())
            while watch.health() == BoardHealth():  # noqa: ASYNC110 - it is read in a thread
                await asyncio.sleep(0)
            running.cancel()

    asyncio.run(story())
    assert watch.health() == BoardHealth(heat_c=70.0)
