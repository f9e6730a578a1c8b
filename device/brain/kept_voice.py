"""A voice that has its fixed sentences ready: rendered once, kept on disk, spoken without its engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from device.brain.chunker import in_clauses
from device.brain.kept_sounds import KeptSounds, voice_name
from device.contracts import Audio, Emotion
from device.errors import StageTimeout, TtsError
from device.jobs import Worker
from device.pipeline import close, each_within
from device.ports import TextToSpeech

log = logging.getLogger(__name__)

MOST_BYTES = 32_000_000
"""Of kept sound, in memory and on disk: twelve minutes at 22 kHz, about twice what ships."""
LOOK_EVERY_S = 0.1
"""How often it is looked whether the device is still idle: this long a person who presses may wait."""
RENDER_LIMIT_S = 60.0
"""For a piece of a clause in the background, also on a slow board."""
DISK_LIMIT_S = 30.0
MOST_FAILURES = 3
"""After so many clauses that could not be rendered the rest waits for the next start."""


class KeptVoice:
    """The `TextToSpeech` port around another: kept clauses sound at once, also while the engine hangs.

    They are kept in the neutral mood and spoken so in every mood: that they sound at all comes first.
    Sentences are kept by the clauses in which a reply is spoken.
    """

    def __init__(self, tts: TextToSpeech, sentences: Iterable[str], folder: Path, key: str) -> None:
        """`key` names everything that the sound of `tts` depends on: another voice never gets this sound."""
        self.name = tts.name
        self.voice = voice_name(key)
        """Another whenever the same text sounds otherwise."""
        self._tts = tts
        self._clauses = tuple(dict.fromkeys(c for sentence in sentences for c in in_clauses(sentence)))
        self._sounds: dict[str, Audio] = {}
        self._disk = Worker("kept sounds", lambda: KeptSounds(folder, key))
        self._disk_works = True
        self._one_at_a_time = asyncio.Lock()
        self._rendering: asyncio.Task[Audio | None] | None = None
        self._in_use = 0

    @property
    def missing(self) -> tuple[str, ...]:
        """The clauses that are not ready yet."""
        return tuple(clause for clause in self._clauses if clause not in self._sounds)

    async def load(self, deadline_s: float) -> None:
        """Read what was kept; what cannot be read is rendered again. Never raises. Cancel-safe."""
        try:
            self._sounds = await self._disk.run(lambda disk, _: disk.load(self._clauses), deadline_s)
        except (OSError, StageTimeout) as error:
            self._disk_failed(error)

    async def synthesise(self, text: str, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Audio]:
        """The kept sound, or the engine's. Raises what the engine raises; closing closes the engine."""
        kept = self._kept(text)
        if kept:
            for audio in kept:
                yield audio
            return
        self._in_use += 1
        try:
            await self._stop_rendering()
            sound = self._tts.synthesise(text, emotion)
            try:
                async for audio in sound:
                    yield audio
            finally:
                await close(sound)
        finally:
            self._in_use -= 1

    async def render_missing(self, idle: Callable[[], bool]) -> None:
        """Render what is not ready yet, one clause after the other, each as `render` does.

        Ends when all is ready, when there is too much of it, or after some failures. Cancel-safe.
        """
        failures = 0
        for clause in self.missing:
            audio = await self.render(clause, idle)
            if audio is None:
                failures += 1
                log.warning("A stock phrase could not be rendered; it will be spoken when it is needed.")
                if failures == MOST_FAILURES:
                    return
            elif not await self._keep(clause, audio):
                return

    async def render(self, clause: str, idle: Callable[[], bool]) -> Audio | None:
        """A clause's sound, made in the background and only while `idle()` says so; None if that fails.

        It is broken off as soon as somebody wants the device or the voice, and made anew later. Whoever
        else renders waits until it is done. Cancel-safe.
        """
        if (kept := self._sounds.get(clause)) is not None:
            return kept
        async with self._one_at_a_time:
            return await self._rendered(clause, lambda: not self._in_use and idle())

    async def close(self) -> None:
        """Close the engine, too; kept clauses can still be spoken."""
        await self._stop_rendering()
        await self._disk.close()
        await self._tts.close()

    def _kept(self, text: str) -> list[Audio]:
        """The sound of a clause or of a whole sentence; empty unless all of it is ready."""
        clauses = (text.strip(),) if text.strip() in self._sounds else in_clauses(text)
        kept = [self._sounds[clause] for clause in clauses if clause in self._sounds]
        return kept if len(kept) == len(clauses) else []

    async def _rendered(self, clause: str, idle: Callable[[], bool]) -> Audio | None:
        """The clause's sound, made while the device is idle; None if this voice cannot make it."""
        while True:
            while not idle():  # noqa: ASYNC110 - what is idle is a matter of many things
                await asyncio.sleep(LOOK_EVERY_S)
            async with asyncio.TaskGroup() as group:
                rendering = group.create_task(self._render(clause), name="render a stock phrase")
                self._rendering = rendering
                while not (await asyncio.wait([rendering], timeout=LOOK_EVERY_S))[0]:
                    if not idle():
                        rendering.cancel()
            self._rendering = None
            if not rendering.cancelled():
                return rendering.result()

    async def _render(self, clause: str) -> Audio | None:
        sound = self._tts.synthesise(clause)
        pieces: list[Audio] = []
        try:
            async for audio in each_within(sound, "voice", RENDER_LIMIT_S, RENDER_LIMIT_S):
                pieces.append(audio)
        except (TtsError, StageTimeout):
            return None
        if not pieces or self._tts.name != self.name:  # another voice stands in for it just now
            return None
        return Audio(b"".join(piece.pcm for piece in pieces), pieces[0].rate_hz)

    async def _stop_rendering(self) -> None:
        """Somebody wants the voice now."""
        if self._rendering is not None:
            self._rendering.cancel()
            await asyncio.wait([self._rendering])

    async def _keep(self, clause: str, audio: Audio) -> bool:
        """Whether there was room for it."""
        if len(audio.pcm) + sum(len(kept.pcm) for kept in self._sounds.values()) > MOST_BYTES:
            log.info("There are more stock phrases than are kept ready.")
            return False
        self._sounds[clause] = audio
        if self._disk_works:
            try:
                await self._disk.run(lambda disk, _: disk.write(clause, audio), DISK_LIMIT_S)
            except (OSError, StageTimeout) as error:
                self._disk_failed(error)
        return True

    def _disk_failed(self, error: OSError | StageTimeout) -> None:
        self._disk_works = False
        log.warning("Stock phrases are kept in memory only, until the next start: %s", error)
