"""What a dialect is: how a server's own protocol is put into words that the link understands. Sans I/O.

The words are those of the native dialect (`device/link/native.py`); a dialect translates them to and from
the frames of its own wire, and says what its servers can do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from device.link import native as n

Wire: TypeAlias = str | bytes
"""A WebSocket frame: text or binary."""

ToSystem2: TypeAlias = n.Begin | n.Media | n.End | n.Ask | n.Clear | n.Said | n.ToolResult | n.Report | n.Ack
FromSystem2: TypeAlias = (
    n.Started
    | n.Taken
    | n.Transcript
    | n.Text
    | n.Media
    | n.Feeling
    | n.ToolCall
    | n.Ended
    | n.Clear
    | n.Halt
    | n.Drain
    | n.Refusal
    | n.Report
    | n.Ack
)


@dataclass(frozen=True, slots=True)
class Codec:
    """How sound is packed. `frame_ms` is the length of a packet."""

    name: str
    """opus or mulaw."""
    rate_hz: int
    frame_ms: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be asked of a server, as its dialect knows it before, and better once it is `Started`."""

    takes_text: bool
    takes_sound: bool
    gives_text: bool
    gives_sound: bool
    gives_words_of_sound: bool
    """The words come before their sound, so that they can be judged; without, guardian mode refuses it."""
    aborts: bool
    """It can be told to stop; without, what still comes is dropped here."""
    tools: bool
    reports: bool
    """It understands the device channel."""
    up: Codec
    down: Codec


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from a message: words for the link, frames for the server, and what its hook is sent."""

    words: tuple[FromSystem2, ...] = ()
    frames: tuple[Wire, ...] = ()
    posts: tuple[dict[str, Any], ...] = ()
    """JSON for `system2.hook_url`, by HTTP POST."""


class Dialect(Protocol):
    """One connection's protocol; a new one for every connection."""

    subprotocol: str | None
    """What is asked for in the WebSocket's handshake."""
    quiet_s: float | None
    """Where servers do not say that an answer is over: it is, when nothing of it came for so long."""
    longest_frame_bytes: int
    """Of what comes; the socket refuses longer ones."""

    @property
    def capabilities(self) -> Capabilities: ...

    def opened(self) -> Step:
        """The socket is open."""
        ...

    def received(self, frame: Wire) -> Step:
        """Raises LinkError for what breaks the rules: the connection is then ended."""
        ...

    def send(self, message: ToSystem2) -> Step:
        """Nothing, for what the dialect has no words for.

        Where servers do not tell what they heard, the end of an utterance is followed by an empty transcript:
        the question can be asked by the number under which it was heard.
        """
        ...

    def quiet(self) -> Step:
        """No sound came for `quiet_s`. Wherever no answer is under way, this does no harm."""
        ...
