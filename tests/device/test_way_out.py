"""A way out permits its one peer while it is open, and counts what leaves the machine."""

from __future__ import annotations

import pytest

from device.egress import Content, Egress, Peer
from device.errors import EgressDenied
from device.way_out import WayOut, WaysOut


def test_the_peer_is_permitted_while_the_way_is_open() -> None:
    egress = Egress()
    with WayOut(egress, Peer("192.0.2.1", 8080), Content.TEXT).open():
        egress.check_address(("192.0.2.1", 8080))
        with pytest.raises(EgressDenied):
            egress.check_address(("192.0.2.1", 80))
    with pytest.raises(EgressDenied):
        egress.check_address(("192.0.2.1", 8080))


def test_what_is_sent_is_counted_for_the_peer_and_seen_by_the_light() -> None:
    egress = Egress()
    peer = Peer("192.0.2.1", 8080)
    way = WayOut(egress, peer, Content.TEXT)
    way.sent(100)
    way.sent(20)
    assert {key: sent.sent_bytes for key, sent in egress.sent().items()} == {(peer, Content.TEXT): 120}
    assert egress.leaving


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_what_stays_on_this_machine_does_not_leave_it(host: str) -> None:
    egress = Egress()
    WayOut(egress, Peer(host, 8080), Content.TEXT).sent(100)
    assert egress.sent() == {}
    assert not egress.leaving


def test_what_is_sent_of_several_kinds_is_counted_as_what_it_is() -> None:
    egress = Egress()
    peer = Peer("192.0.2.1", 443)
    ways = WaysOut(egress, peer)
    ways.sent("control", 1)
    assert not egress.leaving
    ways.sent("text", 10)
    ways.sent("audio", 100)
    assert egress.leaving
    counted = {content: sent.sent_bytes for (_, content), sent in egress.sent().items()}
    assert counted == {Content.CONTROL: 1, Content.TEXT: 10, Content.AUDIO: 100}


def test_the_peer_of_several_kinds_is_permitted_while_the_way_is_open() -> None:
    egress = Egress()
    with WaysOut(egress, Peer("192.0.2.1", 443)).open():
        egress.check_address(("192.0.2.1", 443))
    with pytest.raises(EgressDenied):
        egress.check_address(("192.0.2.1", 443))
