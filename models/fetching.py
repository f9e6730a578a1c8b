"""Fetching models: what is missing, whether it fits on the disk, and then one file after another.

A model is put in its place when all of its files are here and checked; the lock is written last. Whatever
stops a fetch in between, the next one goes on from there.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from device.errors import ModelError
from models.catalogue import Model, ModelFile
from models.download import Downloader, Report, Wanted
from models.files import flush_folder, put_in_place, sha256_of
from models.network import ConnectionTrouble, Network, is_loopback
from models.store import Locked, ModelStore, Pin

SPARE_BYTES = 200_000_000
"""What must stay free on the disk: a device that cannot write its journal any more is worse off."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What a model still lacks."""

    model: Model
    files: tuple[ModelFile, ...]
    whole: tuple[tuple[ModelFile, Pin], ...]
    """Those that lie in their place and were checked."""
    to_come_bytes: int
    """Without what has come of them already; where sizes are not known exactly, about."""
    locked: bool
    """Whether the lock knows it as it is here."""

    @property
    def nothing(self) -> bool:
        return self.locked and not self.files


@dataclass(frozen=True, slots=True)
class Source:
    """Where files come from: their publishers, or a folder on a web server that holds copies of them."""

    base: str = ""
    """Empty: the publishers. The layout below it is that of the store: `<base>/<model>/<file>`."""

    def url_of(self, model: Model, file: ModelFile) -> str:
        if not self.base:
            return model.url_of(file)
        return f"{self.base.rstrip('/')}/{model.name}/{file.path}"

    def vouches_for(self, sha256: str | None) -> bool:
        """Whether nobody on the way can put in another file: it is encrypted, or the checksum is known."""
        host = self.base.partition("://")[2].partition("/")[0].rpartition("@")[2]
        near = is_loopback(host.rsplit(":", 1)[0].strip("[]"))
        return bool(sha256) or not self.base.startswith("http:") or near


def missing(store: ModelStore, model: Model) -> Missing:
    """What of a model is not here, or not whole. Reads every byte of what is here."""
    lacking, whole, to_come = [], [], 0
    for file in model.files:
        place, expected = store.folder(model) / file.path, expected_sha256(store, model, file)
        if (pin := _pin_of(place)) and pin.sha256 == expected:
            whole.append((file, pin))
            continue
        lacking.append(file)
        to_come += max(0, _size(store, model, file) - _come_so_far(store, model, file))
    locked = store.lock().get(model.name) == Locked(model.revision, {file.path: pin for file, pin in whole})
    return Missing(model, tuple(lacking), tuple(whole), to_come, locked)


def expected_sha256(store: ModelStore, model: Model, file: ModelFile) -> str | None:
    """What the catalogue says, else what the first fetch of this revision found."""
    if pin := _pinned(store, model, file):
        return file.sha256 or pin.sha256
    return file.sha256


def check_space(store: ModelStore, lacking: Sequence[Missing], free_bytes: Callable[[Path], int]) -> None:
    """Raises ModelError when the disk does not hold what is to come."""
    to_come = sum(one.to_come_bytes for one in lacking)
    free = free_bytes(existing(store.root))
    if to_come and free < to_come + SPARE_BYTES:
        raise ModelError(
            f"{megabytes(to_come)} are to come and {megabytes(SPARE_BYTES)} must stay free, "
            f"but only {megabytes(free)} are free where {store.root} is. "
            "Make room, or fetch a smaller tier: twominds models list"
        )


def free_on_disk(path: Path) -> int:
    """Bytes that may still be written there."""
    return shutil.disk_usage(path).free


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(place for place in (path, *path.parents) if place.exists())


def megabytes(size_bytes: int) -> str:
    """As people say it: `742 MB`, `2.4 GB`, `5 kB`."""
    if size_bytes >= 999_500_000:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 999_500 else f"{size_bytes / 1e3:.0f} kB"


class Fetcher:
    """Brings models here. One at a time may do so: see ModelStore.alone."""

    def __init__(
        self,
        store: ModelStore,
        network: Network,
        report: Report,
        source: Source | None = None,
        free_bytes: Callable[[Path], int] = free_on_disk,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._source = source or Source()
        self._free_bytes = free_bytes
        self._downloader = Downloader(network, report, sleep)

    def fetch(self, lacking: Sequence[Missing]) -> list[ModelError]:
        """Fetch and install them. A model that fails does not keep the others from coming.

        Gives what went wrong; after ConnectionTrouble nothing more is tried. Raises ModelError when the
        disk is too small.
        """
        check_space(self._store, lacking, self._free_bytes)
        problems: list[ModelError] = []
        for one in lacking:
            try:
                self._fetch(one)
            except ModelError as error:
                problems.append(error)
                if isinstance(error, ConnectionTrouble):
                    break
        return problems

    def _fetch(self, one: Missing) -> None:
        folder = self._store.fetching(one.model)
        try:
            come = {file.path: self._bring(one.model, file, folder / file.path) for file in one.files}
            self._install(one, come)
        except OSError as error:
            raise ModelError(f"{one.model.name} cannot be put into {self._store.root}: {error}") from error

    def _bring(self, model: Model, file: ModelFile, staged: Path) -> Pin:
        """One file, complete and checked, at `staged`."""
        sha256 = expected_sha256(self._store, model, file)
        if (come := _pin_of(staged)) and come.sha256 == sha256:
            return come
        if not self._source.vouches_for(sha256):
            raise ModelError(
                f"{file.path} of {model.name} has no known checksum, so it is not taken over http, where "
                "anybody on the way could exchange it: use https, or leave --from out."
            )
        pinned = _pinned(self._store, model, file)
        wanted = Wanted(
            label=f"{file.path} of {model.name}",
            url=self._source.url_of(model, file),
            exact_bytes=file.bytes or (pinned.bytes if pinned else None),
            about_bytes=file.about,
            sha256=sha256,
        )
        part = staged.with_name(staged.name + ".part")
        pin = self._downloader.fetch(wanted, part)
        put_in_place(part, staged)
        return pin

    def _install(self, one: Missing, come: dict[str, Pin]) -> None:
        """All files are here: into their place, and then into the lock."""
        model, folder, staged = one.model, self._store.folder(one.model), self._store.fetching(one.model)
        folder.mkdir(parents=True, exist_ok=True)
        for name in come:
            put_in_place(staged / name, folder / name)
        flush_folder(folder.parent)
        pins = {file.path: pin for file, pin in one.whole} | come
        self._store.write_lock({**self._store.lock(), model.name: Locked(model.revision, pins)})
        shutil.rmtree(staged, ignore_errors=True)


def _pin_of(file: Path) -> Pin | None:
    """What a file is; None when it is not there, or cannot be read any more."""
    try:
        return Pin(file.stat().st_size, sha256_of(file))
    except OSError:
        return None


def _pinned(store: ModelStore, model: Model, file: ModelFile) -> Pin | None:
    locked = store.lock().get(model.name)
    return locked.files.get(file.path) if locked and locked.revision == model.revision else None


def _size(store: ModelStore, model: Model, file: ModelFile) -> int:
    pinned = _pinned(store, model, file)
    return file.bytes or (pinned.bytes if pinned else file.expected_bytes)


def _come_so_far(store: ModelStore, model: Model, file: ModelFile) -> int:
    staged = store.fetching(model) / file.path
    part = staged.with_name(staged.name + ".part")
    return next((path.stat().st_size for path in (staged, part) if path.is_file()), 0)
