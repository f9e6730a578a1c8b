"""What this machine is called: by its host name, and by the addresses that the kernel tells."""

from __future__ import annotations

import ipaddress

import pytest

from device.panel.own_names import OwnNames, _host_names, own_names


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("robot", ("robot", "robot.local")),
        ("Robot", ("robot", "robot.local")),
        ("robot.local", ("robot.local",)),
        ("robot.home.example", ("robot.home.example", "robot.local")),
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
