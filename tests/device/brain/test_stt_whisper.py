"""The engine behind its port, in its thread, with real models."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from device.brain.stt_whisper import LONGEST_GRACE_S, WhisperStt, grace_for, threads_for
from device.brain.whisper_pass import Pass, WhisperPasses
from device.config import Whisper
from device.contracts import FRAME_BYTES, RATE_HZ, Frame, Transcript
from device.errors import EngineMissing, StageTimeout, SttError
from device.jobs import STOP_GRACE_S
from device.pipeline import within
from device.ports import Listening
from tests.models_made.whisper import make_whisper
from tests.until import until

ROOT = Path(__file__).resolve().parents[3]

Samples = npt.NDArray[np.int16]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_whisper(tmp_path_factory.mktemp("whisper"))


def speech(seconds: float) -> bytes:
    """Noise that stands out, between silences."""
    rng = np.random.default_rng(2)
    silence = rng.normal(0, 3, RATE_HZ // 2)
    return (
        np.concatenate([silence, rng.normal(0, 3000, int(seconds * RATE_HZ)), silence])
        .astype(np.int16)
        .tobytes()
    )


def feed_silence(listening: Listening, frames: int) -> None:
    for _ in range(frames):
        listening.feed(Frame(bytes(FRAME_BYTES), 0.0))


async def hear(stt: WhisperStt, pcm: bytes, deadline_s: float = 30) -> Transcript:
    listening = stt.listen()
    try:
        for at in range(0, len(pcm), FRAME_BYTES):
            listening.feed(Frame(pcm[at : at + FRAME_BYTES], 0.0))
        return await within(deadline_s, "speech recogniser", listening.finish())
    finally:
        await listening.abandon()


def test_an_utterance_becomes_a_transcript(model: Path) -> None:
    async def scenario() -> Transcript:
        stt = WhisperStt(model, "en", Whisper(), cores=1)
        await stt.load(30)
        heard = await hear(stt, speech(1.0))
        await stt.close()
        return heard

    heard = asyncio.run(scenario())
    assert heard.text.startswith("w")
    assert heard.engine == "whisper"
    assert heard.speech


@pytest.mark.parametrize("pcm", [b"", bytes(320), bytes(2 * RATE_HZ)])
def test_silence_is_no_speech(model: Path, pcm: bytes) -> None:
    async def scenario() -> Transcript:
        stt = WhisperStt(model, "en", Whisper(), cores=1)
        heard = await hear(stt, pcm)
        await stt.close()
        return heard

    assert asyncio.run(scenario()) == Transcript("", "whisper", 0.0, certain=False, speech=False)


def test_the_words_are_shown_while_the_button_is_held(model: Path) -> None:
    async def scenario() -> tuple[str, Transcript]:
        stt = WhisperStt(model, "en", Whisper(), cores=1)
        listening = stt.listen()
        listening.feed(Frame(speech(1.0), 0.0))
        await until(lambda: listening.partial != "")
        partial = listening.partial
        final = await listening.finish()
        await stt.close()
        return partial, final

    partial, final = asyncio.run(scenario())
    assert partial == final.text


def test_a_model_that_is_not_there_is_told_when_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing):
        asyncio.run(WhisperStt(tmp_path / "nowhere", "en", Whisper(), cores=1).load(30))


class Hanging:
    """A model of which every pass hangs, like a native call that never comes back."""

    took_s = 0.0

    def __init__(self, freed: threading.Event) -> None:
        self.hangs = threading.Event()
        self._freed = freed

    def transcribe(self, samples: Samples) -> Pass:
        self.hangs.set()
        self._freed.wait()
        raise RuntimeError("too late")


def test_a_model_that_hangs_is_given_up_at_the_deadline_and_the_next_utterance_is_heard(model: Path) -> None:
    freed = threading.Event()
    made: list[object] = []

    def make(*given: object) -> Hanging | WhisperPasses:
        made.append(given)
        return Hanging(freed) if len(made) == 1 else WhisperPasses(model, "en", Whisper(), 1)

    async def scenario() -> Transcript:
        stt = WhisperStt(model, "en", Whisper(), cores=1, make=make)
        with pytest.raises(StageTimeout):
            await hear(stt, speech(1.0), deadline_s=0.1)
        heard = await hear(stt, speech(1.0))
        await stt.close()
        return heard

    try:
        assert asyncio.run(scenario()).text
    finally:
        freed.set()
    assert len(made) == 2


def test_abandoning_ends_the_work_between_passes_and_the_next_utterance_is_heard(model: Path) -> None:
    class Slow(WhisperPasses):
        """Each pass waits until it is allowed to go on."""

        allowed = threading.Event()
        begun = threading.Event()
        passes = 0

        def transcribe(self, samples: Samples) -> Pass:
            type(self).passes += 1
            self.begun.set()
            self.allowed.wait(30)
            return super().transcribe(samples)

    async def scenario() -> int:
        Slow.allowed.set()
        stt = WhisperStt(model, "en", Whisper(), cores=1, make=Slow)
        await stt.load(30)
        Slow.allowed.clear()
        Slow.begun.clear()
        Slow.passes = 0
        listening = stt.listen()
        listening.feed(Frame(speech(80), 0.0))
        await until(Slow.begun.is_set)
        asyncio.get_running_loop().call_later(0.1, Slow.allowed.set)
        await listening.abandon()
        await listening.abandon()
        passes = Slow.passes
        assert (await hear(stt, speech(1.0))).text
        await stt.close()
        return passes

    assert asyncio.run(scenario()) == 1


def test_a_board_on_which_a_pass_takes_long_does_not_lose_its_model_to_a_cancelled_turn() -> None:
    begun, allowed = threading.Event(), threading.Event()
    made: list[object] = []

    class OnASlowBoard:
        took_s = 3.0

        def transcribe(self, samples: Samples) -> Pass:
            begun.set()
            allowed.wait(30)
            return Pass("hello", 1, -0.1, 0.0, cut_short=False)

    def make(*_: object) -> OnASlowBoard:
        made.append(_)
        return OnASlowBoard()

    async def scenario() -> None:
        stt = WhisperStt(Path(), "en", Whisper(), cores=1, make=make)
        listening = stt.listen()
        listening.feed(Frame(speech(1.0) + bytes(4 * RATE_HZ), 0.0))
        await until(begun.is_set)
        asyncio.get_running_loop().call_later(1.2 * STOP_GRACE_S, allowed.set)
        await listening.abandon()
        assert (await hear(stt, speech(1.0))).text == "hello"
        await stt.close()

    asyncio.run(scenario())
    assert len(made) == 1


def test_a_pass_that_hangs_is_not_waited_for_for_ever() -> None:
    assert (grace_for(0.1), grace_for(600)) == (STOP_GRACE_S, LONGEST_GRACE_S)


def test_a_failure_inside_the_model_is_an_error_of_this_utterance_only(model: Path) -> None:
    class Failing(WhisperPasses):
        fails = False

        def transcribe(self, samples: Samples) -> Pass:
            if self.fails:
                raise RuntimeError("out of memory")
            return super().transcribe(samples)

    async def scenario() -> str:
        stt = WhisperStt(model, "en", Whisper(), cores=1, make=Failing)
        await stt.load(30)
        Failing.fails = True
        with pytest.raises(SttError, match="failed on this utterance"):
            await hear(stt, speech(1.0))
        Failing.fails = False
        text = (await hear(stt, speech(1.0))).text
        await stt.close()
        return text

    assert asyncio.run(scenario())


def test_an_engine_that_does_not_keep_up_with_two_minutes_is_told(model: Path) -> None:
    freed = threading.Event()

    async def scenario() -> None:
        hanging = Hanging(freed)
        stt = WhisperStt(model, "en", Whisper(), cores=1, make=lambda *_: hanging)
        listening = stt.listen()
        try:
            listening.feed(Frame(speech(1.0), 0.0))
            await until(hanging.hangs.is_set)
            with pytest.raises(SttError, match="does not keep up"):
                feed_silence(listening, frames=6_001)
        finally:
            freed.set()
            await listening.abandon()
            await stt.close()

    asyncio.run(scenario())


LEAVING = """
import asyncio, sys
from pathlib import Path
from device.brain.stt_whisper import WhisperStt
from device.config import Whisper

async def story():
    stt = WhisperStt(Path(sys.argv[1]), "en", Whisper(), cores=1)
    await stt.load(60)
    await stt.close()

asyncio.run(story())
"""


def test_the_process_ends_well_with_a_model_in_it(model: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVING, str(model)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (4, 3), (5, 4), (16, 4)])
def test_the_threads_leave_a_core_to_the_rest(cores: int, threads: int) -> None:
    assert threads_for(cores) == threads
