from __future__ import annotations

import pytest

from device.errors import SettingsError
from device.system2_address import address


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("wss://Gateway.Example/v1/device", ("gateway.example", 443)),
        ("ws://192.168.1.20:8090/v1/device", ("192.168.1.20", 8090)),
        ("ws://localhost", ("localhost", 80)),
        ("wss://[2001:db8::7]:8443/", ("2001:db8::7", 8443)),
    ],
)
def test_an_address_has_a_host_and_a_port(url: str, found: tuple[str, int]) -> None:
    assert address(url) == found


@pytest.mark.parametrize(
    "url",
    ["", "gateway.example", "https://gateway.example/", "wss://", "wss://a:99999/", "ws://[::1", "ws://a:b"],
)
def test_whatever_else_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(SettingsError, match=r"system2\.url is .*wss://"):
        address(url)
