"""What servers have in common whose answers are mu-law sound in JSON, and nothing else. Sans I/O.

They number no turns, and cannot be told to stop. So here is kept which turn their sound belongs to, and what
still comes of an older one is dropped: after a barge-in, until a sign that a new answer begins (`fresh`).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from device.errors import LinkError
from device.link import native as n
from device.link.checked_json import checked, parse
from device.link.dialect import Capabilities, Codec, FromSystem2, Wire

LONGEST_FRAME_BYTES = 1024 * 1024
"""Some handlers send a whole answer in one message: this is 32 s at 24 kHz."""
END_OF_TURN_S = 1.2
"""Of silence, after which their own voice detection has seen the end of an utterance: FastRTC's looks at
0.6 s at a time, and one of these must be silent as a whole."""
QUIET_S = 1.5
"""Nobody says that an answer is over; a voice that is being made pauses for less than this."""
MOST_EARLY_BYTES = 1 << 20
"""Of an answer that begins before the question is known to be complete: 43 s at 24 kHz."""
SILENCE = b"\xff"
_SENTENCES = {
    "concurrency_limit_reached": "The server is full: it takes {limit} at a time.",
    "connection_already_exists": "The server has this conversation already.",
}


class Payload(msgspec.Struct, frozen=True):
    """Sound."""

    payload: str


class Name(msgspec.Struct, frozen=True):
    """Of a mark."""

    name: str = ""


class Meta(msgspec.Struct, frozen=True):
    """Why a connection was not taken."""

    error: str = ""
    limit: int | None = None


class Came(msgspec.Struct, frozen=True):
    """A message of theirs: some have `event`, some `type`, one has `status`."""

    event: str = ""
    type: str = ""
    status: str = ""
    media: Payload | None = None
    mark: Name | None = None
    meta: Meta | None = None
    data: Any = None
    message: Any = None

    @property
    def sentence(self) -> str:
        """What an error says of itself."""
        said = self.message if isinstance(self.message, str) else self.data
        return said[:500] if isinstance(said, str) else ""


_came = msgspec.json.Decoder(Came)
_encoder = msgspec.json.Encoder()


def sound_for_sound(up: Codec, down: Codec, *, takes_text: bool = False) -> Capabilities:
    """What such a server can be asked."""
    return Capabilities(
        takes_text=takes_text,
        takes_sound=True,
        gives_text=False,
        gives_sound=True,
        gives_words_of_sound=False,
        aborts=False,
        tools=False,
        reports=False,
        up=up,
        down=down,
    )


def read(frame: Wire) -> Came:
    """Raises LinkError for what is none of their messages; sound never comes in binary frames."""
    if isinstance(frame, bytes):
        raise LinkError("A binary message came, and this server has none.")
    return parse(_came, checked(frame.encode(errors="surrogatepass"), LONGEST_FRAME_BYTES))


def write(message: dict[str, Any]) -> str:
    """A message of ours."""
    return _encoder.encode(message).decode()


def to_base64(packet: bytes) -> str:
    return base64.b64encode(packet).decode()


def end_of_turn(rate_hz: int, frame_ms: int) -> list[bytes]:
    """The silence after an utterance, in packets."""
    return [SILENCE * (rate_hz * frame_ms // 1000)] * round(END_OF_TURN_S * 1000 / frame_ms)


def refusal(came: Came) -> n.Refusal | None:
    """If a message says that the connection is not taken."""
    if came.status != "failed":
        return None
    meta = came.meta or Meta()
    sentence = _SENTENCES.get(meta.error, "The server does not take this conversation.")
    limit = "only so many" if meta.limit is None else meta.limit
    return n.Refusal(code=meta.error[:128] or "failed", message=sentence.format(limit=limit))


class Answer:
    """Whose sound it is that comes. One for each connection."""

    def __init__(self) -> None:
        self._turn_id: int | None = None
        self._asked = False
        self._stale = False
        """What comes belongs to an older turn."""
        self._number = 0
        self._early = b""
        """Of an answer to what was said until now."""

    @property
    def turn_id(self) -> int | None:
        """Of the turn under way."""
        return self._turn_id

    @property
    def asked(self) -> bool:
        """The turn's question is complete, so that an answer may come."""
        return self._asked

    @property
    def sounding(self) -> bool:
        """Something of the answer has come, and it is not over."""
        return self._turn_id is not None and self._number > 0

    def begin(self, turn_id: int) -> None:
        """A question begins; what is still to come of the answer before is not wanted."""
        self.clear()
        self._turn_id, self._number = turn_id, 0

    def ask(self, turn_id: int) -> None:
        """A question is complete."""
        if turn_id != self._turn_id:
            self.begin(turn_id)
        self._asked = True

    def heard(self) -> tuple[FromSystem2, ...]:
        """It has the whole question, though nobody will tell in which words; it may be answering already."""
        if self._turn_id is None:
            return ()
        early, self._early = self._early, b""
        return (n.Transcript(turn_id=self._turn_id, text=""), *self._packets(early))

    def clear(self) -> None:
        """Nothing more of this turn."""
        self._stale |= self._asked
        self._turn_id, self._asked, self._early = None, False, b""

    def fresh(self) -> None:
        """What comes from now on is no older answer."""
        self._stale, self._early = False, b""

    def starting(self) -> None:
        """An answer begins, it says; while somebody still speaks, it may be one to what was cut off."""
        self._early = b""
        if self._asked:
            self.fresh()

    def sound(self, payload: str) -> tuple[n.Media, ...]:
        """What is to be heard of it: nothing that is stale, or that nobody asked for. Raises LinkError.

        A server may take a pause for the end and begin before the question is complete. That is kept until it
        is: if more was said, the server begins anew, and it was an answer to half of the question.
        """
        try:
            data = base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError) as error:
            raise LinkError("A message's sound is not in base64.") from error
        if self._turn_id is None:
            self._stale = True
        if self._stale:
            return ()
        if not self._asked:
            self._early = (self._early + data)[:MOST_EARLY_BYTES]
            return ()
        return self._packets(data)

    def _packets(self, data: bytes) -> tuple[n.Media, ...]:
        assert self._turn_id is not None
        longest = n.LONGEST_PACKET_BYTES
        pieces = [data[at : at + longest] for at in range(0, len(data), longest)]
        first, self._number = self._number, self._number + len(pieces)
        return tuple(n.Media(self._turn_id, first + i, piece) for i, piece in enumerate(pieces))

    def failed(self, sentence: str) -> tuple[FromSystem2, ...]:
        """The answer that was asked for will not come."""
        if self._turn_id is None or not self._asked:
            return ()
        return (self._ended(n.Ended(turn_id=self._turn_id, reason="failed", message=sentence)),)

    def quiet(self) -> tuple[FromSystem2, ...]:
        """No sound came for so long that what came before is over."""
        self._stale = False
        if self._turn_id is None or not self.sounding:
            return ()
        return (self._ended(n.Ended(turn_id=self._turn_id)),)

    def _ended(self, ended: n.Ended) -> n.Ended:
        self._turn_id, self._asked = None, False
        return ended
