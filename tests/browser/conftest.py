"""The one browser, and what its microphone hears unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.browser.chromium import Chrome

RATE_HZ = 48_000


@pytest.fixture(scope="session")
def one_chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    chrome = Chrome(tmp_path_factory.mktemp("microphone") / "heard.wav")
    yield chrome
    chrome.close()


@pytest.fixture(scope="session")
def beeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of voice-like beeps in a rhythm that never repeats."""
    random = np.random.default_rng(7)
    parts: list[np.ndarray] = []
    while sum(len(part) for part in parts) < 3 * RATE_HZ:
        at_s = np.arange(int(RATE_HZ * random.uniform(0.06, 0.25))) / RATE_HZ
        pitch_hz = random.uniform(150, 300)
        voice = sum(np.sin(2 * np.pi * pitch_hz * n * at_s) / n for n in range(1, 12))
        parts += [0.3 * voice * np.hanning(len(at_s)), np.zeros(int(RATE_HZ * random.uniform(0.04, 0.3)))]
    file = tmp_path_factory.mktemp("beeps") / "beeps.wav"
    soundfile.write(file, np.concatenate(parts), RATE_HZ, subtype="PCM_16")
    return file


@pytest.fixture
def chrome(one_chrome: Chrome, beeps: Path) -> Chrome:
    one_chrome.hears(beeps)
    return one_chrome
