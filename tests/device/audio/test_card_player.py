from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from device.audio.card_player import LINGER_S, PAD_S, CardPlayer
from device.audio.sound_queue import InCard, SoundQueue

RATE_HZ = 48_000
BUFFER = 4_800


class FakeOutput:
    """A stream whose time passes when the test says so."""

    name = "fake"
    rate_hz = RATE_HZ

    def __init__(self) -> None:
        self.written = b""
        self.waiting_samples = 0
        self.stops = 0
        self.meanwhile: Callable[[], None] | None = None
        """Done once by another thread, while the card is asked for its room."""

    def check(self) -> None:
        pass

    @property
    def room_samples(self) -> int:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return BUFFER - self.waiting_samples

    def write(self, pcm: bytes) -> None:
        assert len(pcm) // 2 <= self.room_samples
        self.written += pcm
        self.waiting_samples += len(pcm) // 2

    def stop(self) -> None:
        self.stops += 1
        self.waiting_samples = 0

    def close(self) -> None:
        pass

    def passes(self, samples: int) -> None:
        self.waiting_samples = max(0, self.waiting_samples - samples)


class Rig:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.stream = FakeOutput()
        self.queue = SoundQueue()
        self.told: list[tuple[int, int]] = []
        self.player = CardPlayer(
            self.stream, self.queue, InCard(), lambda *what: self.told.append(what), lambda: self.now_s
        )

    def give(self, samples: int, value: int = 1_000, sound_id: int = 1) -> None:
        self.queue.put(sound_id, np.full(samples, value, np.int16).tobytes())

    def go_on(self, samples: int) -> bool:
        """So much time passes, and then the thread comes by."""
        self.stream.passes(samples)
        self.now_s += samples / RATE_HZ
        return self.player.go_on()


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.queue.begin(1)
    return rig


def test_sound_fills_the_card_and_what_has_sounded_is_told(rig: Rig) -> None:
    rig.give(6_000)
    assert rig.go_on(0)
    assert rig.stream.waiting_samples == BUFFER
    rig.go_on(480)
    rig.go_on(480)
    assert rig.told == [(1, 0), (1, 480), (1, 960)]


def test_a_sound_ends_in_a_little_stillness_and_then_the_card_rests(rig: Rig) -> None:
    rig.give(1_000)
    rig.go_on(0)
    while rig.go_on(480):
        pass
    assert rig.told[-1] == (1, 1_000)
    assert rig.stream.stops == 1
    samples = np.frombuffer(rig.stream.written, np.int16)
    assert samples[:1_000].tolist() == [1_000] * 1_000
    assert not samples[1_000:].any()
    assert len(samples) - 1_000 == pytest.approx((LINGER_S + PAD_S) * RATE_HZ, rel=0.1)


def test_a_card_that_takes_only_large_blocks_gives_out_the_last_of_a_sound(rig: Rig) -> None:
    """As PipeWire does when nobody else wants short ones."""
    block = 4_096
    rig.give(3_000)
    rig.go_on(0)
    for _ in range(100):
        waits = rig.stream.waiting_samples < block
        going = rig.go_on(0 if waits else block)
        rig.now_s += 0.01
        if not going:
            break
    assert rig.told[-1] == (1, 3_000)
    assert not going


def test_what_comes_soon_after_a_sound_is_played_without_a_stop(rig: Rig) -> None:
    rig.give(1_000)
    rig.go_on(0)
    for _ in range(10):
        rig.go_on(480)
    rig.give(1_000)
    rig.go_on(480)
    assert rig.stream.stops == 0
    assert rig.stream.waiting_samples <= 1_000 + PAD_S * RATE_HZ
    while rig.go_on(480):
        pass
    assert rig.told[-1] == (1, 2_000)


def test_a_drop_stops_the_card_at_once(rig: Rig) -> None:
    rig.give(20_000)
    rig.go_on(0)
    rig.queue.drop()
    assert not rig.go_on(0)
    assert rig.stream.stops == 1
    assert rig.stream.waiting_samples == 0


def test_the_next_sound_is_counted_anew(rig: Rig) -> None:
    rig.give(20_000)
    rig.go_on(0)
    rig.go_on(480)
    rig.queue.begin(2)
    rig.give(1_000, sound_id=2)
    rig.go_on(0)
    rig.go_on(480)
    assert rig.told[-2:] == [(2, 0), (2, 480)]


def test_a_sound_that_takes_the_place_of_another_while_the_card_is_asked_is_played_whole(rig: Rig) -> None:
    """Otherwise its beginning goes the way of the old sound, and whoever waits for its end waits in vain."""

    def barge_in() -> None:
        rig.queue.begin(2)
        rig.give(1_000, sound_id=2)

    rig.give(20_000)
    rig.go_on(0)
    rig.stream.meanwhile = barge_in
    while rig.go_on(480):
        pass
    assert rig.told[-1] == (2, 1_000)


def test_a_card_that_runs_dry_in_the_middle_of_a_sound_is_counted(rig: Rig) -> None:
    rig.give(20_000)
    rig.go_on(0)
    rig.go_on(480)
    assert rig.player.dry == 0
    rig.go_on(9_600)
    assert rig.player.dry == 1


def test_a_change_of_volume_is_faded_in(rig: Rig) -> None:
    rig.give(BUFFER, 10_000)
    rig.go_on(0)
    rig.player.gain = 0.25
    rig.give(480, 10_000)
    rig.give(480, 10_000)
    rig.go_on(960)
    samples = np.frombuffer(rig.stream.written, np.int16).astype(int)
    assert np.abs(np.diff(samples)).max() < 20
    assert samples[-480:].tolist() == [2_500] * 480


def test_at_no_volume_nothing_is_heard(rig: Rig) -> None:
    rig.player.gain = 0.0
    rig.give(480, 10_000)
    rig.go_on(0)
    assert not np.frombuffer(rig.stream.written, np.int16).any()
