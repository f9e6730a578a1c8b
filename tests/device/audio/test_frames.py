from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.frames import FRAME_S, LONGEST_RING_MS, PAUSE_S, FrameHub, Framer
from device.contracts import FRAME_BYTES, RATE_HZ, Frame
from tests.virtual_time import Deadlock, run


def frame(number: int) -> Frame:
    """The frame that begins at `number` × 20 ms, and says so in its samples."""
    return Frame(number.to_bytes(2, "little") * (FRAME_BYTES // 2), number * FRAME_S)


def hub_with(*numbers: int, ring_ms: int = LONGEST_RING_MS) -> FrameHub:
    hub = FrameHub(ring_ms)
    for number in numbers:
        hub.push(frame(number))
    return hub


def numbers(frames: list[Frame]) -> list[int]:
    return [round(got.captured_s / FRAME_S) for got in frames]


async def rest(tap: AsyncIterator[Frame]) -> list[int]:
    return numbers([got async for got in tap])


class TestFrameHub:
    def test_a_tap_begins_with_the_pre_roll(self) -> None:
        tap = hub_with(*range(10)).listen(since_s=6 * FRAME_S)
        tap.stop_after(9 * FRAME_S)
        assert run(rest(tap)) == [6, 7, 8, 9]

    def test_the_ring_holds_no_more_than_half_a_second(self) -> None:
        tap = hub_with(*range(100)).listen(since_s=0)
        tap.stop_after(99 * FRAME_S)
        assert run(rest(tap)) == list(range(75, 100))

    @pytest.mark.parametrize("ring_ms", [-1, LONGEST_RING_MS + 1])
    def test_a_longer_ring_is_refused(self, ring_ms: int) -> None:
        with pytest.raises(ValueError, match="0 to 500 ms"):
            FrameHub(ring_ms)

    def test_without_a_ring_a_tap_begins_now(self) -> None:
        hub = hub_with(0, 1, ring_ms=0)
        tap = hub.listen(since_s=0)
        hub.push(frame(2))
        tap.stop_after(2 * FRAME_S)
        assert run(rest(tap)) == [2]

    @given(
        before=st.lists(st.integers(0, 60), max_size=30),
        after=st.lists(st.integers(0, 60), max_size=30),
        since=st.integers(0, 60),
        not_before=st.integers(0, 60),
    )
    def test_nothing_from_before_the_barrier_ever_comes(
        self, before: list[int], after: list[int], since: int, not_before: int
    ) -> None:
        hub = hub_with(*before)
        tap = hub.listen(since_s=since * FRAME_S, not_before_s=not_before * FRAME_S)
        for number in after:
            hub.push(frame(number))
        hub.push(frame(100))
        tap.stop_after(100 * FRAME_S)
        wanted = [n for n in [*before[-25:], *after, 100] if n >= max(since, not_before)]
        assert run(rest(tap)) == wanted

    def test_a_slow_tap_drops_its_oldest_and_holds_nobody_up(self) -> None:
        async def story() -> tuple[list[int], list[int], int, int]:
            hub = FrameHub()
            slow, quick = hub.listen(0, capacity=3), hub.listen(0)
            for number in range(10):
                hub.push(frame(number))
            for tap in (slow, quick):
                tap.stop_after(9 * FRAME_S)
            return await rest(slow), await rest(quick), slow.dropped, quick.dropped

        assert run(story()) == ([7, 8, 9], list(range(10)), 7, 0)

    def test_an_ended_tap_is_forgotten(self) -> None:
        hub = FrameHub()
        closed, stopped, open_ = hub.listen(0), hub.listen(0), hub.listen(0)
        closed.close()
        stopped.stop_after(FRAME_S)
        for number in range(5):
            hub.push(frame(number))
        assert hub._taps == {open_}


class TestTap:
    def test_a_reader_waits_for_the_next_frame(self) -> None:
        async def story() -> tuple[int, float]:
            hub = FrameHub()
            loop = asyncio.get_running_loop()
            began_s = loop.time()
            loop.call_later(3.0, hub.push, frame(7))
            got = await anext(hub.listen(0))
            return numbers([got])[0], loop.time() - began_s

        number, waited_s = run(story())
        assert number == 7
        assert waited_s == pytest.approx(3.0)

    def test_a_cancelled_read_loses_no_frame(self) -> None:
        async def story() -> list[int]:
            hub = FrameHub()
            tap = hub.listen(0)
            reading = asyncio.ensure_future(anext(tap))
            await asyncio.sleep(1)
            hub.push(frame(0))
            reading.cancel()
            await asyncio.wait([reading])
            hub.push(frame(1))
            tap.stop_after(FRAME_S)
            return await rest(tap)

        assert run(story()) == [0, 1]

    def test_closing_ends_a_waiting_reader_at_once(self) -> None:
        async def story() -> list[int]:
            tap = hub_with(0, 1).listen(0)
            first = await anext(tap)
            asyncio.get_running_loop().call_later(1, tap.close)
            return numbers([first]) + await rest(tap)

        assert run(story()) == [0, 1]

    def test_closing_lets_go_of_what_waits_and_can_be_repeated(self) -> None:
        tap = hub_with(0, 1, 2).listen(0)
        tap.close()
        tap.close()
        assert run(rest(tap)) == []

    @pytest.mark.parametrize(
        ("stop_s", "wanted"),
        [(5 * FRAME_S, [3, 4, 5]), (5.5 * FRAME_S, [3, 4, 5]), (4.99 * FRAME_S, [3, 4])],
    )
    def test_the_post_roll_still_comes_and_ends_by_itself(self, stop_s: float, wanted: list[int]) -> None:
        async def story() -> list[int]:
            hub = hub_with(3)
            tap = hub.listen(0)
            tap.stop_after(stop_s)
            for number in wanted[1:]:
                hub.push(frame(number))
            return await rest(tap)

        assert run(story()) == wanted

    def test_frames_beyond_the_post_roll_that_are_held_already_do_not_come(self) -> None:
        tap = hub_with(0, 1, 2, 3).listen(0)
        tap.stop_after(1 * FRAME_S)
        assert run(rest(tap)) == [0, 1]

    def test_a_gap_over_the_end_ends_it_too(self) -> None:
        hub = hub_with(0)
        tap = hub.listen(0)
        tap.stop_after(3 * FRAME_S)
        hub.push(frame(9))
        assert run(rest(tap)) == [0]

    def test_a_microphone_that_falls_silent_does_not_end_it(self) -> None:
        tap = hub_with(0).listen(0)
        tap.stop_after(3 * FRAME_S)
        with pytest.raises(Deadlock):
            run(rest(tap))


def cut_all(framer: Framer, pieces: list[tuple[bytes, float]]) -> list[Frame]:
    return [got for pcm, ended_s in pieces for got in framer.cut(pcm, ended_s)]


def arrivals(sizes: list[int], late_s: list[float], start_s: float = 50.0) -> list[tuple[bytes, float]]:
    """Pieces of an endless count of samples, each arriving some time after its capture, in order."""
    pieces, at, arrived_s = [], 0, -math.inf
    for size, late in zip(sizes, late_s, strict=False):
        pcm = b"".join((n % 2**16).to_bytes(2, "little") for n in range(at, at + size))
        at += size
        arrived_s = max(arrived_s, start_s + at / RATE_HZ + late)
        pieces.append((pcm, arrived_s))
    return pieces


class TestFramer:
    @given(st.lists(st.integers(0, 2000), max_size=30))
    def test_no_sample_is_lost_or_changed_however_it_is_cut(self, sizes: list[int]) -> None:
        pieces = arrivals(sizes, [0.0] * len(sizes))
        frames = cut_all(Framer(), pieces)
        assert all(len(got.pcm) == FRAME_BYTES for got in frames)
        whole = b"".join(pcm for pcm, _ in pieces)
        assert b"".join(got.pcm for got in frames) == whole[: len(whole) // FRAME_BYTES * FRAME_BYTES]

    @given(st.lists(st.integers(1, 2000), min_size=1, max_size=30))
    def test_a_steady_source_is_timed_to_the_sample(self, sizes: list[int]) -> None:
        frames = cut_all(Framer(), arrivals(sizes, [0.0] * len(sizes)))
        assert [got.captured_s for got in frames] == pytest.approx(
            [50.0 + index * FRAME_S for index in range(len(frames))], abs=1e-6
        )

    @given(st.lists(st.tuples(st.integers(1, 2000), st.floats(0, PAUSE_S * 0.9)), min_size=1, max_size=40))
    def test_times_are_between_the_capture_and_the_worst_lateness(
        self, pieces: list[tuple[int, float]]
    ) -> None:
        sizes, late_s = [size for size, _ in pieces], [late for _, late in pieces]
        frames = cut_all(Framer(), arrivals(sizes, late_s))
        worst_s = max(late_s)
        for index, got in enumerate(frames):
            assert -1e-6 <= got.captured_s - (50.0 + index * FRAME_S) <= worst_s + 1e-6

    @given(st.lists(st.tuples(st.integers(1, 2000), st.floats(0, 3)), max_size=40))
    def test_times_never_run_backward(self, pieces: list[tuple[int, float]]) -> None:
        frames = cut_all(Framer(), arrivals([size for size, _ in pieces], [late for _, late in pieces]))
        times = [got.captured_s for got in frames]
        assert times == sorted(times)

    def test_one_late_piece_does_not_make_the_rest_late(self) -> None:
        frames = cut_all(Framer(), arrivals([320] * 10, [0.08] + [0.0] * 9))
        assert frames[-1].captured_s == pytest.approx(50.0 + 9 * FRAME_S)

    def test_after_a_pause_the_times_begin_anew_and_the_unfinished_frame_is_dropped(self) -> None:
        framer = Framer()
        assert framer.cut(bytes(500), ended_s=10.0) == []
        (got,) = framer.cut(b"\x01\x00" * 320, ended_s=60.0)
        assert got.pcm == b"\x01\x00" * 320
        assert got.captured_s == pytest.approx(60.0 - FRAME_S)

    @pytest.mark.parametrize("drift", [-100e-6, 100e-6])
    def test_a_clock_that_differs_by_100_ppm_is_followed(self, drift: float) -> None:
        framer, worst_s = Framer(), 0.0
        for index in range(int(1800 / FRAME_S)):
            for got in framer.cut(bytes(FRAME_BYTES), ended_s=(index + 1) * FRAME_S * (1 + drift)):
                worst_s = max(worst_s, abs(got.captured_s - index * FRAME_S * (1 + drift)))
        assert worst_s < 0.011
