"""What is put into the store of replies, and what is found there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to ask for a reply."""

    asked: str
    """The question as it was asked."""
    key: str
    """The same, normalised: what is looked up exactly."""
    terms: tuple[str, ...] = ()
    """What it is found by when the words are not quite the same; a word each, without spaces."""


@dataclass(frozen=True, slots=True)
class NewReply:
    """A reply to keep, under all the wordings that ask for it."""

    language: str
    wordings: tuple[Wording, ...]
    reply: str
    source: str
    """pack, system_1, system_2 or person."""
    verdict: str
    """What the safety gate said of it, and by which rules."""
    character: str = ""
    """Who may say it; "" for everyone."""
    expires_s: float | None = None
    """Lived seconds; None: never."""


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """A reply as it lies on disk, with the one wording that it was found by."""

    reply_id: int
    language: str
    asked: str
    key: str
    reply: str
    source: str
    verdict: str
    character: str
    made_s: float
    """Lived seconds, as all times here."""
    expires_s: float | None
    used_s: float | None
    """When it was last spoken; None: never yet."""
    uses: int


@dataclass(frozen=True, slots=True)
class SoundRow:
    """One clause of a reply as sound: mono int16 PCM."""

    text: str
    rate_hz: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class ReplyStats:
    """How much is kept."""

    replies: dict[str, int]
    """By source."""
    questions: int
    sounds: dict[str, int]
    """Replies that are ready as sound, by voice."""
    sound_bytes: int
    bytes_used: int
    """Pages of the database that hold something, times their size."""
