"""The page's speaker, in virtual time, with pages that play, fall silent or go away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from device.audio.outlet_speaker import AHEAD_S, BUFFER_S, SLICE_S, STALLED_S
from device.audio.page_speaker import PageSpeaker
from device.contracts import Audio
from tests.tones import loudest_hz, tone
from tests.virtual_time import run

REPORT_S = 0.05


def now_s() -> float:
    return asyncio.get_running_loop().time()


def spoken(seconds: float, rate_hz: int = 22_050, hertz: float = 440) -> Audio:
    return Audio(tone(hertz, seconds, rate_hz), rate_hz)


class FakePage:
    """An outlet that plays in the loop's time and reports as the page does."""

    def __init__(self, speaker: PageSpeaker, rate_hz: int = 48_000, plays: bool = True) -> None:
        self.rate_hz = rate_hz
        self.plays = plays
        self.told: list[str] = []
        self.heard = b""
        self.most_ahead_s = 0.0
        self._report: Callable[[int, int], None] = speaker.reached
        self._sound_id = 0
        self._queued = b""
        self._played = 0
        self._timer: asyncio.TimerHandle | None = None

    def play(self, sound_id: int, turn_id: int) -> None:
        self.told.append(f"play {turn_id}")
        self._sound_id, self._queued, self._played = sound_id, b"", 0

    def sound(self, sound_id: int, pcm: bytes) -> None:
        assert sound_id == self._sound_id
        self._queued += pcm
        self.most_ahead_s = max(self.most_ahead_s, len(self._queued) / 2 / self.rate_hz)
        if self._timer is None and self.plays:
            self._timer = asyncio.get_running_loop().call_later(0.003, self._render, 0.003)

    def silence(self) -> None:
        self.told.append("silence")
        self._queued = b""

    def _render(self, seconds: float) -> None:
        """`seconds` have sounded."""
        size = 2 * int(seconds * self.rate_hz)
        played, self._queued = self._queued[:size], self._queued[size:]
        self.heard += played
        self._played += len(played) // 2
        self._timer = None
        if self._queued and self.plays:
            wait_s = min(REPORT_S, len(self._queued) / 2 / self.rate_hz + 1e-4)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._render, wait_s)
        if self.plays:
            self._report(self._sound_id, self._played)


def speaker_and_page(rate_hz: int = 48_000, plays: bool = True) -> tuple[PageSpeaker, FakePage]:
    speaker = PageSpeaker(now_s)
    page = FakePage(speaker, rate_hz, plays)
    speaker.attach(page)
    return speaker, page


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 22_050])
def test_what_is_written_sounds_in_the_page_at_its_pitch_and_length(rate_hz: int) -> None:
    async def story() -> None:
        speaker, page = speaker_and_page(rate_hz)
        playback = speaker.begin(3)
        for _ in range(10):
            await playback.write(spoken(0.1))
        await playback.drain()
        assert page.told == ["play 3"]
        assert playback.played_s == pytest.approx(1.0, abs=0.002)
        assert len(page.heard) / 2 / rate_hz == pytest.approx(1.0, abs=0.002)
        assert loudest_hz(page.heard, rate_hz) == pytest.approx(440, abs=1)

    run(story())


def test_pieces_of_several_rates_follow_each_other() -> None:
    async def story() -> None:
        speaker, _ = speaker_and_page()
        playback = speaker.begin(1)
        await playback.write(spoken(0.5, 22_050))
        await playback.write(spoken(0.3, 24_000))
        await playback.drain()
        assert playback.played_s == pytest.approx(0.8, abs=0.002)

    run(story())


def test_drain_takes_as_long_as_the_sound() -> None:
    async def story() -> None:
        speaker, _ = speaker_and_page()
        playback = speaker.begin(1)
        begun_s = now_s()
        await playback.write(spoken(1.5))
        await playback.drain()
        assert now_s() - begun_s == pytest.approx(1.5, abs=0.1)

    run(story())


def test_the_page_is_given_little_ahead_and_a_writer_waits() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page()
        playback = speaker.begin(1)
        begun_s = now_s()
        await playback.write(spoken(5.0))
        assert now_s() - begun_s == pytest.approx(5.0 - BUFFER_S, abs=0.15)
        assert page.most_ahead_s <= AHEAD_S + 2 * SLICE_S
        await playback.drain()

    run(story())


def test_started_is_the_moment_of_the_first_report() -> None:
    async def story() -> None:
        speaker, _ = speaker_and_page()
        playback = speaker.begin(1)
        waiting = asyncio.ensure_future(playback.started())
        await asyncio.sleep(2)
        assert not waiting.done()
        written_s = now_s()
        await playback.write(spoken(1))
        assert await waiting == pytest.approx(written_s + 0.003, abs=0.002)

    run(story())


def test_a_short_sound_that_nobody_drains_sounds_to_its_end() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page()
        await speaker.begin(1).write(spoken(0.2))
        await asyncio.sleep(1)
        assert len(page.heard) / 2 / page.rate_hz == pytest.approx(0.2, abs=0.001)

    run(story())


def test_silence_drops_everything_at_once_and_lets_whoever_waits_go() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page()
        playback = speaker.begin(1)
        await playback.write(spoken(1.9))
        draining = asyncio.ensure_future(playback.drain())
        await asyncio.sleep(0.5)
        speaker.silence()
        assert page.told == ["play 1", "silence"]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert draining.done()
        await asyncio.sleep(3)
        assert playback.played_s == pytest.approx(0.5, abs=REPORT_S + 0.01)
        assert len(page.heard) / 2 / page.rate_hz == pytest.approx(0.5, abs=REPORT_S + 0.01)

    run(story())


def test_silence_is_idempotent_and_needs_no_playback() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page()
        speaker.silence()
        speaker.begin(1)
        speaker.silence()
        speaker.silence()
        assert page.told == []

    run(story())


def test_what_is_written_after_silence_sounds_as_a_sound_of_its_own() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page()
        playback = speaker.begin(1)
        await playback.write(spoken(1.0))
        await asyncio.sleep(0.3)
        speaker.silence()
        before_s = playback.played_s
        await playback.write(spoken(0.5))
        await playback.drain()
        assert page.told == ["play 1", "silence", "play 1"]
        assert playback.played_s == pytest.approx(before_s + 0.5, abs=0.002)

    run(story())


def test_reports_of_a_sound_that_is_over_change_nothing() -> None:
    async def story() -> None:
        speaker, _ = speaker_and_page(plays=False)
        playback = speaker.begin(1)
        await playback.write(spoken(0.4))
        speaker.reached(99, 10_000)
        assert playback.played_s == 0

    run(story())


def test_a_report_beyond_what_was_sent_counts_only_what_was_sent() -> None:
    async def story() -> None:
        speaker, _ = speaker_and_page(plays=False)
        playback = speaker.begin(1)
        await playback.write(spoken(0.2))
        speaker.reached(1, 2**31)
        await playback.drain()
        speaker.reached(1, 2**31)
        assert playback.played_s == pytest.approx(0.2, abs=0.001)

    run(story())


def test_beginning_another_playback_silences_the_one_before_for_good() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page()
        first = speaker.begin(1)
        await first.write(spoken(1.0))
        second = speaker.begin(2)
        await first.write(spoken(1.0, hertz=900))
        await first.drain()
        await second.write(spoken(1.0))
        await second.drain()
        assert page.told == ["play 1", "silence", "play 2"]
        assert loudest_hz(page.heard, page.rate_hz) == pytest.approx(440, abs=1)

    run(story())


def test_a_writer_who_waits_is_let_go_when_another_playback_begins() -> None:
    async def story() -> None:
        speaker, _ = speaker_and_page(plays=False)
        writing = asyncio.ensure_future(speaker.begin(1).write(spoken(20)))
        await asyncio.sleep(0.1)
        speaker.begin(2)
        async with asyncio.timeout(0.1):
            await writing

    run(story())


def test_without_a_page_sound_passes_as_fast_as_time() -> None:
    async def story() -> None:
        playback = PageSpeaker(now_s).begin(1)
        begun_s = now_s()
        await playback.write(spoken(3.0))
        assert await playback.started() == pytest.approx(begun_s, abs=0.06)
        await playback.drain()
        assert now_s() - begun_s == pytest.approx(3.0, abs=0.1)
        assert playback.played_s == pytest.approx(3.0, abs=0.002)

    run(story())


def test_without_a_page_silence_holds_too() -> None:
    async def story() -> None:
        speaker = PageSpeaker(now_s)
        playback = speaker.begin(1)
        await playback.write(spoken(1.0))
        await asyncio.sleep(0.4)
        speaker.silence()
        await asyncio.sleep(3)
        await playback.drain()
        assert playback.played_s == pytest.approx(0.4, abs=0.06)

    run(story())


def test_when_the_page_goes_away_in_mid_reply_the_clock_plays_the_rest() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page()
        playback = speaker.begin(1)
        begun_s = now_s()
        await playback.write(spoken(2.0))
        await asyncio.sleep(0.7)
        page.plays = False
        speaker.detach(page)
        await playback.write(spoken(0.5))
        await playback.drain()
        assert now_s() - begun_s == pytest.approx(2.5, abs=0.2)
        assert playback.played_s == pytest.approx(2.5, abs=0.005)

    run(story())


def test_a_page_that_does_not_play_is_given_up_and_told_to_be_silent() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page(plays=False)
        playback = speaker.begin(1)
        begun_s = now_s()
        await playback.write(spoken(0.3))
        await playback.drain()
        assert page.told == ["play 1", "silence"]
        assert now_s() - begun_s == pytest.approx(STALLED_S + 0.3, abs=0.1)

    run(story())


def test_a_page_that_stops_in_the_middle_is_given_up_too() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page()
        playback = speaker.begin(1)
        begun_s = now_s()
        await playback.write(spoken(1.5))
        await asyncio.sleep(0.5)
        page.plays = False
        await playback.drain()
        assert 1.5 + STALLED_S - 0.1 < now_s() - begun_s < 1.5 + 2 * STALLED_S + 0.1

    run(story())


def test_a_pause_between_clauses_is_no_stall() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page()
        playback = speaker.begin(1)
        await playback.write(spoken(0.3))
        await asyncio.sleep(4)
        await playback.write(spoken(0.3))
        await playback.drain()
        assert page.told == ["play 1"]

    run(story())


def test_the_next_sound_after_a_page_was_given_up_goes_to_the_page_again() -> None:
    async def story() -> None:
        speaker, page = speaker_and_page(plays=False)
        await speaker.begin(1).write(spoken(0.3))
        await asyncio.sleep(3)
        page.plays = True
        playback = speaker.begin(2)
        await playback.write(spoken(0.3))
        await playback.drain()
        assert page.told == ["play 1", "silence", "play 2"]

    run(story())


def test_volume_scales_the_sound() -> None:
    async def peak(percent: int) -> int:
        speaker, page = speaker_and_page()
        speaker.set_volume(percent)
        playback = speaker.begin(1)
        await playback.write(spoken(0.5))
        await playback.drain()
        return int(np.abs(np.frombuffer(page.heard, np.int16)).max())

    assert run(peak(100)) == pytest.approx(16_383, rel=0.02)
    assert run(peak(50)) == pytest.approx(16_383 / 4, rel=0.02)
    assert run(peak(0)) <= 1  # the dither of the resampler
