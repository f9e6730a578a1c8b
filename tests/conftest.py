"""What every test can ask for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.sound_card import PulseAudio, SoundCard

hypothesis.settings.register_profile("unhurried", deadline=None)  # machines are busy at times
hypothesis.settings.load_profile("unhurried")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has what runs in its background ignore Ctrl-C, and whatever that starts inherits it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent
REAL_TIME = {
    *("browser", "test_real_sound.py", "test_acoustic_doctor.py"),
    *(f"device/{name}.py" for name in ("test_doctor_body", "test_stop", "test_thin")),
    *(f"device/audio/test_{name}.py" for name in ("card_microphone", "card_speaker", "open_sound")),
    "device/audio/test_system_echo.py",
}
"""Tests that listen, press and look as a person does: two at a time would be in each other's way."""
FIRST = ("real time", "test_asking_system2.py", "test_offline.py", "test_canary.py", "test_wire.py")
"""Groups that take long begin early, so that nobody waits for them at the end."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side: those in real time one after the other; others file by file."""
    for item in items:
        where = item.path.relative_to(ROOT)
        in_real_time = bool({str(where), *(str(folder) for folder in where.parents)} & REAL_TIME)
        item.add_marker(pytest.mark.xdist_group("real time" if in_real_time else str(where)))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    group = next(item.iter_markers("xdist_group")).args[0]
    return FIRST.index(group) if group in FIRST else len(FIRST)


@pytest.fixture(autouse=True)
def state_directory(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing that a test keeps outlives it, or meets what a person keeps on this machine."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("STATE_DIRECTORY", str(folder))
    return folder


@pytest.fixture
def card(tmp_path: Path) -> Iterator[SoundCard]:
    """A virtual sound card of its own."""
    card = PulseAudio(tmp_path)
    card.start()
    yield card
    card.kill()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The recordings and small models beside the repository; skips where they are absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data beside the repository")
    return folder
