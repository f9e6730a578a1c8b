"""Where System 2 is: host and port of the address in the settings."""

from __future__ import annotations

from urllib.parse import urlsplit

from device.errors import SettingsError

PORTS = {"ws": 80, "wss": 443}


def address(url: str) -> tuple[str, int]:
    """Host, in lower case, and port. Raises SettingsError for what is no address of a WebSocket."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in PORTS:
        raise SettingsError(
            f"system2.url is {url!r}, which is no address of a WebSocket, as in wss://gateway.example/v1/device."
        )
    return host, PORTS[parts.scheme] if port is None else port
