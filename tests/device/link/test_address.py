"""Urls: what can be used, and where words may not go."""

from __future__ import annotations

import pytest
from websockets.headers import build_host

from device.errors import SettingsError
from device.link.address import hook_address, socket_address


@pytest.mark.parametrize(
    "url",
    [
        "wss://Gateway.Example/v1/device",
        "wss://gateway.example:8443/",
        "wss://[2001:db8::1]/x",
        "wss://[2001:db8::1]:444",
        "ws://127.0.0.1:8200/v1/device",
        "ws://localhost",
        "ws://[::1]:80/",
    ],
)
def test_its_host_is_what_the_handshake_sends(url: str) -> None:
    address = socket_address(url)
    assert address.host_header == build_host(address.host, address.port, address.secure)


@pytest.mark.parametrize("host", ["192.168.1.20", "gateway.local", "10.0.0.1:9000"])
def test_words_do_not_cross_a_network_in_clear(host: str) -> None:
    with pytest.raises(SettingsError, match="for anybody to read"):
        socket_address(f"ws://{host}/v1/device")
    with pytest.raises(SettingsError, match="for anybody to read"):
        hook_address(f"http://{host}/hook")


@pytest.mark.parametrize(
    "url",
    ["", "gateway.example", "https://a/", "wss://", "wss://a:b/", "wss://a:0/", "wss://u:p@a/", "wss://[::1"],
)
def test_what_is_no_websocket_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(SettingsError, match="write it like wss://"):
        socket_address(url)


def test_a_hook_is_an_http_url() -> None:
    assert hook_address("https://gateway.example/input_hook").port == 443
    with pytest.raises(SettingsError, match="hook_url is"):
        hook_address("wss://gateway.example/")
