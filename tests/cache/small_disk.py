"""A real file system of a few megabytes, and what can befall it: full, read-only, dead, without power."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path

SIZE = 8 << 20
SHUTDOWN = 0x8004587D
"""FS_IOC_SHUTDOWN (linux/fs.h, xfstests' `godown`): from here on every access fails."""
WITHOUT_FLUSH = 2
"""What is not on the disk yet, its journal included, never gets there: as when the power goes."""


def why_not() -> str | None:
    """What keeps this machine from mounting one; None if nothing does."""
    if os.geteuid() != 0:
        return "needs root: it mounts a file system"
    if not Path("/dev/loop-control").exists() or not shutil.which("mkfs.ext4"):
        return "needs loop devices and mkfs.ext4"
    return None


class SmallDisk:
    """An ext4, mounted at `folder`."""

    def __init__(self, beside: Path, block_bytes: int = 4096) -> None:
        self.folder = beside / "disk"
        self.folder.mkdir()
        self._image = beside / "disk.ext4"
        with self._image.open("wb") as empty:
            empty.truncate(SIZE)
        _run("mkfs.ext4", "-q", "-F", "-b", str(block_bytes), str(self._image))
        self._mount()

    def fill(self, leave: int) -> None:
        """Until so many bytes are free."""
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            with contextlib.suppress(OSError):
                while ballast.write(bytes(4096)):
                    pass
            os.fsync(ballast.fileno())
            ballast.truncate(ballast.tell() - leave)

    def make_room(self) -> None:
        (self.folder / "ballast").unlink()

    def turn_read_only(self) -> None:
        """As ext4 does itself when it meets an error; the files that are open stay so."""
        device = _run("findmnt", "-no", "SOURCE", str(self.folder)).strip().removeprefix("/dev/")
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("a test")

    def die(self) -> None:
        """Every access fails from here on, and what was not on the disk yet never gets there."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", WITHOUT_FLUSH))
        finally:
            os.close(descriptor)

    def back(self) -> None:
        """Mounted anew, with what was on the disk. Whoever has files open on it closes them before."""
        self.unmount()
        self._mount()

    def unmount(self) -> None:
        _run("umount", str(self.folder))

    def _mount(self) -> None:
        _run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder))


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
