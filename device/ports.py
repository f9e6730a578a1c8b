"""What the core asks of the rooms around it: small Protocols, implemented in audio/, hw/ and brain/.

A port never names an engine. Whoever implements one translates its library's errors into
`device.errors` (`raise … from`), bounds its own waiting where it can, and says in its docstring how
long its longest uninterruptible call may take.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Protocol

from device.contracts import (
    Audio,
    Direction,
    Due,
    Emotion,
    ErasureReport,
    Frame,
    Gesture,
    KeptReply,
    Line,
    LinkHealth,
    News,
    Outgoing,
    Promised,
    Prompt,
    Question,
    Reply,
    ReplyItem,
    Request,
    Route,
    RunningTimer,
    Sent,
    Timer,
    TimerRefusal,
    Transcript,
    Verdict,
)


class Microphone(Protocol):
    """A source of frames."""

    @property
    def name(self) -> str: ...

    def frames(self) -> AsyncIterator[Frame]:
        """20 ms frames at 16 kHz, as they are captured; ends when the source ends.

        A device that goes away is a fault that is told and cured elsewhere: frames go on when it is back.
        """
        ...

    def want(self, wanted: bool) -> None:
        """Open the device, or close it; while closed, nothing is captured. Returns at once."""
        ...


class VoiceDetector(Protocol):
    """Says of each frame whether somebody speaks. Stateful: `reset` between utterances."""

    name: str

    def is_speech(self, frame: Frame) -> bool: ...

    def reset(self) -> None: ...


class Listening(Protocol):
    """One utterance on its way through an STT engine."""

    def feed(self, frame: Frame) -> None:
        """Take a frame; returns at once, the work is done elsewhere."""
        ...

    @property
    def partial(self) -> str:
        """The words so far, may be empty and may change."""
        ...

    async def finish(self) -> Transcript:
        """No more frames: the final transcript. Raises SttError. Cancel-safe."""
        ...

    async def abandon(self) -> None:
        """The turn is over: stop working. Idempotent, also after `finish`."""
        ...


class SpeechToText(Protocol):
    """An STT engine, loaded and ready."""

    @property
    def name(self) -> str: ...

    def listen(self) -> Listening: ...

    async def close(self) -> None: ...


class LanguageModel(Protocol):
    """A language model, loaded and ready."""

    @property
    def name(self) -> str: ...

    async def prepare(self, prompt: Prompt) -> None:
        """Take in persona and history while the person still speaks; what it does is only ever time saved.

        Cancel-safe: the work stops within one step. Raises MindError.
        """
        ...

    def answer(self, prompt: Prompt) -> AsyncIterator[str]:
        """The reply in pieces, as they are made. Raises MindError.

        Closing the iterator stops the model within one token.
        """
        ...

    async def close(self) -> None: ...


class Brain(Protocol):
    """Decides who answers, and answers."""

    async def prepare(self, history: tuple[Line, ...]) -> None:
        """Somebody has begun to speak: get ready for whatever they say. Cancel-safe; never raises."""
        ...

    def route(self, request: Request) -> Route:
        """Pure and fast (≤ 5 ms): a skill, a cached reply, a mind, or a stock phrase."""
        ...

    def reply(self, request: Request, route: Route) -> Reply:
        """Start answering; nothing is computed before the items are read."""
        ...


class Recall(Protocol):
    """The replies that were good before."""

    async def recall(self, text: str, language: str) -> KeptReply | None:
        """The reply for these words, or nearly these; None where none is sure enough.

        Answers within 0.1 s and never raises: a disk that hangs or fails costs the cache, not the turn.
        Cancel-safe.
        """
        ...


class Outbox(Protocol):
    """What System 2 is to have later, kept on disk until it has acknowledged it."""

    async def put(self, item: Outgoing) -> None:
        """On disk when this returns. Raises OutboxError: it was not kept, and nobody may be told it was."""
        ...

    def note(self, item: Outgoing) -> None:
        """As `put`, but returns at once, and what cannot be kept is lost with a word in the log."""
        ...

    async def withdraw(self, key: str) -> bool:
        """Take back what still waits under `key`, for good; False: it was sent already, or never put.

        Raises OutboxError.
        """
        ...

    async def forget(self, since_s: float | None) -> tuple[Sent, ...]:
        """Erase what waits and came since `since_s` (lived seconds; None: all of it), free pages included.

        Tells what had already been sent in that time. Erasures that wait stay, and alerts, unless all of it
        is to go: no words are in either. Raises OutboxError.
        """
        ...


class Forgetting(Protocol):
    """What people said can be forgotten, everywhere and for good. Each takes up to 20 s; never raises."""

    async def forget_last_exchange(self) -> ErasureReport:
        """What was said last, by a person and in answer, and what is being said now."""
        ...

    async def forget_last(self, seconds: float) -> ErasureReport:
        """What was said in the last so many seconds."""
        ...

    async def forget_everything(self) -> ErasureReport:
        """All that was ever said, and every alarm."""
        ...

    def wish(self, last_s: float | None) -> None:
        """As the last two (None: everything), but returns at once; what comes of it is a notice."""
        ...


class System2(Protocol):
    """The deep mind, at the other end of the link."""

    @property
    def health(self) -> LinkHealth: ...

    def ask(self, question: Question) -> AsyncIterator[ReplyItem]:
        """The answer, as it comes. Raises NoSystem2, at once when the link is down; MindError.

        Closing the iterator tells System 2 to stop; nothing of this answer comes after that. Cancel-safe.
        """
        ...

    def listen(self) -> Listening:
        """Send it an utterance's sound while it is spoken; only where `health.hears`. Raises NoSystem2.

        Where it does not tell words, the transcript is empty, and says as what it was heard.
        """
        ...

    def spoken(self, turn_id: int, text: str, *, cut_off: bool) -> None:
        """A turn is over, and this sounded of it: it remembers no more than that. Returns at once.

        To be called for every turn: what was heard in it and not asked about is forgotten.
        """
        ...


class SoundEncoder(Protocol):
    """Sound on its way to the link, cut into packets of one length. Stateful: one stream."""

    def encode(self, pcm: bytes) -> list[tuple[int, bytes]]:
        """The packets that are now complete, each with its number in time from 0.

        Numbers of silence that need not be sent are left out. PCM is mono int16 at the pipeline's rate.
        """
        ...

    def finish(self) -> list[tuple[int, bytes]]:
        """The last packet, filled up with silence."""
        ...


class SoundDecoder(Protocol):
    """Packets from the link back into sound. Stateful: one stream."""

    def decode(self, number: int, packet: bytes) -> Audio | None:
        """The sound up to and including this packet, what was lost before it concealed; None if it is old.

        Raises LinkError for what is no packet of this codec.
        """
        ...


class SoundBuffer(Protocol):
    """Holds the link's sound back until it will not run dry. Pure: times are given, in monotonic seconds.

    One for the whole link: what one answer teaches about the network helps the next.
    """

    def push(self, audio: Audio, arrived_s: float) -> None:
        """The next piece of the stretch under way; without one, it begins one."""
        ...

    def end(self) -> None:
        """The clause is complete: nothing of it is held any longer."""
        ...

    def clear(self) -> None:
        """The speaker was silenced, and what is held will not sound."""
        ...

    def due(self, now_s: float) -> Due:
        """What may sound. To be asked after what came was pushed, after `end`, and at `again_s`."""
        ...


class SafetyGate(Protocol):
    """Judges every text, both ways. Fails closed: what it cannot judge is UNKNOWN."""

    async def judge(self, text: str, direction: Direction) -> Verdict: ...


class TextToSpeech(Protocol):
    """A TTS engine, loaded and ready."""

    @property
    def name(self) -> str: ...

    def synthesise(self, text: str, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Audio]:
        """The sound of one clause, in pieces as they are ready. Raises TtsError.

        Closing the iterator stops the engine.
        """
        ...

    async def close(self) -> None: ...


class Playback(Protocol):
    """One turn's sound on its way to the speaker."""

    async def write(self, audio: Audio) -> None:
        """Queue sound, in order; waits while more than the speaker's buffer is ahead (text blocks)."""
        ...

    async def drain(self) -> None:
        """Wait until all that was written has sounded, or was silenced."""
        ...

    @property
    def played_s(self) -> float:
        """Seconds of what was written that have really sounded."""
        ...

    async def started(self) -> float:
        """Wait for the first sample to sound; its monotonic time."""
        ...


class Speaker(Protocol):
    """Where replies sound. One playback at a time; beginning another silences the one before."""

    @property
    def name(self) -> str: ...

    @property
    def latency_s(self) -> float:
        """How long sound goes on in the air after `silence`: the device's buffer and the air."""
        ...

    def begin(self, turn_id: int) -> Playback: ...

    def silence(self) -> None:
        """Drop all that has not sounded. Takes effect within one block; never blocks; idempotent.

        One that plays in a thread of its own may be silenced from any thread, also while the loop hangs.
        """
        ...

    def set_volume(self, percent: int) -> None: ...


class Robot(Protocol):
    """A body. Gestures are typed and capped; `halt` comes before everything."""

    name: str

    async def perform(self, gesture: Gesture) -> None:
        """Raises RobotError. Nothing moves between `halt` and `release`."""
        ...

    async def express(self, emotion: Emotion) -> None:
        """Show a mood, as the body can; it stays until the next. Raises RobotError."""
        ...

    def release(self) -> None:
        """A person wants something again: motion is allowed."""
        ...

    def halt(self) -> None:
        """Stop all motion now; returns at once. From any thread, also while the loop hangs."""
        ...


class Controls(Protocol):
    """What a person can do to the device, whichever button, page or command it came by.

    Each returns at once; the session acts on it in order.
    """

    def press(self) -> None: ...

    def release(self) -> None: ...

    def ask(self, text: str) -> None:
        """A typed request, answered like a spoken one."""
        ...

    def stop(self) -> None: ...


class Switches(Protocol):
    """What a person can switch, beside talking. Each returns at once."""

    def mute(self, muted: bool) -> None:
        """Close the microphone, or allow it again."""
        ...

    def repeat(self) -> None:
        """Say again what was said last."""
        ...

    def set_up(self, on: bool) -> None:
        """Begin or end setup mode."""
        ...


class Button(Protocol):
    """The two edges of a button to talk by, whatever they come from: a pin, a key or the page.

    From the event loop; each returns at once.
    """

    def press(self) -> None: ...

    def release(self) -> None: ...


class Timers(Protocol):
    """The timers, alarms and reminders that are set. From the event loop; each returns at once."""

    @property
    def lasting(self) -> bool:
        """They survive a restart, as far as is known now."""
        ...

    def add(self, timer: Timer) -> TimerRefusal | None:
        """Set one; or why it was not set."""
        ...

    def cancel(self, timer_ids: Collection[int]) -> None:
        """These never ring again. Ids that are not set any more are passed over."""
        ...

    def running(self) -> tuple[RunningTimer, ...]:
        """What is set or ringing, the next one first."""
        ...

    def dismiss(self) -> None:
        """A person is here and heard what rings: it is over."""
        ...


class Promises(Protocol):
    """Questions that the device has promised to find out about, until they are told. From the event loop."""

    @property
    def waiting(self) -> bool:
        """There is one, found out or not."""
        ...

    def has(self, question: str) -> bool:
        """This one was promised, and was not told yet."""
        ...

    def found(self, question: str) -> bool:
        """This one was promised and found out, and was not told yet."""
        ...

    async def promise(self, question: str, language: str) -> Promised:
        """KEPT: on disk and on its way when this returns. Raises OutboxError: nothing may be promised."""
        ...

    def asked(self, question: str = "") -> News:
        """A person wants to know; what was found is told as soon as this turn is over, and first what is
        known of this `question`. Returns at once.
        """
        ...

    async def forget(self, *, everything: bool) -> None:
        """Erase what was spoken of last, or all; what System 2 knows of it already is asked back.

        Raises OutboxError: it was not erased.
        """
        ...
