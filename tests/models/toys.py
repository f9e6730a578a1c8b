"""Small models of every kind, their catalogue, and a fetch of them that tells what it did."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from device.egress import Egress
from device.errors import ModelError
from models.board import Board
from models.catalogue import Catalogue, Kind, Model, ModelFile, Terms, Tier
from models.fetching import Fetcher, Source, missing
from models.network import Network, Patience
from models.store import ModelStore
from tests.models.server import FileServer

BOARD = Board("Raspberry Pi 5 Model B Rev 1.0", 4000, 4)
BIG_BYTES = 300_000


def content(name: str, size: int) -> bytes:
    """Bytes that are always the same for a name."""
    return random.Random(name).randbytes(size)


def known(path: str, data: bytes) -> ModelFile:
    return ModelFile(path=path, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


BIN, CONFIG = content("model.bin", BIG_BYTES), content("config.json", 2_000)
WEIGHTS, VOICE, VOICE_JSON = content("gguf", 200_000), content("onnx", 100_000), content("json", 900)
FILES = {
    "/r1/model.bin": BIN,
    "/r1/config.json": CONFIG,
    "/r1/small.gguf": WEIGHTS,
    "/r1/voice.onnx": VOICE,
    "/r1/voice.onnx.json": VOICE_JSON,
}


def catalogue(url: str, redirects: tuple[str, ...] = ()) -> Catalogue:
    """`ears` (all known), `mind` (size about, no checksum), `big-mind` (under terms), `voice`."""
    place = f"{url}/{{revision}}/"

    def model(name: str, kind: Kind, ram_mib: int, *files: ModelFile, terms: Terms | None = None) -> Model:
        return Model(
            name=name,
            kind=kind,
            what="a toy",
            languages=("en",),
            licence="none",
            ram_mib=ram_mib,
            url=place,
            revision="r1",
            files=files,
            terms=terms,
        )

    terms = Terms(name="Toy Terms", url="https://terms.example/", instead="mind")
    models = (
        model("ears", Kind.WHISPER, 100, known("config.json", CONFIG), known("model.bin", BIN)),
        model("big-ears", Kind.WHISPER, 9000, known("config.json", CONFIG), known("model.bin", BIN)),
        model("mind", Kind.LLAMA, 100, ModelFile(path="small.gguf", about=210_000)),
        model("big-mind", Kind.LLAMA, 200, known("small.gguf", WEIGHTS), terms=terms),
        model("voice", Kind.PIPER, 50, known("voice.onnx.json", VOICE_JSON), known("voice.onnx", VOICE)),
    )
    tiers = (
        Tier(name="least", what="", ram_mib=0, cores=1, boards=(), hears_with="whisper", llama="mind"),
        Tier(
            name="usual",
            what="",
            ram_mib=1000,
            cores=1,
            boards=(),
            hears_with="whisper",
            whisper="ears",
            llama="big-mind",
            piper="voice",
        ),
    )
    return Catalogue(redirects=redirects, tiers=tiers, models=models)


class Told:
    """A report that remembers what it was told."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int, int]] = []
        self.notes: list[str] = []
        self.advanced = 0

    def begin(self, label: str, total_bytes: int, there_bytes: int) -> None:
        self.begun.append((label, total_bytes, there_bytes))

    def advance(self, more_bytes: int) -> None:
        self.advanced += more_bytes

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def end(self) -> None: ...


class Rig:
    """A server with the toys, a store, and fetches without waiting."""

    def __init__(self, server: FileServer, root: Path, redirects: tuple[str, ...] = ()) -> None:
        self.server = server
        self.redirects = redirects
        server.files.update(FILES)
        self.store = ModelStore(root / "models", catalogue(server.url, redirects), BOARD)
        self.told = Told()
        self.slept: list[float] = []
        self.egress = Egress()

    def model(self, name: str) -> Model:
        return self.store.catalogue.model(name)

    def fetch(
        self,
        *names: str,
        source: str = "",
        stall_s: float = 5.0,
        free_bytes: Callable[[Path], int] = lambda path: 10**12,
    ) -> list[ModelError]:
        """Fetch what these lack; what went wrong comes back."""
        network = Network(self.egress, self.redirects, Patience(2.0, stall_s), proxies={})
        fetcher = Fetcher(
            self.store, network, self.told, Source(source), free_bytes=free_bytes, sleep=self.slept.append
        )
        lacking = [missing(self.store, self.model(name)) for name in names]
        return fetcher.fetch([one for one in lacking if not one.nothing])

    def in_place(self) -> list[str]:
        """Files that an engine could be given, whatever the lock says."""
        folders = [self.store.folder(model) for model in self.store.catalogue.models]
        return sorted(str(f.relative_to(self.store.root)) for one in folders for f in one.rglob("*"))


def sentences(problems: Sequence[ModelError]) -> str:
    return "\n".join(str(problem) for problem in problems)
