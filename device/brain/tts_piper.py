"""Piper as a text-to-speech engine (ports.TextToSpeech): a natural voice, by a neural network on board."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path

from device.brain.clause import pause_ms, words_to_say
from device.brain.moods import MOODS
from device.brain.piper_engine import Manner, PiperEngine, config_path, threads_for
from device.brain.silence_trim import SilenceTrimmer
from device.config import Piper, VoiceSettings
from device.contracts import Audio, Emotion
from device.errors import EngineMissing, StageError, StageTimeout, TtsError
from device.jobs import Job, Worker

log = logging.getLogger(__name__)

OWN_PACE = 165
"""Words per minute at which a voice keeps its own speed: what `voice.words_per_minute` is by default."""
PART_SHARE = 0.5
"""Of the longest wait: so long the board may work on a part of a sentence when it is not busy otherwise."""


class PiperTts:
    """One voice in a thread of its own; `load` it before use.

    Closing a clause stops it between two operations of the network, and at worst after the part of a
    sentence that is under way. A voice that hangs is given up, and another one is loaded at once, behind
    the scenes. What cannot be cured so is a hang inside espeak-ng's phonemes, which all voices of a
    process share behind one lock.
    """

    name = "piper"

    def __init__(
        self, model: Path, voice: VoiceSettings, piper: Piper, cores: int, longest_wait_s: float = 4.0
    ) -> None:
        """`model` is an ONNX file with its JSON beside it; nothing is read before `load`."""
        self._model = model
        self._pace = voice.words_per_minute / OWN_PACE
        self._piper = piper
        self._longest_wait_s = longest_wait_s
        threads = threads_for(piper.threads, cores)
        neutral = self._manner(Emotion.NEUTRAL)
        part_s = longest_wait_s * PART_SHARE
        self._worker = Worker("voice", lambda: PiperEngine(model, piper.speaker, threads, neutral, part_s))
        self._loading: Job[None] | None = None

    async def load(self, deadline_s: float) -> None:
        """Load the voice and warm it up. Raises EngineMissing, SettingsError, StageTimeout. Cancel-safe."""
        await self._worker.run(lambda engine, stop: None, deadline_s)

    async def synthesise(self, text: str, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Audio]:
        """The sound of one clause, sentence by sentence, silence around it cut; it may be none.

        Raises TtsError when the voice fails or gives nothing for `longest_wait_s`. Clauses that are
        asked for at the same time are spoken one after the other.
        """
        words = words_to_say(text)
        if not words:
            return
        await self._wait_for_new_voice()
        manner = self._manner(emotion)
        sounds = self._worker.stream(
            lambda engine, stop: engine.speak(words, manner, stop), self._longest_wait_s
        )
        trimmer: SilenceTrimmer | None = None
        with self._watched():
            async with aclosing(sounds):
                async for sound in sounds:
                    rate_hz = sound.rate_hz
                    trimmer = trimmer or SilenceTrimmer(rate_hz, tail_ms=pause_ms(words))
                    if pcm := trimmer.feed(sound.pcm):
                        yield Audio(pcm, rate_hz)
        if trimmer is not None and (tail := trimmer.finish()):
            yield Audio(tail, rate_hz)

    async def close(self) -> None:
        """Let the thread end after what it is doing."""
        await self._worker.close()

    @property
    def sound_key(self) -> str:
        """Everything that its sound depends on. Raises OSError when the model is not there."""
        stats = [path.stat() for path in (self._model, config_path(self._model))]
        files = [(stat.st_size, stat.st_mtime_ns) for stat in stats]
        piper = self._piper
        chosen = (self._pace, piper.speaker, piper.variation, piper.rhythm)
        return f"{self.name} {self._model.name} {files} {chosen}"

    def _manner(self, emotion: Emotion) -> Manner:
        """Pace and liveliness: as they were set, and a little as the mood is."""
        mood = MOODS[emotion]
        return Manner(
            length=1 / (self._pace * mood.speed),
            variation=min(self._piper.variation * mood.liveliness, 1.0),
            rhythm=min(self._piper.rhythm * mood.liveliness, 1.0),
        )

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Errors as the port has them; a voice that was given up meanwhile is loaded again."""
        given_up = self._worker.given_up
        try:
            yield
        except StageTimeout as error:
            waited_s = self._longest_wait_s
            raise TtsError(f"The voice (piper) gave nothing for {waited_s:g} s and was stopped.") from error
        except TtsError:
            raise
        except (EngineMissing, StageError) as error:
            raise TtsError(str(error)) from error
        finally:
            if self._worker.given_up > given_up:
                self._load_again()

    def _load_again(self) -> None:
        log.warning("The voice (piper) hung and was given up; it is loaded again.")
        with suppress(StageError):  # it hung too often: the next clause says so
            self._loading = self._worker.submit(lambda engine, stop: None)

    async def _wait_for_new_voice(self) -> None:
        """A voice that is being loaded again is waited for, but never given up: it may need longer."""
        if self._loading is not None:
            if not await self._loading.ends_within(self._longest_wait_s):
                raise TtsError("The voice (piper) is still being loaded.")
            self._loading = None
