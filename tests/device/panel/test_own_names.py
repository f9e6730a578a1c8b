"""What this machine is called: by its host name, and by the addresses that the kernel tells."""

from __future__ import annotations

import ipaddress

import pytest

from device.panel.own_names import OwnNames, _host_names, _outward, own_names


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("robot", ("robot.local", "robot")),
        ("Robot", ("robot.local", "robot")),
        ("robot.local", ("robot.local",)),
        ("robot.home.example", ("robot.local", "robot.home.example")),
        ("localhost", ()),
        ("my_robot", ()),
        ("", ()),
        ("-robot", ()),
    ],
)
def test_a_host_name_is_a_name_that_browsers_can_write(given: str, names: tuple[str, ...]) -> None:
    assert _host_names(given) == names


def test_addresses_come_first_and_there_is_always_a_name() -> None:
    assert OwnNames(("robot",), ("192.0.2.7",)).all == ("192.0.2.7", "robot", "localhost")
    assert OwnNames((), ()).all == ("localhost",)


def test_the_addresses_of_this_machine_are_its_own_and_not_loopback() -> None:
    for address in own_names().addresses:
        assert isinstance(ipaddress.ip_address(address), ipaddress.IPv4Address)
        assert not ipaddress.ip_address(address).is_loopback


ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
wlan0	0001A8C0	00000000	0001	0	0	600	00FFFFFF	0	0	0
"""


def test_the_way_to_the_internet_is_known_from_the_kernels_routes() -> None:
    assert _outward(ROUTES) == ("wlan0",)
    assert _outward("") == ()
