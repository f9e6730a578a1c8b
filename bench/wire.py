"""What the link costs on the wire, counted by the kernel on a cable of its own (ratio 8)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.figure import Figure
from tests.namespaces import Counted, why_not
from tests.wire import wire

TALK_S = 20
IDLE_S = 90.0


def wire_rate() -> list[Figure]:
    if missing := why_not():
        return [Figure("wire", None, "", None, missing)]
    figures: list[Figure] = []
    for frame_ms in (60, 40, 20):
        with tempfile.TemporaryDirectory() as folder, wire(Path(folder), frame_ms) as joined:
            figures += _talking(*joined.crossed(f"talk {TALK_S}"), frame_ms)
            if frame_ms == 60:
                figures.append(_idle(joined.idle(IDLE_S)))
    return figures


def _talking(counted: Counted, told: dict[str, float], frame_ms: int) -> list[Figure]:
    method = (
        f"recorded speech without pauses, {TALK_S} s at system2.bitrate's default, by TLS to the gateway in "
        "another network namespace; every byte on the interface from Ethernet's header up"
    )
    sent = kbps(counted.sent_bytes, told["took_s"])
    both = kbps(counted.sent_bytes + counted.received_bytes, told["took_s"])
    goal = 40 if frame_ms == 60 else None
    return [
        Figure(f"wire while talking, {frame_ms} ms, both ways", both, "kbit/s", goal, method),
        Figure(f"wire while talking, {frame_ms} ms, sent", sent, "kbit/s", None, "the same seconds"),
    ]


def _idle(counted: Counted) -> Figure:
    rate = kbps(counted.sent_bytes + counted.received_bytes, IDLE_S)
    return Figure("wire while idle", rate, "kbit/s", 0.2, f"{IDLE_S:g} s of the same link, both ways")


def kbps(count: int, seconds: float) -> float:
    return count * 8 / 1000 / seconds


if __name__ == "__main__":
    for figure in wire_rate():
        print(figure.as_line())
