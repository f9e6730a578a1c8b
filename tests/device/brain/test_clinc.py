"""How people really word it: crowd-written requests that no template or weight was made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.requests import Measured, measure
from device.brain.recogniser import Recogniser


@pytest.fixture(scope="module")
def held_out(shared_data: Path, recogniser: Recogniser) -> Measured:
    return measure(recogniser, "val", shared_data / "text/clinc150_train_val.json")


def test_what_the_skills_serve_is_recognised(held_out: Measured) -> None:
    print(f"served requests recognised: {held_out.recognised:.4f}")
    assert held_out.recognised >= 0.80


def test_what_they_do_not_serve_is_left_alone(held_out: Measured) -> None:
    print(f"other requests taken: {held_out.taken:.4f}")
    assert held_out.taken <= 0.01
