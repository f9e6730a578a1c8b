"""One file, from a server to the disk: taken up again where it broke off, and checked to the last byte.

What has come lies in a part file, with a note beside it of where it came from and which version of the file
it was. It is added to only when the server says that it is still that version (If-Range, RFC 9110), else it
begins anew. A part that cannot be right is deleted; one that is merely not complete is kept.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from device.errors import ModelError
from models.files import write_whole
from models.network import Answer, ConnectionTrouble, Network
from models.store import Pin

WAITS_S = (1.0, 2.0, 4.0, 8.0)
"""Between the tries after a failure; an attempt that brought much begins the series again."""
LONGEST_WAIT_S = 60.0
"""A server that wants us to wait longer is asked another day."""
PROGRESS_BYTES = 1 << 20
"""An attempt that brought as much was no failure, only cut short."""
ABOUT = 0.25
"""How far a file may be from a size that is known only roughly."""
_READ_BYTES = 1 << 20


class Report(Protocol):
    """Who is told how it goes."""

    def begin(self, label: str, total_bytes: int, there_bytes: int) -> None:
        """A file is being fetched, of which so much is there; called again when it begins anew."""
        ...

    def advance(self, more_bytes: int) -> None: ...

    def note(self, sentence: str) -> None:
        """Something that a person should know while it goes on."""
        ...

    def end(self) -> None:
        """The file is complete, or given up."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch, and what is known of it."""

    label: str
    url: str
    exact_bytes: int | None = None
    about_bytes: int | None = None
    sha256: str | None = None

    @property
    def most_bytes(self) -> int | None:
        if self.exact_bytes:
            return self.exact_bytes
        return int(self.about_bytes * (1 + ABOUT)) if self.about_bytes else None

    def fits(self, size_bytes: int) -> bool:
        """Whether a file of this size can be the one."""
        if self.exact_bytes:
            return size_bytes == self.exact_bytes
        return not self.about_bytes or abs(size_bytes - self.about_bytes) <= ABOUT * self.about_bytes


class _Origin(Struct, frozen=True):
    """Where a part came from: enough to know whether more of the same can be added."""

    url: str
    version: str
    """The server's strong ETag, or the date of the last change; empty: it gave neither."""


class Downloader:
    """Fetches files one after another."""

    def __init__(self, network: Network, report: Report, sleep: Callable[[float], None]) -> None:
        self._network = network
        self._report = report
        self._sleep = sleep

    def fetch(self, wanted: Wanted, part: Path) -> Pin:
        """Bring the whole file into `part`, checked. What is there already of it is not fetched again.

        Raises ConnectionTrouble when the network fails again and again (the part is kept), ModelError
        when the server has something else (the part is deleted) or the disk is full (it is kept).
        """
        try:
            return self._persistently(wanted, _Part(part))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ModelError(f"The disk is full; what has come of {wanted.label} is kept.") from error
            raise ModelError(f"{wanted.label} cannot be written to {part}: {error.strerror}.") from error
        finally:
            self._report.end()

    def _persistently(self, wanted: Wanted, part: _Part) -> Pin:
        failures = 0
        while True:
            before = part.size
            try:
                return self._attempt(wanted, part)
            except ConnectionTrouble as trouble:
                failures = 0 if part.size - before >= PROGRESS_BYTES else failures
                if failures == len(WAITS_S) or trouble.wait_s > LONGEST_WAIT_S:
                    raise
                wait_s = max(WAITS_S[failures], trouble.wait_s)
                failures += 1
                self._report.note(f"{trouble} Trying again in {wait_s:g} s.")
                self._sleep(wait_s)

    def _attempt(self, wanted: Wanted, part: _Part) -> Pin:
        version = part.version_from(wanted.url)
        if not version or (wanted.most_bytes and part.size > wanted.most_bytes):
            part.delete()
        if not wanted.exact_bytes or part.size != wanted.exact_bytes:
            again = {"Range": f"bytes={part.size}-", "If-Range": version} if part.size else {}
            with self._network.get(wanted.url, again) as answer:
                self._take(wanted, part, answer)
        return self._checked(wanted, part)

    def _take(self, wanted: Wanted, part: _Part, answer: Answer) -> None:
        """Add what the server sends to the part, or begin it anew."""
        if answer.status == 416 and _total(answer) == part.size > 0:
            return
        if answer.status == 416 or (answer.status == 206 and not _continues(answer, part, wanted.url)):
            part.delete()
            raise ConnectionTrouble(f"{answer.host} has another {wanted.label} now than the one begun.")
        if answer.status == 200:
            part.begin(_Origin(wanted.url, _version(answer.headers)))
        elif answer.status != 206:
            raise _refused(wanted, answer)
        total = _total(answer)
        if total is not None and not wanted.fits(total):
            part.delete()
            raise ModelError(
                f"{answer.host} has {total} bytes as {wanted.label}, and it should be {_size(wanted)}: "
                "not fetched."
            )
        self._report.begin(wanted.label, total or wanted.exact_bytes or wanted.about_bytes or 0, part.size)
        self._write(wanted, part, answer)
        if part.size < (total or wanted.exact_bytes or 0):
            raise ConnectionTrouble(f"{answer.host} hung up before the end.")

    def _write(self, wanted: Wanted, part: _Part, answer: Answer) -> None:
        most = wanted.most_bytes
        with part.file.open("ab") as writing:
            for chunk in answer.chunks:
                if most and writing.tell() + len(chunk) > most:
                    part.delete()
                    raise ModelError(f"{answer.host} sends more than {wanted.label} has: discarded.")
                writing.write(chunk)
                part.digest.update(chunk)
                self._report.advance(len(chunk))
            writing.flush()
            os.fsync(writing.fileno())

    def _checked(self, wanted: Wanted, part: _Part) -> Pin:
        """The part is complete: is it the file? Raises ModelError, and deletes it, when not."""
        pin = Pin(part.size, part.digest.hexdigest())
        if not wanted.fits(pin.bytes):
            part.delete()
            raise ModelError(f"{wanted.label} came with {pin.bytes} bytes, not {_size(wanted)}: discarded.")
        if wanted.sha256 and pin.sha256 != wanted.sha256:
            part.delete()
            raise ModelError(
                f"{wanted.label} is not the file it should be (sha256 {pin.sha256[:12]}…, expected "
                f"{wanted.sha256[:12]}…): discarded, nothing was installed. "
                "Try again; if it stays so, do not trust the source."
            )
        return pin


class _Part:
    """What has come of a file, and its checksum so far."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.origin_file = file.with_name(file.name + ".origin")
        self.digest = hashlib.sha256()
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            with file.open("rb") as reading:
                while chunk := reading.read(_READ_BYTES):
                    self.digest.update(chunk)

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    def version_from(self, url: str) -> str:
        """Which version of the file at `url` the part is of; empty when that cannot be said."""
        try:
            origin = msgspec.json.decode(self.origin_file.read_bytes(), type=_Origin)
        except (OSError, msgspec.DecodeError):
            return ""
        return origin.version if origin.url == url else ""

    def begin(self, origin: _Origin) -> None:
        """Empty, and of that origin; the note of it is on the disk before the first byte."""
        self.delete()
        write_whole(self.origin_file, msgspec.json.encode(origin))

    def delete(self) -> None:
        self.file.unlink(missing_ok=True)
        self.origin_file.unlink(missing_ok=True)
        self.digest = hashlib.sha256()


# --- what answers mean -----------------------------------------------------------------------------------


def _version(headers: Mapping[str, str]) -> str:
    """A validator that If-Range takes: a strong ETag, else the date of the last change."""
    tag = headers.get("etag", "")
    return tag if tag.startswith('"') else headers.get("last-modified", "")


def _total(answer: Answer) -> int | None:
    """The size of the whole file, as the server says; None when it does not."""
    if answer.status == 200:
        length = answer.headers.get("content-length", "")
        return int(length) if length.isdecimal() else None
    given = re.search(r"/(\d+)$", answer.headers.get("content-range", ""))
    return int(given[1]) if given else None


def _continues(answer: Answer, part: _Part, url: str) -> bool:
    """Whether the piece that is sent begins where the part ends, and is of the same version."""
    begins = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    version = _version(answer.headers) or part.version_from(url)
    return begins is not None and int(begins[1]) == part.size and version == part.version_from(url)


def _size(wanted: Wanted) -> str:
    return f"{wanted.exact_bytes} bytes" if wanted.exact_bytes else f"about {wanted.about_bytes} bytes"


def _refused(wanted: Wanted, answer: Answer) -> ModelError:
    """The sentence for an answer that brings no file."""
    status, host = answer.status, answer.host
    if status in (408, 429) or status >= 500:
        wait = answer.headers.get("retry-after", "")
        return ConnectionTrouble(
            f"{host} is busy or out of order ({status}).", float(wait) if wait.isdecimal() else 0.0
        )
    if status in (401, 403):
        return ModelError(f"{host} does not hand out {wanted.label} to us ({status}).")
    if status in (404, 410):
        return ModelError(f"{host} does not have {wanted.label} ({status} for {wanted.url}).")
    return ModelError(f"{host} answered {status} when asked for {wanted.label}, which makes no sense.")
