"""Two network namespaces joined by a cable of their own, whose bytes the kernel counts: needs root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

IP = shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin") or "ip"
HERE, THERE = "10.77.0.1", "10.77.0.2"
"""The addresses of the two ends."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What crossed the cable, with every header from Ethernet's up."""

    sent_bytes: int
    received_bytes: int

    def __sub__(self, before: Counted) -> Counted:
        return Counted(self.sent_bytes - before.sent_bytes, self.received_bytes - before.received_bytes)


@dataclass(frozen=True, slots=True)
class Cable:
    """The two ends. Nothing else can be reached from either."""

    here: str
    there: str

    def start(self, end: str, argv: Sequence[str], **options: Any) -> subprocess.Popen[str]:
        """A program at one end; its owner ends it."""
        inside = [IP, "netns", "exec", end, *argv]
        return subprocess.Popen(inside, text=True, **options)

    def counted(self) -> Counted:
        """At the near end, since the cable was laid."""
        table = subprocess.run(
            [IP, "netns", "exec", self.here, "cat", "/proc/net/dev"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        line = next(line for line in table.splitlines() if line.strip().startswith("cable"))
        numbers = [int(word) for word in line.partition(":")[2].split()]
        return Counted(sent_bytes=numbers[8], received_bytes=numbers[0])


def why_not() -> str:
    """Why this machine cannot do it; "" where it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which(IP) is None:
        return "network namespaces need iproute2"
    name = f"tm{os.getpid()}try"
    tried = subprocess.run([IP, "netns", "add", name], capture_output=True, text=True)
    if tried.returncode != 0:
        return f"network namespaces: {tried.stderr.strip()}"
    _ip("netns", "del", name)
    return ""


@contextlib.contextmanager
def cable() -> Iterator[Cable]:
    """Laid, and taken up again with whatever still runs at its ends."""
    laid = Cable(f"tm{os.getpid()}a", f"tm{os.getpid()}b")
    try:
        for end in (laid.here, laid.there):
            _ip("netns", "add", end)
        plug = ("type", "veth", "peer", "name", "cable", "netns")
        _ip("link", "add", "cable", "netns", laid.here, *plug, laid.there)
        for end, address in ((laid.here, HERE), (laid.there, THERE)):
            _without_ipv6(end)
            _ip("-n", end, "address", "add", f"{address}/24", "dev", "cable")
            _ip("-n", end, "link", "set", "lo", "up")
            _ip("-n", end, "link", "set", "cable", "up")
        yield laid
    finally:
        for end in (laid.here, laid.there):
            subprocess.run([IP, "netns", "del", end], capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run([IP, *words], check=True, capture_output=True)


def _without_ipv6(end: str) -> None:
    """Its greetings would be counted, too."""
    switch = "/proc/sys/net/ipv6/conf/cable/disable_ipv6"
    off = f"[ ! -e {switch} ] || echo 1 > {switch}"
    subprocess.run([IP, "netns", "exec", end, "sh", "-c", off], check=True)
