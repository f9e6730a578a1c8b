"""A file system of its own, that is really full and really read-only: needs root."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FAULTS = Path("/sys/fs/ext4")


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """Mounted at `folder`."""

    folder: Path

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            for size in (1 << 16, 1 << 12, 1):
                with _until_full():
                    while True:
                        filler.write(bytes(size))

    def make_room(self) -> None:
        (self.folder / "filler").unlink()

    def read_only(self) -> None:
        """As after a start from a worn card. Nobody may have a file open to write it."""
        _mount("-o", "remount,ro", str(self.folder))

    def writable(self) -> None:
        _mount("-o", "remount,rw", str(self.folder))

    def fail(self) -> None:
        """As after an error of the medium: read-only at once, whoever writes, until it is mounted anew."""
        self._fault.write_text("1")

    @property
    def can_fail(self) -> bool:
        """The kernel lets it."""
        return self._fault.exists()

    @property
    def _fault(self) -> Path:
        return FAULTS / _device_of(self.folder) / "trigger_fs_error"


def why_not() -> str:
    """Why this machine cannot do it; "" where it can."""
    if os.geteuid() != 0:
        return "mounting a disk needs root"
    if not Path("/dev/loop-control").exists():
        return "mounting a disk needs loop devices"
    return ""


def make(image: Path, mebibytes: int) -> None:
    """An empty ext4 in a file, with the blocks of a larger one. Raises CalledProcessError."""
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    options = ("-q", "-b", "4096", "-m", "0", "-E", "lazy_itable_init=1")
    subprocess.run(["/sbin/mkfs.ext4", *options, str(image)], check=True, capture_output=True)


def mend(image: Path) -> None:
    """As it is before a start."""
    subprocess.run(["/sbin/e2fsck", "-fp", str(image)], check=False, capture_output=True)


@contextlib.contextmanager
def mounted(image: Path, folder: Path) -> Iterator[SmallDisk]:
    folder.mkdir(exist_ok=True)
    _mount("-o", "loop,errors=remount-ro", str(image), str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def _device_of(folder: Path) -> str:
    table = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return next(Path(device).name for device, where, *_ in table if where == str(folder))


@contextlib.contextmanager
def _until_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)
