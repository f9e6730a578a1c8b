"""The models on this machine: where they lie, whether they are whole, which one an engine is given.

    models/<name>/<file>       what is installed
    models/lock.json           revision, size and sha256 of every file as it was first fetched
    models/.fetching/<name>/   what is being fetched; nothing in there is ever given to an engine

A model counts as installed when the lock has it and every file has its size. The checksums are compared
when it is fetched and by `verify`, not here: that would take seconds at every start.
"""

from __future__ import annotations

import contextlib
import enum
import fcntl
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from device.errors import EngineMissing, ModelError, NotInstalled
from device.places import state_directory
from models.board import Board, read_board, tier_for
from models.catalogue import Catalogue, Kind, Model, load
from models.files import sha256_of, write_whole


class Pin(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file was when it was first fetched."""

    bytes: int
    sha256: str


class Locked(Struct, frozen=True, forbid_unknown_fields=True):
    """What a model was when it was first fetched."""

    revision: str
    files: dict[str, Pin]


class Status(enum.Enum):
    """How a model of the catalogue was found on this machine."""

    ABSENT = "absent"
    INSTALLED = "installed"
    OLDER = "installed, another version"
    """Whole, but not the revision that the catalogue has now."""
    DAMAGED = "damaged"


USABLE = (Status.INSTALLED, Status.OLDER)


class ModelStore:
    """The folder of the models. Looking is quick (sizes only) and changes nothing."""

    def __init__(self, root: Path, catalogue: Catalogue, board: Board | None = None) -> None:
        self.root = root
        self.catalogue = catalogue
        self.board = board or read_board()
        self.tier = tier_for(self.board, catalogue)

    # --- for engines -----------------------------------------------------------------------------

    def find(self, kind: Kind | str, wanted: str = "") -> Path:
        """The folder (whisper, sherpa) or the file (llama, piper) that an engine loads.

        `wanted` is a name of the catalogue, a path of the person's own, or empty: the best one that is
        installed and fits this board. Raises EngineMissing with what to do.
        """
        try:
            return self._named(Kind(kind), wanted) if wanted else self._best(Kind(kind))
        except ModelError as error:
            raise EngineMissing(str(error)) from error

    def _named(self, kind: Kind, wanted: str) -> Path:
        model = next((model for model in self.catalogue.models if model.name == wanted), None)
        if model is None:
            return self._own(kind, wanted)
        if model.kind is not kind:
            raise EngineMissing(f"{wanted} is a model for {model.kind.value}, not for {kind.value}.")
        return self._usable(model)

    def _usable(self, model: Model) -> Path:
        status = self.status(model)
        if status is Status.ABSENT:
            raise EngineMissing(f"{model.name} is not installed: twominds models fetch {model.name}")
        if status is Status.DAMAGED:
            raise EngineMissing(
                f"{model.name} is damaged ({self.damage(model)}): twominds models fetch {model.name} mends it"
            )
        return self.entry(model)

    def _best(self, kind: Kind) -> Path:
        """The tier's own, else the largest other one that fits; what is damaged is only told of."""
        own, ram_mib = self.tier.of_kind(kind), self.board.ram_mib
        fitting = [m for m in self.catalogue.of_kind(kind) if m.name == own or m.ram_mib <= ram_mib]
        ranked = sorted(fitting, key=lambda m: (m.name == own, m.ram_mib), reverse=True)
        there = [model for model in ranked if self.status(model) is not Status.ABSENT]
        for model in there:
            if self.status(model) in USABLE:
                return self.entry(model)
        if there:
            return self._usable(there[0])
        if own:
            raise NotInstalled(
                f"No model for {kind.value} is installed: make voice, or: twominds models fetch {own}"
            )
        raise NotInstalled(
            f"No model for {kind.value} is installed, and none is meant for {self.board}: "
            "twominds models list shows all of them"
        )

    def _own(self, kind: Kind, wanted: str) -> Path:
        path = Path(wanted).expanduser()
        if "/" not in wanted and not path.exists():
            self.catalogue.model(wanted)  # raises: nobody knows it
        if kind.is_folder and not path.is_dir():
            raise EngineMissing(f"There is no folder {path}, which is named as the model for {kind.value}.")
        if not kind.is_folder and not path.is_file():
            raise EngineMissing(f"There is no file {path}, which is named as the model for {kind.value}.")
        return path

    # --- what is there ---------------------------------------------------------------------------

    def folder(self, model: Model) -> Path:
        """Where the model's files lie."""
        return self.root / model.name

    def entry(self, model: Model) -> Path:
        """What an engine is given: the folder, or the one file of its kind."""
        folder = self.folder(model)
        return folder if model.kind.is_folder else folder / model.main_file.path

    def status(self, model: Model) -> Status:
        """How the model is found here, by its files' sizes."""
        locked = self.lock().get(model.name)
        if locked is None or not self.folder(model).is_dir():
            return Status.ABSENT
        if self.damage(model):
            return Status.DAMAGED
        return Status.INSTALLED if locked.revision == model.revision else Status.OLDER

    def damage(self, model: Model) -> str:
        """What is wrong with the sizes of an installed model's files, in a few words; empty: nothing."""
        pins, folder = self._pins(model), self.folder(model)
        found = (_wrong(folder / name, pin) for name, pin in pins.items())
        return next((wrong for wrong in found if wrong), "")

    def verify(self, model: Model) -> list[str]:
        """What is wrong with an installed model, its checksums compared too; slow: it reads every byte."""
        locked = self.lock().get(model.name)
        files = locked.files.items() if locked else ()
        return [
            wrong for name, pin in files if (wrong := _wrong(self.folder(model) / name, pin, thorough=True))
        ]

    def _pins(self, model: Model) -> Mapping[str, Pin]:
        locked = self.lock().get(model.name)
        return locked.files if locked else {}

    # --- changing it -----------------------------------------------------------------------------

    def fetching(self, model: Model) -> Path:
        """Where its files lie while they are being fetched."""
        return self.root / ".fetching" / model.name

    def remove(self, model: Model, *, forget: bool = False) -> bool:
        """Delete a model, and what was fetched of it so far. Says whether there was anything.

        Its checksums stay pinned, unless they are to be forgotten, too.
        """
        there = [folder for folder in (self.folder(model), self.fetching(model)) if folder.exists()]
        for folder in there:
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise ModelError(f"{folder} cannot be deleted: {error.strerror or error}.") from error
        if forget:
            self.write_lock({name: kept for name, kept in self.lock().items() if name != model.name})
        return bool(there)

    def lock(self) -> Mapping[str, Locked]:
        """What was first fetched, by name. Raises ModelError when the file cannot be used."""
        file = self.root / "lock.json"
        try:
            return msgspec.json.decode(file.read_bytes(), type=dict[str, Locked])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
            raise ModelError(
                f"{file} cannot be read ({error}). Delete it, and run: twominds models fetch"
            ) from error

    def write_lock(self, lock: Mapping[str, Locked]) -> None:
        """Put a new lock in the old one's place, whole."""
        self.root.mkdir(parents=True, exist_ok=True)
        ordered = dict(sorted(lock.items()))
        write_whole(self.root / "lock.json", msgspec.json.format(msgspec.json.encode(ordered), indent=2))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While this is open, nobody else changes the store. Raises ModelError when somebody is at it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            guard = (self.root / ".changing").open("w")
        except OSError as error:
            raise ModelError(f"{self.root} cannot be written to: {error.strerror}.") from error
        with guard:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ModelError(
                    "Another twominds is fetching or removing models: let it finish first."
                ) from None
            yield


def _wrong(file: Path, pin: Pin, *, thorough: bool = False) -> str:
    """What is wrong with a file, in a few words; empty: nothing. Its content is compared only if thorough."""
    try:
        if (size := file.stat().st_size) != pin.bytes:
            return f"{file.name} has {size} bytes, not {pin.bytes}"
        if thorough and sha256_of(file) != pin.sha256:
            return f"{file.name} has its size, but not its content"
    except FileNotFoundError:
        return f"{file.name} is missing"
    except OSError as error:
        return f"{file.name} cannot be read: {error.strerror}"
    return ""


def open_store(env: Mapping[str, str]) -> ModelStore:
    """The store of this machine, with the catalogue that ships."""
    return ModelStore(state_directory(env) / "models", load())
