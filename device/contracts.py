"""The values that flow through a turn: frames in, words, replies out.

Everything here is frozen and knows nothing of threads, sockets or time. Audio is mono, 16-bit
signed little-endian, and always carries its rate.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

RATE_HZ = 16_000
"""The pipeline's rate: webrtcvad takes 8/16/32/48 kHz, whisper and pocketsphinx take 16 kHz."""

FRAME_MS = 20
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000
FRAME_BYTES = 2 * FRAME_SAMPLES

TAP_S = 0.25
"""A press shorter than this, in which nobody speaks, is a tap: it silences, and two of them repeat."""


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of the microphone at 16 kHz: `FRAME_BYTES` of PCM and when its first sample was captured."""

    pcm: bytes
    captured_s: float
    """Monotonic seconds, of the clock that the whole process uses."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A piece of sound at any rate."""

    pcm: bytes
    rate_hz: int

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / 2 / self.rate_hz


@dataclass(frozen=True, slots=True)
class Transcript:
    """What an STT engine heard.

    `text` is empty when nothing was understood; `speech` then says whether somebody spoke at all.
    `certain` is False when the engine accepts speech that it was not made for too often: a command
    that acts is then confirmed before it is carried out.
    """

    text: str
    engine: str
    confidence: float = 1.0
    """0 to 1; comparable within one engine only."""
    certain: bool = True
    speech: bool = True
    heard_as: int | None = None
    """Under which number System 2 heard the sound itself; a question about it needs no words.

    With an empty `text`: it heard them, and does not tell them.
    """


@dataclass(frozen=True, slots=True)
class Intent:
    """A request that a skill serves: its name and what fills its slots."""

    name: str
    slots: Mapping[str, str | int | float] = field(default_factory=dict)


class Who(enum.Enum):
    """Who said a line of the conversation."""

    PERSON = "person"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conversation; the device's lines hold only what was really spoken."""

    who: Who
    text: str


@dataclass(frozen=True, slots=True)
class KeptReply:
    """A reply that was good before, found for the words of an utterance or for nearly these."""

    reply_id: int
    text: str
    confidence: float
    """0 to 1; 1 for the very words. One that is not sure enough is never given out."""
    source: str
    """Where it came from, in a word, for the record: pack, system_1, system_2, person."""
    spoken: tuple[Spoken, ...] = ()
    """The same as sound, clause by clause, where the voice in use has rendered it; else empty."""


@dataclass(frozen=True, slots=True)
class Request:
    """One utterance, understood as far as words go, on its way to a mind."""

    turn_id: int
    text: str
    language: str
    certain: bool
    history: tuple[Line, ...] = ()
    heard_as: int | None = None
    """See `Transcript`."""
    kept: KeptReply | None = None
    """A reply that was good before, if there is one."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model is asked to answer, in the order in which it reads it."""

    persona: str
    """Who it is and how it speaks; the same all day, so that it is taken in only once."""
    history: tuple[Line, ...]
    """Oldest first; the model drops the oldest where its context is too short."""
    notes: str = ""
    """What is true just now (the time, what was already said): it changes, so it comes late."""
    text: str = ""
    """The person's words; "" while they are still being spoken."""


# --- what a mind answers -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """A piece of text to speak; pieces may break anywhere, even inside a word."""

    text: str
    ends: bool = False
    """A clause is complete with it: nothing more has to come before it is spoken."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Sound that comes with the words it says, so that it can be judged and remembered."""

    text: str
    """A whole clause; "" for more of the sound of the clause before."""
    audio: Audio


class Gesture(enum.Enum):
    """What a robot can be asked to do, by name; nothing else reaches it."""

    WAVE = "wave"
    NOD = "nod"
    SHAKE_HEAD = "shake_head"
    LOOK_LEFT = "look_left"
    LOOK_RIGHT = "look_right"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    LOOK_AHEAD = "look_ahead"
    RAISE_ARMS = "raise_arms"
    LOWER_ARMS = "lower_arms"
    DANCE = "dance"


@dataclass(frozen=True, slots=True)
class Perform:
    """Let the robot make a gesture."""

    gesture: Gesture


class Emotion(enum.Enum):
    """The mood of what is said: heard in the voice, seen in the light and on the robot."""

    NEUTRAL = "neutral"
    HAPPY = "happy"
    EXCITED = "excited"
    CALM = "calm"
    CURIOUS = "curious"
    SURPRISED = "surprised"
    CARING = "caring"
    SAD = "sad"


@dataclass(frozen=True, slots=True)
class Express:
    """From here on, what is said has this mood."""

    emotion: Emotion


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Loudness of the voice, 0 to 100 %; `change` is relative, `percent` absolute: one of them."""

    percent: int | None = None
    change: int | None = None


@dataclass(frozen=True, slots=True)
class StopEverything:
    """The person asked for silence and stillness."""


class Mind(enum.Enum):
    """Who answers a turn."""

    SKILL = "skill"
    CACHE = "cache"
    SYSTEM_1 = "system_1"
    SYSTEM_2 = "system_2"
    STOCK = "stock"
    """A fixed phrase: a refusal, a fault, "I did not understand"."""


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """From here on this mind answers, and why: it won a race, or the one before it did not answer in time."""

    mind: Mind
    reason: str


@dataclass(frozen=True, slots=True)
class Unworded:
    """Sound whose words nobody knows: it cannot be judged, kept or remembered.

    Never made where guardian mode is on, which is `character.safety = "child"`.
    """

    audio: Audio


@dataclass(frozen=True, slots=True)
class Hush:
    """The answer is over, and what of it has not sounded yet is taken back."""


ReplyItem = Say | Spoken | Unworded | Express | Perform | SetVolume | StopEverything | AnsweredBy | Hush


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is still being made: read `items` once, to the end or close it."""

    mind: Mind
    items: AsyncIterator[ReplyItem]


@dataclass(frozen=True, slots=True)
class Route:
    """Which mind answers, and why, in words for the record and the page."""

    mind: Mind
    reason: str
    intent: Intent | None = None
    rival: Mind | None = None
    """A mind that is asked at the same time; the first good clause of the two is spoken."""
    opens: bool = False
    """A short, honest clause is spoken at once, because the mind is known to take its time."""
    later: bool = False
    """What this mind does not answer in time is found out later: nobody else guesses."""
    excuse: str = ""
    """A phrase that is said first: why System 2 does not answer; "" where that was told lately."""


# --- System 2 ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """What System 2 is asked."""

    turn_id: int
    text: str
    language: str
    heard_as: int | None = None
    """See `Transcript`; None: System 2 has only the text."""
    already_said: str = ""
    """What the device has said in this turn, or is saying: the answer goes on from there."""


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """How System 2 can be reached now, as it was measured."""

    up: bool
    why: str = ""
    """While it is not up: a sentence for a person, what happened and what to do."""
    round_trip_s: float | None = None
    """The median of the last ones; None before the first."""
    first_words_s: float | None = None
    """How long questions have lately waited for the first words of an answer; None before the first."""
    hears: bool = False
    """Sound may be sent to it: it can, and a person has agreed."""
    slow: bool = False
    """It is up, but round trips take so long that answers come late."""


@dataclass(frozen=True, slots=True)
class Due:
    """What the speaker is given now of sound that was held back."""

    audio: tuple[Audio, ...] = ()
    again_s: float | None = None
    """When to ask again, if nothing comes before; None: nothing is held."""


@dataclass(frozen=True, slots=True)
class BoardHealth:
    """How the board is, as it was last read; None where it does not say."""

    heat_c: float | None = None
    """Of its hottest part."""
    battery_percent: int | None = None
    discharging: bool = False
    """It runs on its battery now."""


class OutgoingKind(enum.Enum):
    """What is kept for System 2 until it is acknowledged; the more urgent first."""

    ERASURE = "erase"
    """What System 2 is to forget."""
    ALERT = "alert"
    """Somebody may be in need: when, and of what kind; never the words."""
    QUESTION = "question"
    """Something that the device has promised to find out."""
    RECORD = "record"
    """A turn with its words, by consent."""
    TELEMETRY = "telemetry"
    """A turn without words, or how the device is."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something that System 2 is to have, now or when it can be reached."""

    kind: OutgoingKind
    body: Mapping[str, Any]
    """Plain data, as JSON knows it; at most 16 kB of it."""
    key: str = ""
    """What is put under the same key again takes the place of what still waits under it; "": nothing does."""
    keep_s: float | None = None
    """How long it is worth sending; None: as long as the settings say."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that has left the device: what it was and when, never its words."""

    kind: str
    """An `OutgoingKind`'s value, or "turn" for a question that was asked at once."""
    ref: str
    """A report's id, or "<session> <turn>" as System 2 knows them."""
    peer: str
    """Whom it was sent to."""
    sent_utc: str
    """ISO 8601, of the device's clock; it may be wrong."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of one part of the device that was to forget."""

    part: str
    """By a name that a person understands."""
    removed: int
    """Lines, files, timers: as the part counts."""
    failed: str = ""
    """Why not all of it is gone; it is tried again."""


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What came of a wish that something be forgotten."""

    parts: tuple[Erased, ...] = ()
    sent: tuple[Sent, ...] = ()
    """What of it had already left the device."""
    asked_back: bool = False
    """A request that System 2 forgets that, too, waits in the outbox."""

    @property
    def done(self) -> bool:
        """All of it is gone from this device."""
        return not any(part.failed for part in self.parts)


class Promised(enum.Enum):
    """What became of a question that was to be found out about."""

    KEPT = "kept"
    ALREADY = "already"
    """It is being found out."""
    TOO_MANY = "too_many"


class News(enum.Enum):
    """What there is to tell of questions that the device promised to find out about."""

    FOUND = "found"
    OPEN = "open"
    EXPIRED = "expired"
    """Nothing is open any more, and of what was, something was not found out in time."""
    NONE = "none"


class Stock(enum.Enum):
    """Sentences that the device always has ready; their words stand in the language's pack."""

    NOT_UNDERSTOOD = "not_understood"
    """Somebody spoke, but not in words that the device knows."""
    STT_FAILED = "stt_failed"
    MIND_FAILED = "mind_failed"
    LOST_THREAD = "lost_thread"
    """A reply broke off in the middle."""
    GATE_FAILED = "gate_failed"
    MUTED = "muted"
    SETUP = "setup"
    UPDATING = "updating"
    STILL_LISTENING = "still_listening"
    """A typed request came while somebody is speaking."""
    NOTHING_HEARD = "nothing_heard"
    NOTHING_TO_REPEAT = "nothing_to_repeat"
    NO_MICROPHONE = "no_microphone"
    BUTTON_STUCK = "button_stuck"
    NO_SYSTEM_2 = "no_system_2"


# --- safety --------------------------------------------------------------------------------------


class Direction(enum.Enum):
    """Which way a text goes: from the person, or to the speaker."""

    HEARD = "heard"
    TO_SAY = "to_say"


class Ruling(enum.Enum):
    """What the safety gate says of a text."""

    ALLOW = "allow"
    REDIRECT = "redirect"
    """Say something kind instead."""
    SUPPORT = "support"
    """Somebody may be in need: say where help is, never block."""
    UNKNOWN = "unknown"
    """Could not be judged: never spoken, never cached."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's ruling on one text; `say_instead` is what a ruling other than ALLOW is answered with."""

    ruling: Ruling
    category: str = ""
    rule: str = ""
    say_instead: str = ""

    @property
    def allowed(self) -> bool:
        return self.ruling is Ruling.ALLOW


# --- announcements -------------------------------------------------------------------------------


class Urgency(enum.IntEnum):
    """How an announcement waits its turn; larger goes first."""

    PROMISE = 1
    """Only from idle."""
    FAULT = 2
    """As soon as the turn under way has ended."""
    ALARM = 3
    """Pre-empts a reply, never a person who is speaking."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something the device says of its own accord; worthless after `expires_s` (monotonic)."""

    announcement_id: int
    urgency: Urgency
    text: str
    expires_s: float
    rings: bool = False
    """A ringing sound goes before the words."""


class Outcome(enum.Enum):
    """What became of an announcement."""

    SAID = "said"
    DISMISSED = "dismissed"
    """A person cut it off, or had it stopped."""
    DROPPED = "dropped"
    """It came too late, or there were too many."""


# --- timers --------------------------------------------------------------------------------------


class TimerKind(enum.Enum):
    """What a person called it; how it is spoken of."""

    TIMER = "timer"
    ALARM = "alarm"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is to ring: after `length_s`, or at the time of day `local`; one of the two is set."""

    kind: TimerKind
    label: str = ""
    """A timer's name ("pasta"), or what a reminder is for, as the device says it ("to take your pills")."""
    length_s: int = 0
    """Seconds from when it is set."""
    local: datetime | None = None
    """Naive: what the clock on the wall shows when it rings."""


@dataclass(frozen=True, slots=True)
class RunningTimer:
    """A timer that is set, as it stood when it was asked for."""

    timer_id: int
    timer: Timer
    left_s: float
    """Seconds until it rings; 0 or less while it is ringing."""


class TimerRefusal(enum.Enum):
    """Why a timer was not set."""

    TOO_MANY = "too_many"
    TOO_LONG = "too_long"
    CLOCK_UNSET = "clock_unset"
    """The device does not know what time it is yet, so a time of day means nothing."""
