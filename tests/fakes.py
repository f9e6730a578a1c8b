"""Stand-ins for engines, for tests of what joins them: scripted, timed, and able to fail in every way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from device.contracts import (
    Audio,
    Direction,
    Emotion,
    Frame,
    Gesture,
    KeptReply,
    Line,
    LinkHealth,
    Mind,
    Prompt,
    Question,
    Reply,
    ReplyItem,
    Request,
    Route,
    Ruling,
    Say,
    Stock,
    Transcript,
    Verdict,
)
from device.errors import NoSystem2, RobotError

SOUND_HZ = 16_000


async def for_ever() -> None:
    """What a hung engine does."""
    await asyncio.Event().wait()


@dataclass
class FakeListening:
    """Hears what it was told to hear."""

    stt: FakeStt
    frames: list[Frame] = field(default_factory=list)
    abandoned: bool = False
    partial: str = ""

    def feed(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.partial = self.stt.partials.get(len(self.frames), self.partial)

    async def finish(self) -> Transcript:
        await asyncio.sleep(self.stt.takes_s)
        if self.stt.fails is not None:
            raise self.stt.fails
        if self.stt.hangs:
            await for_ever()
        return Transcript(
            self.stt.hears, "fake", certain=self.stt.certain, speech=True, heard_as=self.stt.heard_as
        )

    async def abandon(self) -> None:
        await asyncio.sleep(self.stt.abandoning_takes_s)
        self.abandoned = True


@dataclass
class FakeStt:
    hears: str = "what time is it"
    certain: bool = True
    heard_as: int | None = None
    takes_s: float = 0.0
    abandoning_takes_s: float = 0.0
    hangs: bool = False
    fails: Exception | None = None
    partials: dict[int, str] = field(default_factory=dict)
    listenings: list[FakeListening] = field(default_factory=list)
    name: str = "fake ears"

    def listen(self) -> FakeListening:
        self.listenings.append(FakeListening(self))
        return self.listenings[-1]

    async def close(self) -> None: ...


@dataclass
class FakeDetector:
    """Every frame that is not all zero is speech."""

    name: str = "fake detector"

    def is_speech(self, frame: Frame) -> bool:
        return any(frame.pcm)

    def reset(self) -> None: ...


@dataclass
class FakeBrain:
    """Says the same to everything, an item every `every_s`."""

    items: Sequence[ReplyItem | Exception] = (Say("It is noon. "), Say("Lunch is at one."))
    every_s: float = 0.0
    hangs_after: int | None = None
    requests: list[Request] = field(default_factory=list)
    closed: int = 0
    mind: Mind = Mind.SKILL
    prepared: list[tuple[Line, ...]] = field(default_factory=list)
    preparing_takes_s: float = 0.0
    ready: int = 0
    """Preparations that came to their end."""

    async def prepare(self, history: tuple[Line, ...]) -> None:
        self.prepared.append(history)
        await asyncio.sleep(self.preparing_takes_s)
        self.ready += 1

    def route(self, request: Request) -> Route:
        self.requests.append(request)
        return Route(self.mind, "the fake skill")

    def reply(self, request: Request, route: Route) -> Reply:
        return Reply(self.mind, self._items())

    async def _items(self) -> AsyncIterator[ReplyItem]:
        try:
            for number, item in enumerate(self.items):
                await asyncio.sleep(self.every_s)
                if number == self.hangs_after:
                    await for_ever()
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.closed += 1


@dataclass
class FakeModel:
    """Says the same to everything, a piece every `every_s`."""

    pieces: Sequence[str] = ("It is noon. ", "Lunch is at one.")
    every_s: float = 0.0
    fails: Exception | None = None
    fails_after: int = 0
    hangs: bool = False
    prompts: list[Prompt] = field(default_factory=list)
    prepared: list[Prompt] = field(default_factory=list)
    closed: int = 0
    name: str = "fake model"

    async def prepare(self, prompt: Prompt) -> None:
        self.prepared.append(prompt)
        if self.fails is not None:
            raise self.fails

    async def answer(self, prompt: Prompt) -> AsyncIterator[str]:
        self.prompts.append(prompt)
        try:
            for number, piece in enumerate([*self.pieces, ""]):
                await asyncio.sleep(self.every_s)
                if self.hangs:
                    await for_ever()
                if self.fails is not None and number == self.fails_after:
                    raise self.fails
                if piece:
                    yield piece
        finally:
            self.closed += 1

    async def close(self) -> None: ...


@dataclass
class FakeSystem2:
    """Says the same to everything, an item every `every_s`; `FakeListening` is its ears."""

    items: Sequence[ReplyItem | Exception] = (Say("Far away it is noon. "), Say("Lunch is at one."))
    first_s: float = 0.0
    """Before the first item."""
    every_s: float = 0.0
    hangs_after: int | None = None
    health: LinkHealth = field(default_factory=lambda: LinkHealth(up=True))
    ears: FakeStt = field(default_factory=FakeStt)
    questions: list[Question] = field(default_factory=list)
    given: int = 0
    """Items that were read."""
    closed: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: the link goes down, whatever is under way."""

    async def ask(self, question: Question) -> AsyncIterator[ReplyItem]:
        self.questions.append(question)
        try:
            await self._pause(self.first_s)
            for number, item in enumerate(self.items):
                await self._pause(self.every_s)
                if number == self.hangs_after:
                    await self._pause(1e9)
                if isinstance(item, Exception):
                    raise item
                self.given += 1
                yield item
        finally:
            self.closed += 1

    def listen(self) -> FakeListening:
        assert self.health.hears, "sound was sent although nobody agreed"
        return self.ears.listen()

    def spoken(self, turn_id: int, text: str, *, cut_off: bool) -> None: ...

    async def _pause(self, seconds: float) -> None:
        """Raises NoSystem2 when the link is lost meanwhile, at once when it is not up."""
        if not self.health.up:
            raise NoSystem2("System 2 cannot be reached.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.lost.wait()
        if self.lost.is_set():
            raise NoSystem2("The link to System 2 was lost.")


@dataclass
class FakeRecall:
    """Knows one reply to whatever is asked."""

    reply: KeptReply
    asked: list[str] = field(default_factory=list)

    async def recall(self, text: str, language: str) -> KeptReply | None:
        self.asked.append(text)
        return self.reply


@dataclass
class FakeGate:
    """Lets everything pass but texts with a forbidden word."""

    forbidden: str = "forbidden"
    instead: str = "Let us talk of something else."
    ruling: Ruling = Ruling.REDIRECT
    category: str = "test"
    hangs: bool = False
    fails: Exception | None = None
    judged: list[tuple[str, Direction]] = field(default_factory=list)

    async def judge(self, text: str, direction: Direction) -> Verdict:
        self.judged.append((text, direction))
        if self.hangs:
            await for_ever()
        if self.fails is not None:
            raise self.fails
        if self.forbidden in text:
            return Verdict(self.ruling, self.category, say_instead=self.instead)
        return Verdict(Ruling.ALLOW)


@dataclass
class FakeVoice:
    """A tenth of a second of sound for every word, in pieces of one word."""

    first_takes_s: float = 0.0
    fails_on: Callable[[str], Exception | None] = lambda text: None
    hangs: bool = False
    hangs_after_words: int | None = None
    silent: bool = False
    texts: list[str] = field(default_factory=list)
    emotions: list[Emotion] = field(default_factory=list)
    name: str = "fake voice"

    async def synthesise(self, text: str, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Audio]:
        self.texts.append(text)
        self.emotions.append(emotion)
        await asyncio.sleep(self.first_takes_s)
        failure = self.fails_on(text)
        if failure is not None:
            raise failure
        if self.hangs:
            await for_ever()
        for number, _ in enumerate(() if self.silent else text.split()):
            if number == self.hangs_after_words:
                await for_ever()
            yield Audio(b"\1\0" * (SOUND_HZ // 10), SOUND_HZ)

    async def close(self) -> None: ...


@dataclass
class FakeRobot:
    name: str = "fake robot"
    done: list[Gesture] = field(default_factory=list)
    moods: list[Emotion] = field(default_factory=list)
    halts: int = 0
    halted: bool = False
    hangs: bool = False
    refuses: bool = False
    breaks: bool = False

    async def perform(self, gesture: Gesture) -> None:
        if self.hangs:
            await for_ever()
        if self.breaks:
            raise KeyError(gesture)
        if self.halted or self.refuses:
            raise RobotError("The robot was stopped.")
        self.done.append(gesture)

    async def express(self, emotion: Emotion) -> None:
        if self.hangs:
            await for_ever()
        self.moods.append(emotion)

    def halt(self) -> None:
        self.halted = True
        self.halts += 1

    def release(self) -> None:
        self.halted = False


def stock(which: Stock) -> str:
    """The sentence for a stock phrase, recognisable by its name."""
    return f"Stock {which.value.replace('_', ' ')}."
