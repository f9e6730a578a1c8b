"""What this machine is called on the local network: its name, and its addresses as they are now."""

from __future__ import annotations

import contextlib
import fcntl
import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

SIOCGIFADDR = 0x8915
"""Asks the kernel for an interface's IPv4 address (Linux, netdevice(7))."""
ROUTES = Path("/proc/net/route")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class OwnNames:
    """As a browser on the same network may write them."""

    names: tuple[str, ...]
    """In lower case: the host's name as multicast DNS has it, and alone."""
    addresses: tuple[str, ...]
    """IPv4, without loopback; empty while there is no network."""

    @property
    def all(self) -> tuple[str, ...]:
        """The likeliest to work first; on this machine itself, there is always one."""
        return (*self.addresses, *self.names, "localhost")


def own_names() -> OwnNames:
    """Nothing is asked of the network; some microseconds for each interface."""
    return OwnNames(_host_names(socket.gethostname()), _addresses())


def _host_names(given: str) -> tuple[str, ...]:
    """A name that no certificate could hold is left out."""
    name = given.lower()
    if not _NAME.fullmatch(name) or name == "localhost":
        return ()
    return tuple(dict.fromkeys((f"{name.partition('.')[0]}.local", name)))


def _addresses() -> tuple[str, ...]:
    """That of the interface which leads to the internet comes first."""
    interfaces = [name for _, name in socket.if_nameindex()]
    outward = _outward(ROUTES.read_text("ascii")) if ROUTES.exists() else ()
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for interface in sorted(interfaces, key=lambda name: (name not in outward, name)):
            with contextlib.suppress(OSError):  # an interface without an address
                request = struct.pack("256s", interface.encode()[:15])
                answer = fcntl.ioctl(asking.fileno(), SIOCGIFADDR, request)
                found.append(socket.inet_ntoa(answer[20:24]))
    return tuple(dict.fromkeys(address for address in found if not address.startswith("127.")))


def _outward(routes: str) -> tuple[str, ...]:
    """The interfaces of the default routes, in the kernel's table: name, destination, gateway, …"""
    rows = (line.split() for line in routes.splitlines()[1:])
    return tuple(row[0] for row in rows if len(row) > 1 and row[1] == "00000000")
