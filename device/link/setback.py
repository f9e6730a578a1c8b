"""Why a connection to System 2 did not come about, or is over: a sentence, and how soon to try again."""

from __future__ import annotations

import enum

from device.errors import LinkError

QUOTED_CHARACTERS = 160
"""How much of what a server says of itself is passed on to a person."""


class Pace(enum.Enum):
    """How soon trying again makes sense; seconds of the first pause and of the longest."""

    SOON = (1.0, 60.0)
    """A network that went away comes back."""
    LATER = (10.0, 300.0)
    """TLS errors: a clock that is not set yet, a portal that wants to be logged into."""
    SLOWLY = (30.0, 300.0)
    """Refused: somebody has to change something first."""


class Setback(LinkError):
    """The connection is over, or was never there. The message is a sentence for a person."""

    def __init__(
        self, sentence: str, pace: Pace = Pace.SOON, retry_after_s: float | None = None, said: str = ""
    ) -> None:
        """`said`: what the other side says of it; it is passed on as a quotation."""
        super().__init__(f"{sentence} It says: {quoted(said)}" if said else sentence)
        self.sentence = sentence
        self.pace = pace
        self.retry_after_s = retry_after_s
        """What the server asked for."""

    def explained(self, said: str, retry_after_s: float | None) -> Setback:
        """The same, with what the other side had said before it hung up: more than its close code's word."""
        return Setback(self.sentence, self.pace, retry_after_s or self.retry_after_s, said)


_BY_STATUS = {
    401: "System 2 does not accept this device's key: see system2.key_file, or register the device there.",
    403: "System 2 does not let this device in: register it there.",
    404: "System 2 knows no such path: is system2.url right?",
    426: "The server at system2.url does not speak this dialect: see system2.dialect.",
    429: "System 2 has too many connections or questions; the device comes back later.",
}

_BY_CLOSE_CODE: dict[int, tuple[str, Pace]] = {
    1009: ("System 2 found a message too long, or sent one that was.", Pace.SLOWLY),
    1012: ("System 2 is being restarted; the device comes back by itself.", Pace.SOON),
    4400: ("System 2 found that a message of this device broke the rules: update both.", Pace.SLOWLY),
    4401: ("System 2 does not accept this device's proof: is system2.url the name it goes by?", Pace.SLOWLY),
    4403: ("System 2 does not know this device, or has revoked it: register it there.", Pace.SLOWLY),
    4408: ("System 2 got no greeting in time; the network is slow.", Pace.SOON),
    4409: (
        "This device is connected to System 2 twice: does another use a copy of its key?",
        Pace.SLOWLY,
    ),
    4429: (_BY_STATUS[429], Pace.LATER),
}


def of_status(status: int, retry_after: str) -> Setback:
    """From an HTTP answer to the handshake; `retry_after` is the header's text, "" where there is none."""
    after_s = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
    if status in _BY_STATUS:
        return Setback(_BY_STATUS[status], Pace.LATER if status == 429 else Pace.SLOWLY, after_s)
    if status in (500, 502, 503, 504):
        return Setback(f"System 2 is out of order (status {status}).", Pace.SOON, after_s)
    return Setback(f"The server at system2.url is no System 2 (status {status}).", Pace.SLOWLY, after_s)


def of_close(code: int | None, said: str) -> Setback:
    """From how the other side closed: its code, None where it just went away, and what it said before."""
    sentence, pace = _BY_CLOSE_CODE.get(code or 0, ("The connection to System 2 was lost.", Pace.SOON))
    return Setback(sentence, pace, said=said)


def quoted(said: str) -> str:
    """A stranger's words, short enough and without anything that a terminal would obey."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return f"“{plain[:QUOTED_CHARACTERS]}”"
