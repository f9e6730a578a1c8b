"""The page's way through the gate: it may listen where it asked to, and what it tells is counted."""

from __future__ import annotations

import pytest

from device.egress import Content, Egress, Peer
from device.errors import EgressDenied
from device.panel.messages import Departure
from device.way_in import PAGES, WayIn


def test_it_may_listen_where_it_said_while_that_is_open() -> None:
    egress = Egress()
    with WayIn(egress).listening("0.0.0.0", 8138):
        egress.check_address(("0.0.0.0", 8138))
        with pytest.raises(EgressDenied):
            egress.check_address(("0.0.0.0", 8139))
    with pytest.raises(EgressDenied):
        egress.check_address(("0.0.0.0", 8138))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_page_on_this_machine_is_no_departure(host: str) -> None:
    egress = Egress()
    WayIn(egress).told(host, "text", 100)
    assert egress.sent() == {}


def test_departures_are_told_by_receiver_and_kind_the_latest_last() -> None:
    now_s = [1.0]
    egress = Egress(clock=lambda: now_s[0])
    gate = WayIn(egress)
    gate.told("192.0.2.9", "audio", 640)
    now_s[0] = 2.0
    egress.count(Peer("cloud.example", 443), Content.TEXT, 12)
    now_s[0] = 3.0
    gate.told("192.0.2.9", "audio", 640)
    last = gate.departures()[-1]
    assert last == Departure("192.0.2.9", PAGES, "audio", 1280, last.first_utc, last.last_utc)
    assert [departure.host for departure in gate.departures()] == ["cloud.example", "192.0.2.9"]


def test_who_watches_is_told_of_content_until_it_has_seen_enough() -> None:
    egress, told = Egress(), [0]
    gate = WayIn(egress)

    def tell() -> None:
        told[0] += 1

    forget = gate.observe(tell)
    gate.told("192.0.2.9", "text", 1)
    gate.told("192.0.2.9", "control", 1)
    assert told == [1]
    forget()
    gate.told("192.0.2.9", "text", 1)
    assert told == [1]
