"""The page's microphone: takes become frames, whatever the browser's rate."""

from __future__ import annotations

import numpy as np
import pytest

from device.audio.page_microphone import CAPACITY_S, PageMicrophone
from device.contracts import FRAME_BYTES, FRAME_MS, RATE_HZ, Frame
from tests.tones import loudest_hz, tone
from tests.virtual_time import run


def batches(pcm: bytes, rate_hz: int, first_ms: int = 300) -> list[bytes]:
    """As the page sends them: the pre-roll at once, then 20 ms each."""
    first, size = 2 * (rate_hz * first_ms // 1000), 2 * (rate_hz // 50)
    return [pcm[:first], *(pcm[at : at + size] for at in range(first, len(pcm), size))]


async def read(microphone: PageMicrophone, count: int) -> list[Frame]:
    frames: list[Frame] = []
    async for frame in microphone.frames():
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000, 192_000])
def test_a_tone_arrives_whole_and_at_its_pitch(rate_hz: int) -> None:
    microphone = PageMicrophone(lambda: 50.0)
    for batch in batches(tone(1000, 1.0, rate_hz), rate_hz):
        microphone.take(1, batch, rate_hz)
    microphone.take(1, b"", rate_hz)

    frames = run(read(microphone, 50))

    assert {len(frame.pcm) for frame in frames} == {FRAME_BYTES}
    assert loudest_hz(b"".join(frame.pcm for frame in frames), RATE_HZ) == pytest.approx(1000, abs=1)
    assert microphone.dropped == 0


def test_frames_are_dated_from_the_beginning_of_the_pre_roll() -> None:
    microphone = PageMicrophone(lambda: 50.0)
    microphone.take(1, bytes(2 * 4800), 16_000)  # 300 ms
    frames = run(read(microphone, 15))
    assert frames[0].captured_s == pytest.approx(49.7)
    assert np.diff([frame.captured_s for frame in frames]) == pytest.approx(FRAME_MS / 1000)


def test_jitter_in_the_arrival_does_not_get_into_the_frames() -> None:
    now = iter([10.02, 10.09, 10.09, 10.09])
    microphone = PageMicrophone(lambda: next(now))
    for _ in range(4):
        microphone.take(1, bytes(FRAME_BYTES), 16_000)
    dated = [frame.captured_s for frame in run(read(microphone, 4))]
    assert dated == pytest.approx([10.0, 10.02, 10.04, 10.06], abs=0.001)


def test_a_first_batch_that_comes_late_does_not_make_later_sound_look_younger_than_it_is() -> None:
    """Or else our own voice, from before a barge-in, could pass for what came after it."""
    microphone = PageMicrophone(lambda: 10.1)
    for _ in range(5):  # a burst: the first was held up by 80 ms
        microphone.take(1, bytes(FRAME_BYTES), 16_000)
    last = run(read(microphone, 5))[-1]
    assert last.captured_s == pytest.approx(10.08)


def test_each_take_is_dated_anew_and_begins_with_a_whole_frame() -> None:
    now = iter([10.03, 20.02])
    microphone = PageMicrophone(lambda: next(now))
    microphone.take(1, bytes(FRAME_BYTES + 100), 16_000)
    microphone.take(2, b"\x01\x00" * (FRAME_BYTES // 2), 16_000)
    second = run(read(microphone, 2))[1]
    assert second.captured_s == pytest.approx(20.0)
    assert second.pcm == b"\x01\x00" * (FRAME_BYTES // 2)


def test_the_number_of_a_take_that_has_ended_begins_a_new_one() -> None:
    now = iter([10.02, 10.03, 20.02])
    microphone = PageMicrophone(lambda: next(now))
    microphone.take(1, bytes(FRAME_BYTES), 16_000)
    microphone.take(1, b"", 16_000)
    microphone.take(1, bytes(FRAME_BYTES), 16_000)
    assert [f.captured_s for f in run(read(microphone, 2))] == pytest.approx([10.0, 20.0])


def test_frames_that_nobody_reads_push_out_the_oldest_and_are_counted() -> None:
    microphone = PageMicrophone(lambda: 50.0)
    kept = int(CAPACITY_S * 1000 / FRAME_MS)
    microphone.take(1, bytes(FRAME_BYTES) * (kept + 3), 16_000)
    first = run(read(microphone, 1))[0]
    assert microphone.dropped == 3
    assert first.captured_s == pytest.approx(50.0 - (kept + 3) * 0.02 + 3 * 0.02)


def test_an_end_without_a_take_is_nothing() -> None:
    microphone = PageMicrophone(lambda: 10.02)
    microphone.take(7, b"", 48_000)
    microphone.take(8, bytes(FRAME_BYTES), 16_000)
    assert run(read(microphone, 1))[0].captured_s == pytest.approx(10.0)
