"""Where System 2 is: what stands in a url, and whether words may go there. Connects nowhere."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from device.errors import SettingsError

DEFAULT_PORTS = {"ws": 80, "wss": 443, "http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A url that can be used."""

    url: str
    host: str
    """A name, or an address without brackets; lower case."""
    port: int
    secure: bool

    @property
    def host_header(self) -> str:
        """As the `Host` header has it: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def socket_address(url: str) -> Address:
    """Of `system2.url`. Raises SettingsError for what is no WebSocket, or one that others could read."""
    return _address(url, "system2.url", plain="ws", secure="wss", example="wss://gateway.example/v1/device")


def hook_address(url: str) -> Address:
    """Of `system2.hook_url`. Raises SettingsError."""
    return _address(
        url, "system2.hook_url", plain="http", secure="https", example="https://gateway.example/input_hook"
    )


def _address(url: str, setting: str, *, plain: str, secure: str, example: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _unusable(url, setting, example) from error
    if parts.scheme not in (plain, secure) or not host or port == 0 or parts.username or parts.fragment:
        raise _unusable(url, setting, example)
    if parts.scheme == plain and not _this_machine(host):
        raise SettingsError(
            f"{setting} is {url!r}: what is said would cross the network for anybody to read. "
            f"Write it with {secure}://; {plain}:// is for a server on this machine."
        )
    return Address(url, host, port or DEFAULT_PORTS[parts.scheme], parts.scheme == secure)


def _unusable(url: str, setting: str, example: str) -> SettingsError:
    return SettingsError(f"{setting} is {url!r}: write it like {example}.")


def _this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
