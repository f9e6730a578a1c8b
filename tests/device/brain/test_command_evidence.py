"""The numbers that tell how well a command fits, on made-up paths."""

from __future__ import annotations

import pytest

from device.brain.command_evidence import HALF_RIGHT, TOO_MANY, Segment, phone_distance, weigh


@pytest.mark.parametrize(
    ("heard", "expected", "distance"),
    [
        ("S T AA P", "S T AA P", 0.0),
        ("", "S T AA P", 1.0),
        ("S T AA B", "S T AA P", HALF_RIGHT / 4),
        ("S T AA M", "S T AA P", 1 / 4),
        ("S T AA P S", "S T AA P", TOO_MANY / 4),
        ("T AA P", "S T AA P", 1 / 4),
    ],
)
def test_phone_distance(heard: str, expected: str, distance: float) -> None:
    assert phone_distance(heard.split(), expected.split()) == pytest.approx(distance)


def test_evidence_is_per_frame_of_the_words() -> None:
    """Silence around the words counts for nothing, though what is heard there counts as phones."""
    words = [Segment("stop", 10, 19, -40.0), Segment("it", 20, 24, -20.0)]
    heard = [Segment("SIL", 0, 9, -99.0), Segment("S", 10, 24, -30.0), Segment("AA", 25, 30, -6.0)]
    evidence = weigh(words, ["S"], heard)
    assert evidence.fit == pytest.approx(-60 / 15)
    assert evidence.free_fit == pytest.approx(-30 / 15)
    assert evidence.phones_wrong == pytest.approx(TOO_MANY)


def test_free_phones_that_end_early_leave_silence() -> None:
    evidence = weigh([Segment("stop", 0, 9, -40.0)], ["S"], [Segment("S", 0, 4, -10.0)])
    assert evidence.free_fit == pytest.approx(-1.0)
