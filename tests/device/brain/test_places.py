"""Places and their time zones."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import available_timezones

import pytest

from device.brain.pack_files import BrokenPack, lines_of
from device.brain.packs import PACKS
from device.brain.places import Places


@pytest.fixture(scope="module")
def places() -> Places:
    return Places("en")


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("tokyo", "Asia/Tokyo"),
        ("the uk", "Europe/London"),
        ("paris france", "Europe/Paris"),
        ("paris texas", "America/Chicago"),
        ("glenwood springs colorado", "America/Denver"),
        ("the pacific standard timezone", "America/Los_Angeles"),
        ("new york city", "America/New_York"),
        ("south korea", "Asia/Seoul"),
        ("west virginia", "America/New_York"),
    ],
)
def test_a_place_is_found_by_what_people_call_it(places: Places, words: str, zone: str) -> None:
    found = places.find(words)
    assert found is not None
    assert found.zone == zone


@pytest.mark.parametrize("words", ["", "glorbistan", "the oven", "my house"])
def test_a_place_nobody_knows_is_not_guessed(places: Places, words: str) -> None:
    assert places.find(words) is None


def test_every_zone_of_the_table_exists() -> None:
    zones = {line.partition("=")[0].strip() for _, line in lines_of(PACKS / "en" / "places.txt") if line}
    assert zones - available_timezones() == set()


def test_a_broken_line_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "places.txt").write_text("# places\nEurope/Paris = Paris\nBerlin\n", "utf-8")
    with pytest.raises(BrokenPack, match=r"places\.txt, line 3: write it as"):
        Places("en", tmp_path)
