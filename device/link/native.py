"""The native dialect, byte for byte: what device and System 2 say to each other. Sans I/O.

A message is one WebSocket frame: text frames hold a JSON object that `event` names, binary frames hold a
packet of sound. Keys that are not known are passed over, so that either side may be newer. docs/system-2.md
is the specification.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from device.errors import LinkError
from device.link.checked_json import checked, parse

PROTOCOL = "twominds.1"
"""The WebSocket subprotocol."""

LONGEST_PACKET_BYTES = 4096
LONGEST_WORDS = 8000
"""Characters of a message's text."""
_HEAD = struct.Struct(">IH")

TurnId: TypeAlias = Annotated[int, Meta(ge=0, lt=1 << 32)]
Name: TypeAlias = Annotated[str, Meta(max_length=128)]
Words: TypeAlias = Annotated[str, Meta(max_length=LONGEST_WORDS)]
FrameMs: TypeAlias = Literal[20, 40, 60]


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    """A text frame."""


@dataclass(frozen=True, slots=True)
class Media:
    """A packet of a turn's sound. `number` counts packets in time: what is left out is a gap."""

    turn_id: int
    number: int
    packet: bytes


# --- from the device -----------------------------------------------------------------------------


class Hello(Message, frozen=True, tag="start"):
    """The first message, in answer to the challenge: who asks, what it wants, and the proof."""

    websocket_id: Name
    """Random; new for each connection."""
    streamSid: Name  # noqa: N815 - a name of the wire
    """The same again: what servers of Twilio's kind look for."""
    device: DeviceInfo
    auth: Auth
    codec: Name = "opus"
    sample_rate: Annotated[int, Meta(ge=8000, le=48000)] = 24000
    """Of the sound that is wanted, Hz; what is sent has 16000."""
    frame_ms: FrameMs = 60
    features: frozenset[Name] = frozenset()
    """What the device wants: `audio_in`, `audio_out`, `tools`."""
    resume: Name = ""
    """The session that was under way on the connection before."""


class DeviceInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who the device is."""

    id: Name
    public_key: Name
    """Ed25519, in URL-safe base64 without padding."""
    agent: Name = ""
    """Program and release."""
    language: Name = "en"
    character: Name = ""
    """What it is called."""
    persona: Annotated[str, Meta(max_length=4000)] = ""
    audience: Literal["child", "adult"] = "child"


class Auth(msgspec.Struct, frozen=True, kw_only=True):
    """The device's signature under `signed_text`, in URL-safe base64 without padding."""

    host: Name
    """Host and port as the device dialled them: a proof is good for one gateway only."""
    signature: Name


class Begin(Message, frozen=True, tag="start"):
    """A person begins to speak; media follow. `answer`: without being asked, as soon as it was understood."""

    turn_id: TurnId
    answer: bool = False


class End(Message, frozen=True, tag="stop"):
    """The person has ended."""

    turn_id: TurnId


class Ask(Message, frozen=True, tag="ask"):
    """Answer this; without `text`, what was heard under the same turn_id."""

    turn_id: TurnId
    text: Words = ""
    language: Name = "en"
    already_said: Words = ""


class Clear(Message, frozen=True, tag="clear"):
    """Barge-in, either way: nothing more of this turn."""

    turn_id: TurnId


class Said(Message, frozen=True, tag="said"):
    """What really sounded of a turn; the history holds no more than that."""

    turn_id: TurnId
    text: Words = ""
    cut_off: bool = False


class ToolResult(Message, frozen=True, tag="tool_result"):
    """What became of a tool's call."""

    turn_id: TurnId
    id: Name
    ok: bool
    result: Words = ""


# --- from System 2 -------------------------------------------------------------------------------


class Challenge(Message, frozen=True, tag="challenge"):
    """The first message of all: what is to be signed."""

    nonce: Name


class Started(Message, frozen=True, tag="started"):
    """The device is known; from here on turns may come."""

    session_id: Name
    codec: Name = "opus"
    sample_rate: Annotated[int, Meta(ge=8000, le=48000)] = 24000
    frame_ms: FrameMs = 60
    features: frozenset[Name] = frozenset()
    """What will really be done of what was wanted."""
    device: Literal[0, 1] = 0
    """1: the device channel is understood."""


class Taken(Message, frozen=True, tag="taken"):
    """The question has arrived, and is being thought about."""

    turn_id: TurnId


class Transcript(Message, frozen=True, tag="transcript"):
    """What was heard, so far or final."""

    turn_id: TurnId
    text: Words
    final: bool = True
    confidence: Annotated[float, Meta(ge=0, le=1)] = 1.0


class Text(Message, frozen=True, tag="text"):
    """A piece of the answer. `audio`: a whole clause; its sound follows, until the turn's next message."""

    turn_id: TurnId
    text: Words
    audio: bool = False
    ends: bool = False
    """A clause is complete with it, so that nobody has to wait for what follows to see that."""


class Feeling(Message, frozen=True, tag="emotion"):
    """The mood of what follows."""

    turn_id: TurnId
    emotion: Name


class ToolCall(Message, frozen=True, tag="tool"):
    """Something that the device is asked to do, and to tell what became of it."""

    turn_id: TurnId
    id: Name
    name: Name
    arguments: Mapping[str, Any] = {}


class Ended(Message, frozen=True, tag="stop"):
    """The answer is complete, or will not be: then `message` is a sentence that says why."""

    turn_id: TurnId
    reason: Literal["done", "cleared", "refused", "failed"] = "done"
    message: Words = ""


class Halt(Message, frozen=True, tag="halt"):
    """Silence and stillness at once: the one stop, pulled from afar."""


class Drain(Message, frozen=True, tag="drain"):
    """The gateway goes down: end the turn under way, then come back after so many seconds."""

    retry_after_s: Annotated[float, Meta(ge=0, le=3600)] = 1.0


class Refusal(Message, frozen=True, tag="error"):
    """The connection is not wanted, or a message was not understood; `message` is a sentence for a person."""

    code: Name
    message: Words = ""
    turn_id: TurnId | None = None
    retry_after_s: Annotated[float, Meta(ge=0, le=3600)] | None = None
    """Where only time is needed: how long to stay away."""


# --- the device channel, either way --------------------------------------------------------------


class Report(Message, frozen=True, tag="device"):
    """Something beside the conversation. Sent again until it is acknowledged; `id` makes it count once."""

    op: Name
    id: Name
    seq: Annotated[int, Meta(ge=0, le=1 << 53)] = 0
    ts: Name = ""
    """When it was so: UTC, ISO 8601."""
    offline: bool = False
    body: Mapping[str, Any] = {}
    hash: Name = ""
    """`body_hash` of the body; an id with another one is an error. Empty: not said."""


class Ack(Message, frozen=True, tag="ack"):
    """What became of a report."""

    id: Name
    status: Literal["ok", "dup", "rejected", "retry"] = "ok"
    retry_after_s: Annotated[float, Meta(ge=0, le=86400)] = 0.0


FromDevice: TypeAlias = Hello | Begin | Media | End | Ask | Clear | Said | ToolResult | Report | Ack
FromSystem2: TypeAlias = (
    Challenge
    | Started
    | Taken
    | Transcript
    | Text
    | Media
    | Feeling
    | ToolCall
    | Ended
    | Clear
    | Halt
    | Drain
    | Refusal
    | Report
    | Ack
)


class _Named(msgspec.Struct, frozen=True):
    event: Name
    turn_id: Any = None


_named = msgspec.json.Decoder(_Named)
_encoder = msgspec.json.Encoder(order="deterministic")


def _decoders(*types: type[Message]) -> Mapping[str, msgspec.json.Decoder[Any]]:
    return {str(one.__struct_config__.tag): msgspec.json.Decoder(one) for one in types}


_FROM_DEVICE = _decoders(Hello, End, Ask, Clear, Said, ToolResult, Report, Ack)
_BEGIN = msgspec.json.Decoder(Begin)
_FROM_SYSTEM_2 = _decoders(
    Challenge,
    Started,
    Taken,
    Transcript,
    Text,
    Feeling,
    ToolCall,
    Ended,
    Clear,
    Halt,
    Drain,
    Refusal,
    Report,
    Ack,
)


def encode(message: FromDevice | FromSystem2) -> str | bytes:
    """The frame: text for a message, bytes for sound. Raises LinkError for what does not fit into one."""
    if not isinstance(message, Media):
        return _encoder.encode(message).decode()
    if len(message.packet) > LONGEST_PACKET_BYTES:
        raise LinkError(f"A packet of {len(message.packet)} bytes is too long to be sent.")
    return _HEAD.pack(message.turn_id, message.number & 0xFFFF) + message.packet


def from_device(frame: str | bytes) -> FromDevice | None:
    """What a device sent; None for an event that this release does not know. Raises LinkError."""
    if isinstance(frame, bytes):
        return _media(frame)
    data = checked(frame.encode(errors="surrogatepass"))
    named = parse(_named, data)
    decoder = _FROM_DEVICE.get(named.event)
    if named.event == "start" and named.turn_id is not None:
        decoder = _BEGIN
    return parse(decoder, data) if decoder else None


def from_system_2(frame: str | bytes) -> FromSystem2 | None:
    """What System 2 sent; None for an event that this release does not know. Raises LinkError."""
    if isinstance(frame, bytes):
        return _media(frame)
    data = checked(frame.encode(errors="surrogatepass"))
    decoder = _FROM_SYSTEM_2.get(parse(_named, data).event)
    return parse(decoder, data) if decoder else None


def body_hash(body: Mapping[str, Any]) -> str:
    """`Report.hash` of this body, hexadecimal: the same on both sides, in whatever order the keys came."""
    return hashlib.sha256(_encoder.encode(body)).hexdigest()


def signed_text(nonce: str, host: str, websocket_id: str) -> bytes:
    """What a device signs to prove that its key is its own, on this connection, to this host."""
    return "\n".join((PROTOCOL, nonce, host.lower(), websocket_id)).encode()


def _media(frame: bytes) -> Media:
    if not _HEAD.size < len(frame) <= _HEAD.size + LONGEST_PACKET_BYTES:
        raise LinkError(f"A packet of sound has {len(frame)} bytes.")
    turn_id, number = _HEAD.unpack_from(frame)
    return Media(turn_id, number, frame[_HEAD.size :])
