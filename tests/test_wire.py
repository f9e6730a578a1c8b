"""The link on a real network interface: what it costs to talk, and to say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.wire import kbps
from tests.namespaces import why_not
from tests.wire import wire

TALK_S = 6
IDLE_S = 20.0
"""One of the link's pings at least."""


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
def test_speech_fits_into_40_kilobits_and_silence_into_a_fifth_of_one(tmp_path: Path) -> None:
    with wire(tmp_path) as joined:
        talked, told = joined.crossed(f"talk {TALK_S}")
        idled = joined.idle(IDLE_S)
    both = kbps(talked.sent_bytes + talked.received_bytes, told["took_s"])
    assert 15 < both <= 40
    assert 0 < kbps(idled.sent_bytes + idled.received_bytes, IDLE_S) <= 0.2
