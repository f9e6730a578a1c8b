"""espeak-ng as a text-to-speech engine (ports.TextToSpeech): small, robotic, always there."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from device.brain.clause import pause_ms, words_to_say
from device.brain.moods import MOODS
from device.brain.silence_trim import SilenceTrimmer
from device.brain.wav_stream import NotWav, WavStream
from device.config import VoiceSettings
from device.contracts import Audio, Emotion
from device.errors import EngineMissing, SettingsError, TtsError

HIGHEST_PITCH = 99

_VOICE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*")

Result = TypeVar("Result")


class EspeakVoice:
    """One short-lived process a clause, fed by its standard input.

    What is said is never among a command's arguments, where other programs could read it. A process
    that is not read any more is killed and reaped at once. The longest stretch in the event loop is
    starting the process, a few milliseconds.
    """

    name = "espeak-ng"

    def __init__(self, voice: VoiceSettings, program: str = "espeak-ng", longest_wait_s: float = 4.0) -> None:
        """Asks the program once whether it knows the voice (some 10 ms, at most 5 s).

        Raises EngineMissing without a working program, SettingsError when it does not know the voice.
        """
        self._longest_wait_s = longest_wait_s
        self._command = (
            _find(program),
            "--stdout",
            "--stdin",
            "-b1",  # the text is UTF-8
            f"-v{_voice_option(voice.name)}",
        )
        self._voice = voice
        _try_voice(self._command, voice.name)

    async def synthesise(self, text: str, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Audio]:
        """The sound of one clause as it comes, silence around it cut; none if nothing can be spoken.

        Raises TtsError when the program fails, gives nothing for `longest_wait_s` or the clause is
        too long. Cancelling or closing kills the program.
        """
        spoken = words_to_say(text)
        if not spoken:
            return
        async with self._running(spoken, emotion) as process:
            assert process.stdout is not None
            stream = WavStream(process.stdout)
            rate_hz = await self._read_header(process, stream)
            trimmer = SilenceTrimmer(rate_hz, tail_ms=pause_ms(spoken))
            while pcm := await self._bounded(stream.read()):
                if sound := trimmer.feed(pcm):
                    yield Audio(sound, rate_hz)
            if await self._bounded(process.wait()) != 0:
                raise await self._failure(process)
            if tail := trimmer.finish():
                yield Audio(tail, rate_hz)

    @property
    def sound_key(self) -> str:
        """Everything that its sound depends on."""
        voice = self._voice
        return f"{self.name} {voice.name} {voice.words_per_minute} {voice.pitch}"

    async def close(self) -> None:
        """Nothing is kept between clauses."""

    def _manner(self, emotion: Emotion) -> tuple[str, str]:
        """Pace and pitch: as they were set, and a little as the mood is."""
        mood = MOODS[emotion]
        pace = round(self._voice.words_per_minute * mood.speed)
        pitch = min(max(self._voice.pitch + mood.pitch, 0), HIGHEST_PITCH)
        return f"-s{pace}", f"-p{pitch}"

    @asynccontextmanager
    async def _running(self, text: str, emotion: Emotion) -> AsyncIterator[Process]:
        """The program, given its text; killed and reaped on the way out, whatever happens."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, *self._manner(emotion), stdin=PIPE, stdout=PIPE, stderr=PIPE
            )
        except OSError as error:
            raise TtsError(f"{self._command[0]} could not be started: {error.strerror}.") from error
        try:
            assert process.stdin is not None
            process.stdin.write(text.encode())
            process.stdin.close()
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            # Reads what is left in the pipes too: with a full one, waiting alone can hang.
            await process.communicate()

    async def _read_header(self, process: Process, stream: WavStream) -> int:
        """The rate, read with all that precedes the samples."""
        try:
            return await self._bounded(stream.rate_hz())
        except EOFError as error:
            raise await self._failure(process) from error
        except NotWav as error:
            raise TtsError(f"The voice (espeak-ng) gave no sound that can be played: {error}") from error

    async def _failure(self, process: Process) -> TtsError:
        """What the program complained of, as an error."""
        assert process.stderr is not None
        said = await self._bounded(process.stderr.read(500))
        why = " ".join(said.decode(errors="replace").split()) or "It gave no sound."
        return TtsError(f"The voice (espeak-ng) failed: {why}")

    async def _bounded(self, waiting: Awaitable[Result]) -> Result:
        try:
            async with asyncio.timeout(self._longest_wait_s):
                return await waiting
        except TimeoutError as error:
            raise TtsError(
                f"The voice (espeak-ng) gave nothing for {self._longest_wait_s:g} s and was stopped."
            ) from error


def _find(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise EngineMissing(f"{program} is not installed: sudo apt-get install espeak-ng")
    return path


def _voice_option(name: str) -> str:
    if not _VOICE_NAME.fullmatch(name):
        raise SettingsError(f"voice.name is {name!r}: choose one that `espeak-ng --voices` lists.")
    return name


def _try_voice(command: tuple[str, ...], name: str) -> None:
    """Let the program load the voice and say nothing."""
    try:
        tried = subprocess.run(command, input=b"", capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineMissing(
            f"{command[0]} does not run: sudo apt-get install --reinstall espeak-ng"
        ) from error
    if tried.returncode != 0:
        raise SettingsError(f"voice.name is {name!r}: choose one that `espeak-ng --voices` lists.")
