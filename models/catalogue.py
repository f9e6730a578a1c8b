"""The catalogue: which models there are, for which boards, and where their files lie.

It is data (`catalogue.toml`); this module reads it strictly: a key that does not belong there is an error.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from device.errors import ModelError

SHIPPED = Path(__file__).with_name("catalogue.toml")

PlainName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A name that is a file's or a folder's and leads nowhere else."""
Bytes = Annotated[int, Meta(gt=0)]
Mib = Annotated[int, Meta(ge=0)]


class Kind(enum.Enum):
    """What a model is for, by the engine that runs it."""

    WHISPER = "whisper"
    """Speech to text by faster-whisper: a folder."""
    SHERPA = "sherpa"
    """Streaming speech to text by sherpa-onnx: a folder."""
    LLAMA = "llama"
    """A language model for llama.cpp: a GGUF file."""
    PIPER = "piper"
    """A voice for piper: an ONNX file with its JSON beside it."""

    @property
    def is_folder(self) -> bool:
        return self in (Kind.WHISPER, Kind.SHERPA)

    @property
    def suffix(self) -> str:
        """What the one file's name ends with that the engine is given; empty where it is given a folder."""
        return {Kind.LLAMA: ".gguf", Kind.PIPER: ".onnx"}.get(self, "")


class _Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the catalogue."""


class ModelFile(_Record, frozen=True):
    """One file of a model, named as it lies at the publisher's and here."""

    path: PlainName
    bytes: Bytes | None = None
    """Its exact size, where that is known."""
    about: Bytes | None = None
    """Roughly its size, where the exact one is not known."""
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None
    """None: pinned when it is first fetched."""

    @property
    def expected_bytes(self) -> int:
        """The exact size, or else the rough one: to plan with."""
        return self.bytes or self.about or 0


class Terms(_Record, frozen=True):
    """What a person must agree to before the model is fetched."""

    name: str
    url: str
    instead: PlainName
    """The model of the same kind that is taken where nobody agrees; it needs no agreement."""


class Model(_Record, frozen=True):
    """A model: what it is, what it needs, and its files."""

    name: PlainName
    kind: Kind
    what: str
    """In one line."""
    languages: tuple[str, ...]
    """Codes as in ISO 639-1, or `many`."""
    licence: str
    ram_mib: Mib
    """What it takes while it works, estimated."""
    url: str
    """Where its files lie; ends with a slash, `{revision}` stands for the revision."""
    revision: str
    files: Annotated[tuple[ModelFile, ...], Meta(min_length=1)]
    measured: str = ""
    """A speed that was measured, and by whom."""
    terms: Terms | None = None

    @property
    def expected_bytes(self) -> int:
        return sum(file.expected_bytes for file in self.files)

    def url_of(self, file: ModelFile) -> str:
        """Where the publisher has it."""
        return self.url.format(revision=self.revision) + file.path

    @property
    def main_file(self) -> ModelFile:
        """The file that an engine is given: the one with the kind's ending (any, where it gets a folder)."""
        return next(file for file in self.files if file.path.endswith(self.kind.suffix))


class Tier(_Record, frozen=True):
    """A class of boards and the models for it: one of a kind, or none where that kind does not fit."""

    name: PlainName
    what: str
    ram_mib: Mib
    """The least memory, as the system reports it (somewhat less than is printed on the box)."""
    cores: Annotated[int, Meta(ge=1)]
    boards: tuple[str, ...]
    """Beginnings of device-tree models that belong in this tier at most."""
    hears_with: Literal["whisper", "sherpa"]
    """Which of the two is asked first where both are installed."""
    whisper: str = ""
    sherpa: str = ""
    llama: str = ""
    piper: str = ""

    def of_kind(self, kind: Kind) -> str:
        """The name of its model of that kind; empty where there is none."""
        return {
            Kind.WHISPER: self.whisper,
            Kind.SHERPA: self.sherpa,
            Kind.LLAMA: self.llama,
            Kind.PIPER: self.piper,
        }[kind]

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all its models, in the order of the kinds."""
        return tuple(name for kind in Kind if (name := self.of_kind(kind)))


class Catalogue(_Record, frozen=True):
    """Everything that twominds can fetch."""

    redirects: tuple[str, ...]
    """Domains that a publisher may send us on to; hosts within them count."""
    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1)]
    """From the smallest boards to the largest."""
    models: tuple[Model, ...]
    """Those of a kind stand together, the smaller ones first."""

    def model(self, name: str) -> Model:
        """The model of that name. Raises ModelError with a suggestion when there is none."""
        for model in self.models:
            if model.name == name:
                return model
        raise ModelError(f"There is no model {name} in the catalogue.{self._hint(name)}")

    def chosen(self, names: Sequence[str]) -> tuple[Model, ...]:
        """The models that tiers and models are named by, once each. Raises ModelError for any other name."""
        tiers = {tier.name: tier.models for tier in self.tiers}
        wanted = [model for name in names for model in tiers.get(name, (name,))]
        return tuple(self.model(name) for name in dict.fromkeys(wanted))

    def of_kind(self, kind: Kind) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.kind is kind)

    def _hint(self, name: str) -> str:
        known = [model.name for model in self.models] + [tier.name for tier in self.tiers]
        close = difflib.get_close_matches(name, known, n=1)
        return f" Did you mean {close[0]}?" if close else " All of them: twominds models list"


def load(file: Path = SHIPPED) -> Catalogue:
    """The catalogue in a file. Raises ModelError when it is not one."""
    try:
        return msgspec.toml.decode(file.read_bytes(), type=Catalogue)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ModelError(f"The catalogue {file} cannot be used: {error}") from error
