"""A guest in user-mode Linux that can lose its power at any moment.

The guest's disk is an image file; its root is this machine's, read-only. What its kernel has not yet
written to the image is gone when its processes are killed, as what a board has in its memory is.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KERNEL = "linux.uml"
GUEST_MB = 128
"""Memory of the guest."""
DISK_MB = 64
_PROGRAMS = {KERNEL: "user-mode-linux", "mkfs.ext4": "e2fsprogs"}
_SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def why_not() -> str | None:
    """What is missing on this machine, and how to get it; None if nothing is."""
    missing = [package for name, package in _PROGRAMS.items() if not shutil.which(name, path=_SEARCHED)]
    if not missing:
        return None
    return f"needs {' and '.join(missing)}: apt-get install --no-install-recommends -y {' '.join(missing)}"


def make_disk(image: Path) -> None:
    """An empty ext4. Raises subprocess.CalledProcessError."""
    with image.open("wb") as empty:
        empty.truncate(DISK_MB << 20)
    program = str(shutil.which("mkfs.ext4", path=_SEARCHED))
    subprocess.run([program, "-q", "-F", str(image)], check=True, capture_output=True)


class Guest:
    """One boot. Used with `running`, so that none is left behind."""

    def __init__(self, image: Path, turn: int, mode: str) -> None:
        folder = image.parent
        (folder / "disk").mkdir(exist_ok=True)
        init = folder / "init"
        init.write_text(_init(folder / "disk", turn, mode))
        init.chmod(0o755)
        self._kernel_says = (folder / "kernel.log").open("wb")
        self._process = subprocess.Popen(
            [
                str(shutil.which(KERNEL, path=_SEARCHED)),
                *(f"mem={GUEST_MB}M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"),
                *(f"ubd0={image}", f"init={init}", "con=null", "con0=null,fd:2", "ssl0=null,fd:1"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._kernel_says,
            start_new_session=True,
        )
        self._unread = b""

    def lines(self, until_s: float) -> Iterator[str]:
        """What it tells, line by line, until `until_s` (monotonic) or its end; halves are not told."""
        assert self._process.stdout is not None
        while True:
            while b"\n" in self._unread:
                line, _, self._unread = self._unread.partition(b"\n")
                yield line.decode("ascii").strip()
            left_s = until_s - time.monotonic()
            if left_s <= 0 or not select.select([self._process.stdout], [], [], left_s)[0]:
                return
            heard = os.read(self._process.stdout.fileno(), 65536)
            if not heard:
                return
            self._unread += heard

    def cut(self) -> None:
        """No power from here on. What it had told by then can still be read."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        self.cut()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._kernel_says.close()


@contextlib.contextmanager
def running(image: Path, turn: int, mode: str) -> Iterator[Guest]:
    guest = Guest(image, turn, mode)
    try:
        yield guest
    finally:
        guest.close()


def _init(disk: Path, turn: int, mode: str) -> str:
    """The guest's only program."""
    python = shlex.join([sys.executable, "-B", "-m", "bench.power_cuts.guest"])
    return f"""#!/bin/sh
mount -t proc proc /proc
mount -t ext4 /dev/ubda {shlex.quote(str(disk))} || echo "the disk cannot be mounted" >/dev/ttyS0
cd {shlex.quote(str(ROOT))}
{python} {shlex.quote(str(disk))} /dev/ttyS0 {turn} {mode} 2>/dev/ttyS0
exec /sbin/poweroff -f
"""
