"""The dialect of Twilio's Media Streams, spoken as Twilio does: a call that the server answers. Sans I/O.

Many servers take such calls: Pipecat's Twilio serializer, FastRTC's `/telephone/handler`. Sound is mu-law at
8 kHz both ways, in base64. There are no words, no turns and no abort: see `sound_only`. `clear` and `mark`
come from the server alone; a mark is sent back when what was before it has sounded, or was cleared.
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

RATE_HZ = 8_000
MOST_MARKS = 64
"""That wait for their sound; of more, the oldest are forgotten."""


class Twilio:
    """One connection, which is one call."""

    subprotocol: str | None = None
    quiet_s: float | None = QUIET_S
    longest_frame_bytes = LONGEST_FRAME_BYTES

    def __init__(self, stream_sid: str, call_sid: str, *, frame_ms: int = 20) -> None:
        """Both random, and new for each connection. Twilio's own packets have 20 ms."""
        self._stream_sid = stream_sid
        self._call_sid = call_sid
        self._codec = Codec("mulaw", RATE_HZ, frame_ms)
        self._answer = Answer()
        self._sequence = 0
        self._chunk = 0
        self._marks: list[str] = []

    @property
    def capabilities(self) -> Capabilities:
        return sound_for_sound(self._codec, self._codec)

    def opened(self) -> Step:
        """Nothing is answered to a call but sound, so it has started."""
        connected = write({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "streamSid": self._stream_sid,
            "accountSid": "",
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "customParameters": {},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": RATE_HZ, "channels": 1},
        }
        started = n.Started(
            session_id=self._stream_sid,
            codec=self._codec.name,
            sample_rate=RATE_HZ,
            features=frozenset({"audio_in", "audio_out"}),
        )
        return Step(words=(started,), frames=(connected, self._event("start", start=start)))

    def received(self, frame: Wire) -> Step:
        """Raises LinkError."""
        came = read(frame)
        refused = refusal(came)
        if refused is not None:
            return Step(words=(refused,))
        if came.event == "media" and came.media is not None:
            return Step(words=self._answer.sound(came.media.payload))
        if came.event == "clear":
            return Step(words=self._cleared(), frames=self._marks_back())
        if came.event == "mark" and came.mark is not None:
            self._marks = [*self._marks, came.mark.name][-MOST_MARKS:]
            return Step() if self._answer.sounding else Step(frames=self._marks_back())
        return Step(words=self._told(came))

    def send(self, message: ToSystem2) -> Step:
        """Begin and clear are known here alone; the end of an utterance is silence."""
        match message:
            case n.Begin():
                self._answer.begin(message.turn_id)
            case n.Media():
                return Step(frames=(self._media(message.packet),))
            case n.End():
                self._answer.ask(message.turn_id)
                silence = end_of_turn(RATE_HZ, self._codec.frame_ms)
                return Step(self._answer.heard(), tuple(self._media(packet) for packet in silence))
            case n.Clear() if message.turn_id == self._answer.turn_id:
                self._answer.clear()
                return Step(frames=self._marks_back())
            case n.Said():
                return Step(frames=self._marks_back())
        return Step()

    def quiet(self) -> Step:
        """See `Dialect.quiet`."""
        return Step(words=self._answer.quiet())

    def _cleared(self) -> tuple[FromSystem2, ...]:
        """The server has ended its answer: what comes next is a new one, and what came is not to sound."""
        self._answer.fresh()
        turn_id = self._answer.turn_id
        return (n.Clear(turn_id=turn_id),) if turn_id is not None and self._answer.sounding else ()

    def _told(self, came: Came) -> tuple[FromSystem2, ...]:
        """FastRTC's telephone says what its web socket says, too."""
        if came.type == "error":
            return self._answer.failed(came.sentence)
        if came.type == "log" and came.data == "response_starting" and self._answer.turn_id is not None:
            self._answer.starting()
        return ()

    def _marks_back(self) -> tuple[str, ...]:
        marks, self._marks = self._marks, []
        return tuple(self._event("mark", mark={"name": name}) for name in marks)

    def _media(self, packet: bytes) -> str:
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str((self._chunk - 1) * self._codec.frame_ms),
            "payload": to_base64(packet),
        }
        return self._event("media", media=media)

    def _event(self, event: str, **body: Any) -> str:
        self._sequence += 1
        return write(
            {"event": event, "sequenceNumber": str(self._sequence), **body, "streamSid": self._stream_sid}
        )
