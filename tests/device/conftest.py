"""What the tests of the device share: one recogniser, which is slow to load."""

from __future__ import annotations

import pytest

from device.brain.recogniser import Recogniser


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    return Recogniser("en")
