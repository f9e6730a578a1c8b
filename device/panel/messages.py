"""The page's protocol: what goes through the one WebSocket, `/talk`.

Text frames are JSON objects with their kind in `type`; binary frames are sound. Whoever opens the
socket first sends `hello` with the device's token and is answered with `welcome`. Where that says that
the microphone or the speaker is the page's, the page then opens its own and sends `tuned`. From there on
both sides send what they like; the device begins with all that a page shows. A frame that is not exactly
of a kind below ends the connection with a reason (close code 1008), a wrong token does (4401), and too
many wrong ones do (4429).

A binary frame is a number (unsigned, 32 bits, little-endian) and then PCM, mono, 16 bits signed
little-endian:

- up, the microphone, at the rate that `tuned` announced. The number counts the stretches of sound,
  which are called takes: after a press, the first frame holds all of the pre-roll, and batches of
  20 ms follow. A frame without PCM ends the take. Nothing is sent between takes.
- down, the voice, at the page's rate, too. The number is the `sound_id` of a `play`; what belongs to
  another sound than the last one begun is dropped.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from device.contracts import Emotion, Erased, Gesture, Mind, Sent, Who
from device.errors import TwomindsError
from device.notices import LightState, System2Standing

LONGEST_ASK = 500
"""Letters of a typed request."""
LONGEST_TOKEN = 64
LONGEST_BACK_S = 366 * 86_400.0
LARGEST_FRAME = 256 * 1024
"""Bytes. The largest that a page sends is 500 ms of pre-roll at 192 kHz, 192,004 bytes."""

SoundNumber = Annotated[int, Meta(ge=0, lt=2**32)]
_TAG = struct.Struct("<I")


class MalformedMessage(TwomindsError, ValueError):
    """A frame of the page is not of any kind that is known."""

    code = "page_message"


# --- from the page -------------------------------------------------------------------------------


class FromPage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """A text frame from the page."""


class Hello(FromPage, frozen=True, tag="hello"):
    """The first frame: the device's token, as the person typed it or as the address had it."""

    token: Annotated[str, Meta(max_length=LONGEST_TOKEN)]


class Tuned(FromPage, frozen=True, tag="tuned"):
    """The page's sound is open: the rate of its AudioContext, in both directions."""

    rate_hz: Annotated[int, Meta(ge=8_000, le=192_000)]


class Press(FromPage, frozen=True, tag="press"):
    """The button went down; this page has the floor from now on."""


class Release(FromPage, frozen=True, tag="release"):
    """The button went up. Without a press before it, nothing."""


class Ask(FromPage, frozen=True, tag="ask"):
    """A typed request; this page has the floor from now on."""

    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_ASK)]


class Stop(FromPage, frozen=True, tag="stop"):
    """Silence and stillness."""


class Mute(FromPage, frozen=True, tag="mute"):
    """Close the microphone, or allow it again."""

    muted: bool


class Repeat(FromPage, frozen=True, tag="repeat"):
    """Say again what was said last."""


class Choose(FromPage, frozen=True, tag="choose"):
    """A setting of those that the device offered, and what it shall be."""

    setting: Annotated[str, Meta(max_length=64)]
    value: int | float | Annotated[str, Meta(max_length=64)]


class Forget(FromPage, frozen=True, tag="forget"):
    """Erase what was said in the last so many seconds, or with null everything."""

    last_s: Annotated[float, Meta(gt=0, le=LONGEST_BACK_S)] | None


class Played(FromPage, frozen=True, tag="played"):
    """How far a sound has got: at its first sample, about every 50 ms, and when all of it has sounded."""

    sound_id: SoundNumber
    samples: SoundNumber


PageMessage = Hello | Tuned | Press | Release | Ask | Stop | Mute | Repeat | Choose | Forget | Played


# --- to the page ---------------------------------------------------------------------------------


class ToPage(Struct, frozen=True, tag_field="type"):
    """A text frame to the page."""


class Welcome(ToPage, frozen=True, tag="welcome"):
    """The answer to `hello`."""

    name: str
    """What the device is called."""
    microphone: Literal["page", "device"]
    """device: the page must not ask for the browser's."""
    speaker: Literal["page", "device"]
    """device: nothing is ever to be played in the page."""
    pre_roll_ms: int
    """How much sound from before a press begins a take."""
    post_roll_ms: int
    """How long a take goes on after a release."""
    loudest: int
    """Percent of full loudness that the owner allows; the volume is a share of that."""
    looks: Mapping[str, str]
    """How the device's light shows each state: a colour and a pattern, as in `#0040ff steady`."""


class Reach(ToPage, frozen=True, tag="reach"):
    """Where the page can be opened, without the token."""

    here: str
    """On the device itself."""
    network: tuple[str, ...]
    """From the local network; empty while it is not served there."""
    fingerprint: str
    """SHA-256 of the certificate on the local network; empty likewise."""


class Light(ToPage, frozen=True, tag="light"):
    """What the device's light shows; `leaving`: content is leaving the device right now."""

    state: LightState
    leaving: bool
    mood: Emotion
    """Of what is being said."""


class Floor(ToPage, frozen=True, tag="floor"):
    """Whether this page has the floor: replies sound on the page that pressed or asked last."""

    yours: bool


class Heard(ToPage, frozen=True, tag="heard"):
    """Words of the person, so far or final."""

    turn_id: int
    text: str
    final: bool
    engine: str


class Answering(ToPage, frozen=True, tag="answering"):
    """A clause of the reply, who answers and why."""

    turn_id: int
    text: str
    mind: Mind
    reason: str
    rival: Mind | None = None
    """Who was asked at the same time."""
    opens: bool = False
    """A short clause of the device's own goes before the answer."""


class SaidLine(Struct, frozen=True):
    """A line of the conversation."""

    who: Who
    text: str


class History(ToPage, frozen=True, tag="history"):
    """What was said before this page was opened, and how the last turns went: oldest first."""

    lines: tuple[SaidLine, ...]
    turns: tuple[Mapping[str, Any], ...]
    """Records, as consent allows them."""


class Offer(Struct, frozen=True):
    """A setting that can be chosen on the page."""

    setting: str
    value: int | float | str
    least: float | None = None
    most: float | None = None
    """For numbers."""
    choices: tuple[str, ...] = ()
    """For words."""
    live: bool = True
    """False: from the next start on."""


class Offers(ToPage, frozen=True, tag="offers"):
    """The settings that can be chosen on the page, as they are now."""

    offers: tuple[Offer, ...]


class Departure(Struct, frozen=True):
    """What left this device for one receiver, of one kind, since it started."""

    host: str
    port: int
    """0: a page that is open there."""
    content: Literal["audio", "text", "picture", "control"]
    sent_bytes: int
    first_utc: str
    last_utc: str


class Left(ToPage, frozen=True, tag="left"):
    """All that left this device since it started; at most once a second."""

    departures: tuple[Departure, ...]


class Moved(ToPage, frozen=True, tag="moved"):
    """The robot makes a gesture."""

    gesture: Gesture


class Standing(ToPage, frozen=True, tag="standing"):
    """What is so, whatever the conversation is doing."""

    muted: bool
    setup: bool
    online: bool
    volume: int
    mode: str
    faults: tuple[str, ...]
    system2: System2Standing | None = None
    """As `notices.System2Standing`; null: there is none."""


class Loudness(ToPage, frozen=True, tag="loudness"):
    """Of the microphone, while somebody is listened to; 0 is full scale."""

    peak_dbfs: float
    rms_dbfs: float


class Refused(ToPage, frozen=True, tag="refused"):
    """A press or a request was not taken: a sentence for a person."""

    why: str


class Turn(ToPage, frozen=True, tag="turn"):
    """The record of a turn that has ended, as consent allows it."""

    record: Mapping[str, Any]


class Forgotten(ToPage, frozen=True, tag="forgotten"):
    """Something was erased; a `history` of what is left follows."""

    done: bool
    """All of it is gone from the device; else it is tried again."""
    parts: tuple[Erased, ...]
    sent: tuple[Sent, ...]
    """What of it had been sent to System 2 before."""
    asked_back: bool


class Play(ToPage, frozen=True, tag="play"):
    """A new sound begins, and whatever sounded before it ends; its frames follow."""

    sound_id: int
    turn_id: int


class Silence(ToPage, frozen=True, tag="silence"):
    """Drop all sound that has not sounded, now."""


DeviceMessage = (
    Welcome
    | Reach
    | History
    | Offers
    | Left
    | Light
    | Standing
    | Loudness
    | Floor
    | Heard
    | Answering
    | Moved
    | Refused
    | Turn
    | Forgotten
    | Play
    | Silence
)


# --- the wire ------------------------------------------------------------------------------------

WORDS = (Heard, Answering, History, Turn)
"""What holds words of people, or may by consent: content, where it leaves the device."""

_decoder: msgspec.json.Decoder[PageMessage] = msgspec.json.Decoder(PageMessage)
_encoder = msgspec.json.Encoder()


def read(text: str) -> PageMessage:
    """A text frame of the page. Raises MalformedMessage."""
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise MalformedMessage(f"This is no message of the page: {error}") from error
    except UnicodeError as error:
        raise MalformedMessage("This is no message of the page: it is not UTF-8.") from error


def write(message: DeviceMessage) -> str:
    return _encoder.encode(message).decode()


def read_sound(frame: bytes) -> tuple[int, bytes]:
    """The number and the PCM of a binary frame. Raises MalformedMessage."""
    if len(frame) < _TAG.size or len(frame) % 2:
        raise MalformedMessage("This is no sound: a number of 4 bytes and samples of 2 bytes are.")
    return _TAG.unpack_from(frame)[0], frame[_TAG.size :]


def write_sound(sound_id: int, pcm: bytes) -> bytes:
    return _TAG.pack(sound_id) + pcm
