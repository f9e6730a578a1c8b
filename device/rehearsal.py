"""Turns without a person: typed words or recordings through the same session that serves people.

`twominds ask` and `twominds replay` stand on this, and so do the benches. The microphone is a
recording, the speaker keeps what was said; everything between them is the real thing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from device.app import Beyond, Device, Sounding, assemble
from device.audio.recording import ENDINGS, load
from device.audio.simulated import RecordingMicrophone, SimulatedSpeaker
from device.body import feed
from device.config import Settings
from device.contracts import Audio
from device.conversation import Conversation
from device.egress import Egress, install_guard
from device.engines import Engines, load_engines
from device.errors import AudioFileError
from device.lived_time import FILE as LIVED
from device.lived_time import LivedTime
from device.notices import Board
from device.places import state_directory
from device.ports import Recall
from device.record import Kind, TurnRecord
from device.replies.joined import kept_replies

NOT_ASKED = "System 2 is not asked here: this command answers on board, only the agent keeps a link."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one recording, or one typed question, came to. The words are the caller's own, and not kept."""

    file: str = ""
    transcript: str = ""
    route: str = ""
    """Who answered in the end, and why."""
    asked: str = ""
    """Who was asked first, and why."""
    rival: str | None = None
    """The mind that was asked at the same time."""
    falls: tuple[str, ...] = ()
    """Whoever answered after the first one, in order, and why; the last one is `route`."""
    reply: str = ""
    spoken_s: float = 0.0
    stages_ms: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    notes: tuple[str, ...] = ()
    """What is wrong with the recording, though it could be used; who is not asked here."""

    @classmethod
    def of(cls, record: TurnRecord, file: str, notes: tuple[str, ...]) -> Outcome:
        """What a finished turn shows to whoever gave the recording."""
        asked = record.asked
        first = f"{asked.mind.value}: {asked.reason}" if asked else ""
        return cls(
            file=file,
            transcript=record.heard,
            route=record.falls[-1] if record.falls else first,
            asked=first,
            rival=asked.rival.value if asked and asked.rival else None,
            falls=tuple(record.falls),
            reply=record.spoken,
            spoken_s=round(record.spoken_s, 3),
            stages_ms=record.stages_ms,
            error=record.error or None,
            notes=notes,
        )

    def as_json(self) -> dict[str, Any]:
        """Without the notes, which are for a person."""
        return {name: value for name, value in asdict(self).items() if name != "notes"}

    def as_text(self) -> str:
        """For a person: what was heard, what was answered, by whom and how soon."""
        sound_ms = self.stages_ms.get("first_audio")
        soon = f", first sound after {sound_ms:.0f} ms" if sound_ms is not None else ""
        lines = [self.file] if self.file else []
        lines += [f"  note    {note}" for note in self.notes]
        if self.error:
            lines.append(f"  failed  {self.error}")
        if self.route or not self.error:
            lines.append(f"  heard   {self.transcript or '(nothing)'}")
            lines.append(f"  said    {self.reply or '(nothing)'}")
            lines += self._asked()
            lines.append(f"  by      {self.route or 'nobody'}{soon}")
        return "\n".join(lines)

    def _asked(self) -> list[str]:
        """Whoever was asked before, or beside, the one that answered."""
        if not (self.rival or self.falls):
            return []
        beside = f", and {self.rival} at the same time" if self.rival else ""
        return [f"  asked   {self.asked}{beside}", *(f"  then    {fall}" for fall in self.falls[:-1])]


async def ask(
    settings: Settings, *, text: str | None = None, recording: Path | None = None
) -> tuple[Outcome, Audio]:
    """One turn from typed words or from a recording; what came of it, and how it sounds.

    Raises AudioFileError, EngineMissing.
    """
    given = load(recording) if recording else None
    async with (
        _engines(settings) as engines,
        _recalling(settings, engines) as recall,
        on_stage(settings, engines, fast=True, recall=recall) as stage,
    ):
        record = await (stage.ask(text or "") if given is None else stage.hear(given.audio))
        notes = (*(given.notes if given else ()), *_left_out(settings))
        outcome = Outcome.of(record, str(recording or ""), notes)
        return outcome, stage.speaker.sound()


async def replay(settings: Settings, paths: Sequence[Path], *, fast: bool) -> AsyncIterator[Outcome]:
    """Every recording in `paths` as a turn of its own, in order; one that cannot be read says why."""
    async with _engines(settings) as engines, _recalling(settings, engines) as recall:
        for path in recordings(paths):
            try:
                given = load(path)
            except AudioFileError as error:
                yield Outcome(file=str(path), error=str(error))
                continue
            async with on_stage(settings, engines, fast=fast, recall=recall) as stage:
                notes = (*given.notes, *_left_out(settings))
                yield Outcome.of(await stage.hear(given.audio), str(path), notes)


def _left_out(settings: Settings) -> tuple[str, ...]:
    """What the agent would ask, and nobody asks here."""
    return (NOT_ASKED,) if settings.system2.url and settings.system2.use != "never" else ()


def _engines(settings: Settings) -> contextlib.AbstractAsyncContextManager[Engines]:
    """What they send, if anything, leaves by a gate of their own."""
    egress = Egress()
    install_guard(egress)
    return load_engines(settings, egress)


@contextlib.asynccontextmanager
async def _recalling(settings: Settings, engines: Engines) -> AsyncIterator[Recall]:
    """The replies that the agent keeps on this machine; nothing is learned here."""
    state = state_directory(os.environ)
    lived = LivedTime(state / LIVED, time.time, time.monotonic)
    async with kept_replies(settings, engines.tts.voice, state, lived.now) as replies:
        await replies.open()
        yield replies


def recordings(paths: Sequence[Path]) -> Iterator[Path]:
    """The files named, and the recordings below the folders named, sorted."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS)
        else:
            yield path


class Stage:
    """A device that is pressed and asked by a program."""

    def __init__(self, settings: Settings, engines: Engines, recall: Recall | None, *, fast: bool) -> None:
        self._fast = fast
        self._ended: asyncio.Queue[TurnRecord] = asyncio.Queue()
        self.speaker = SimulatedSpeaker(fast=fast)
        self.board = Board()
        self.device: Device = assemble(
            settings,
            engines,
            Sounding(self.speaker),
            self._ended.put_nowait,
            self.board,
            Conversation(),
            Beyond(recall=recall),
        )

    async def ask(self, text: str) -> TurnRecord:
        """The turn that a typed request came to."""
        self.device.session.ask(text)
        return await self.ended()

    async def ended(self) -> TurnRecord:
        """The next turn that ends."""
        return await self._ended.get()

    async def _spoken_turn(self) -> TurnRecord:
        while (record := await self.ended()).kind is not Kind.SPOKEN:
            continue
        return record

    async def hear(self, sound: Audio) -> TurnRecord:
        """Hold the button for as long as the recording lasts; the turn that it came to.

        A turn that the press cut off is passed over.
        """
        microphone = RecordingMicrophone(sound, fast=self._fast)
        async with asyncio.TaskGroup() as group:
            self.device.session.press()
            capture = group.create_task(feed(microphone, self.device.hub))
            ended = group.create_task(self._spoken_turn())
            over = group.create_task(microphone.finished.wait())
            await asyncio.wait((ended, over), return_when=asyncio.FIRST_COMPLETED)
            self.device.session.release()
            record = await ended
            over.cancel()
            capture.cancel()
        return record


@contextlib.asynccontextmanager
async def on_stage(
    settings: Settings, engines: Engines, *, fast: bool, recall: Recall | None = None
) -> AsyncIterator[Stage]:
    stage = Stage(settings, engines, recall, fast=fast)
    async with asyncio.TaskGroup() as group:
        session = group.create_task(stage.device.session.run(), name="session")
        yield stage
        session.cancel()
