"""The dialect "FastRTC as it is": `/websocket/offer`, as FastRTC's `Stream.mount` makes it. Sans I/O.

Its sound is mu-law in base64 at the rates of the server's handler, which are never announced. There are no
words, no turns, no abort and no end of an answer: see `sound_only`. A handler whose `emit` raises sends
nothing from then on, while its socket still answers pings: when no answer comes, only a new connection heals
it. `stop` ends the socket, so it is not sent.
"""

from __future__ import annotations

from typing import Any

from device.link import native as n
from device.link.dialect import Capabilities, Codec, FromSystem2, Step, ToSystem2, Wire
from device.link.sound_only import (
    LONGEST_FRAME_BYTES,
    QUIET_S,
    Answer,
    Came,
    end_of_turn,
    read,
    refusal,
    sound_for_sound,
    to_base64,
    write,
)


class FastRtc:
    """One connection."""

    subprotocol: str | None = None
    quiet_s: float | None = QUIET_S
    longest_frame_bytes = LONGEST_FRAME_BYTES

    def __init__(
        self,
        websocket_id: str,
        *,
        up_hz: int = 48_000,
        down_hz: int = 24_000,
        frame_ms: int = 60,
        hook: bool = False,
    ) -> None:
        """`websocket_id`: random, and new for each connection, for a failed one ends whoever has the same.

        `up_hz`, `down_hz`: the handler's `input_sample_rate` and `output_sample_rate`, FastRTC's defaults
        here. `hook`: `system2.hook_url` is set, so that the handler can be sent text.
        """
        self._websocket_id = websocket_id
        self._up = Codec("mulaw", up_hz, frame_ms)
        self._down = Codec("mulaw", down_hz, frame_ms)
        self._hook = hook
        self._answer = Answer()
        self._started = False
        self._wanted = False
        """The handler waits for what the hook is sent."""
        self._owed = False
        """A question is complete, and the handler was not told of it yet: it is told once."""
        self._text: n.Ask | None = None

    @property
    def capabilities(self) -> Capabilities:
        return sound_for_sound(self._up, self._down, takes_text=self._hook)

    def opened(self) -> Step:
        """The answer to the ping shows that it is such a server, and that it has not refused us."""
        start = {"event": "start", "websocket_id": self._websocket_id}
        return Step(frames=(write(start), write({"event": "ping"})))

    def received(self, frame: Wire) -> Step:
        """Raises LinkError."""
        came = read(frame)
        refused = refusal(came)
        if refused is not None:
            return Step(words=(refused,))
        if came.event == "media" and came.media is not None:
            return Step(words=self._answer.sound(came.media.payload))
        if came.event == "pong":
            return self._pong()
        if came.type == "send_input":
            self._wanted = True
            return self._post()
        return Step(words=self._told(came))

    def send(self, message: ToSystem2) -> Step:
        """Begin and clear are known here alone; the end of an utterance is silence."""
        match message:
            case n.Begin():
                self._owed, self._text = False, None
                self._answer.begin(message.turn_id)
            case n.Media():
                return Step(frames=(self._media(message.packet),))
            case n.End():
                self._answer.ask(message.turn_id)
                self._owed = True
                silence = end_of_turn(self._up.rate_hz, self._up.frame_ms)
                frames = tuple(self._media(packet) for packet in silence)
                return Step(self._answer.heard(), frames, self._post().posts)
            case n.Ask(text=text) if text and self._hook:
                self._answer.ask(message.turn_id)
                self._owed, self._text = True, message
                return self._post()
            case n.Clear() if message.turn_id == self._answer.turn_id:
                self._owed, self._text = False, None
                self._answer.clear()
        return Step()

    def quiet(self) -> Step:
        """See `Dialect.quiet`."""
        return Step(words=self._answer.quiet())

    def _pong(self) -> Step:
        if self._started:
            return Step()
        self._started = True
        started = n.Started(
            session_id=self._websocket_id,
            codec=self._down.name,
            sample_rate=self._down.rate_hz,
            features=frozenset({"audio_in", "audio_out"}),
        )
        return Step(words=(started,))

    def _told(self, came: Came) -> tuple[FromSystem2, ...]:
        """What it says beside the sound."""
        turn_id = self._answer.turn_id
        if came.type == "error":
            return self._answer.failed(came.sentence)
        if came.type != "log" or turn_id is None:
            return ()
        if came.data == "response_starting":
            self._answer.starting()
        return (n.Taken(turn_id=turn_id),) if came.data == "pause_detected" and self._answer.asked else ()

    def _post(self) -> Step:
        """What the handler waits for, as soon as there is a question; with its words where they are known."""
        if not (self._wanted and self._hook and self._owed):
            return Step()
        self._wanted = self._owed = False
        text, self._text = self._text, None
        body: dict[str, Any] = {"webrtc_id": self._websocket_id, "text": text.text if text else ""}
        return Step(posts=({**body, "language": text.language} if text else body,))

    def _media(self, packet: bytes) -> str:
        return write({"event": "media", "media": {"payload": to_base64(packet)}})
