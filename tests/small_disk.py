"""A real file system of its own, and what can befall it: full, read-only, failing, dead: needs root."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

FAULTS = Path("/sys/fs/ext4")
SHUTDOWN = 0x8004587D
"""FS_IOC_SHUTDOWN (linux/fs.h, xfstests' `godown`): from here on every access fails."""
WITHOUT_FLUSH = 2
"""What is not on the disk yet, its journal included, never gets there: as when the power goes."""


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """An ext4 in a file, mounted at `folder`."""

    image: Path
    folder: Path

    def fill(self, leave: int = 0) -> None:
        """Until so many bytes are free."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in (1 << 16, 1 << 12, 1):
                with _until_full():
                    while True:
                        filler.write(bytes(size))
            if leave:
                os.fsync(filler.fileno())
                filler.truncate(filler.tell() - leave)

    def make_room(self) -> None:
        self._filler.unlink()

    def read_only(self) -> None:
        """As after a start from a worn card. Nobody may have a file open to write it."""
        _run("mount", "-o", "remount,ro", str(self.folder))

    def writable(self) -> None:
        _run("mount", "-o", "remount,rw", str(self.folder))

    def fail(self) -> None:
        """As after an error of the medium: read-only at once, whoever writes, until it is mounted anew."""
        self._fault.write_text("1")

    @property
    def can_fail(self) -> bool:
        """The kernel lets it."""
        return self._fault.exists()

    def die(self) -> None:
        """Every access fails from here on, and what was not on the disk yet never gets there."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", WITHOUT_FLUSH))
        finally:
            os.close(descriptor)

    def back(self) -> None:
        """Mounted anew, with what was on the disk. Whoever has files open on it closes them before."""
        _run("umount", str(self.folder))
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop,errors=remount-ro", str(self.image), str(self.folder))

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    @property
    def _fault(self) -> Path:
        return FAULTS / _device_of(self.folder) / "trigger_fs_error"


def make(image: Path, mebibytes: int, block_bytes: int = 4096) -> None:
    """An empty ext4 in a file; mkfs gives one so small blocks of 1 kB. Skips a test that cannot mount it."""
    if why := _why_not():
        pytest.skip(why)
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    options = ("-q", "-b", str(block_bytes), "-m", "0", "-E", "lazy_itable_init=1")
    _run("/sbin/mkfs.ext4", *options, str(image))


def mend(image: Path) -> None:
    """As it is before a start."""
    subprocess.run(["/sbin/e2fsck", "-fp", str(image)], check=False, capture_output=True)


@contextlib.contextmanager
def mounted(image: Path, folder: Path) -> Iterator[SmallDisk]:
    folder.mkdir(exist_ok=True)
    disk = SmallDisk(image, folder)
    disk.mount()
    try:
        yield disk
    finally:
        _run("umount", "--lazy", str(folder))


def _why_not() -> str:
    """Why this machine cannot do it; "" where it can."""
    if os.geteuid() != 0:
        return "mounting a disk needs root"
    if not Path("/dev/loop-control").exists():
        return "mounting a disk needs loop devices"
    return ""


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


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
