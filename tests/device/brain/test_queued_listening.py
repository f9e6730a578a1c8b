"""Frames on their way from the event loop to an engine's thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from device.brain.queued_listening import LONGEST_FRAMES, Intake, QueuedListening
from device.contracts import Frame, Transcript
from device.errors import EngineMissing, SttError
from device.jobs import StopFlag, Worker


def frame(number: int) -> Frame:
    return Frame(bytes([number % 256]) * 640, 0.0)


def filled(count: int) -> Intake:
    intake = Intake()
    for number in range(count):
        intake.put(frame(number))
    intake.end()
    return intake


def test_frames_come_one_by_one_in_order_and_end() -> None:
    intake = filled(3)
    assert list(intake.frames(StopFlag())) == [frame(number).pcm for number in range(3)]
    assert intake.ended
    assert list(intake.frames(StopFlag())) == []


def test_a_batch_is_all_that_has_come() -> None:
    batches = list(filled(3).batches(StopFlag()))
    assert batches == [b"".join(frame(number).pcm for number in range(3))]


def test_an_utterance_without_frames_ends_at_once() -> None:
    assert list(filled(0).batches(StopFlag())) == []


def test_the_stop_flag_ends_it_early() -> None:
    stop = StopFlag()
    intake = filled(5)
    taken = intake.frames(stop)
    assert next(taken) == frame(0).pcm
    stop.set()
    assert list(taken) == []


def test_more_than_the_longest_utterance_is_refused_and_the_end_still_fits() -> None:
    intake = Intake()
    for number in range(LONGEST_FRAMES):
        intake.put(frame(number))
    with pytest.raises(SttError, match="does not keep up"):
        intake.put(frame(0))
    intake.end()
    intake.end()
    assert len(list(intake.frames(StopFlag()))) == LONGEST_FRAMES


def counted(engine: str, intake: Intake, stop: StopFlag) -> Transcript:
    return Transcript(str(sum(len(pcm) for pcm in intake.batches(stop))), engine)


def test_what_the_engine_hears_in_its_thread_is_the_transcript() -> None:
    async def scenario() -> Transcript:
        worker = Worker("engine", lambda: "counting")
        listening = QueuedListening(worker, counted)
        for number in range(7):
            listening.feed(frame(number))
        heard = await listening.finish()
        await listening.abandon()
        await worker.close()
        return heard

    assert asyncio.run(scenario()) == Transcript(str(7 * 640), "counting")


def test_abandoning_before_the_end_ends_the_job() -> None:
    begun, ended = threading.Event(), threading.Event()

    def wait(engine: str, intake: Intake, stop: StopFlag) -> Transcript:
        begun.set()
        heard = counted(engine, intake, stop)
        ended.set()
        return heard

    async def scenario() -> None:
        worker = Worker("engine", lambda: "counting")
        listening = QueuedListening(worker, wait)
        listening.feed(frame(1))
        await asyncio.to_thread(begun.wait, 5)
        await listening.abandon()
        assert ended.is_set()
        assert worker.given_up == 0
        await worker.close()

    asyncio.run(scenario())


def test_an_engine_that_could_not_be_made_anew_is_an_error_of_the_recogniser() -> None:
    def gone() -> str:
        raise EngineMissing("The model is gone.")

    async def scenario() -> None:
        worker = Worker("engine", gone)
        listening = QueuedListening(worker, counted)
        with pytest.raises(SttError, match="The model is gone"):
            await listening.finish()
        await worker.close()

    asyncio.run(scenario())


def test_a_native_failure_is_an_error_of_the_recogniser() -> None:
    def fail(engine: str, intake: Intake, stop: StopFlag) -> Transcript:
        raise RuntimeError("native")

    async def scenario() -> None:
        worker = Worker("engine", lambda: "failing")
        listening = QueuedListening(worker, fail)
        with pytest.raises(SttError, match="failed on this utterance"):
            await listening.finish()
        await worker.close()

    asyncio.run(scenario())
