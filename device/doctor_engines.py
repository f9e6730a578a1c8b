"""The doctor's look at the native engines: is the package there, is the model there and whole."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from device.brain.llm_server import ServerModel, address
from device.config import Settings
from device.egress import Content, Egress, Peer, install_guard
from device.errors import EngineMissing, TwomindsError
from device.way_out import WayOut
from models.store import open_store

SERVER_S = 5.0


@dataclass(frozen=True, slots=True)
class Engine:
    """A native engine: what it is looked for by."""

    package: str
    kind: str
    """Of the catalogue, and the settings table that names its model."""
    stage: str
    """The setting under `engines` that may call for it."""

    def wanted(self, settings: Settings) -> bool:
        """Whether the settings call for it by name."""
        return str(getattr(settings.engines, self.stage)) == self.kind


ENGINES: Mapping[str, Engine] = {
    "STT: whisper": Engine("faster_whisper", "whisper", "stt"),
    "STT: sherpa": Engine("sherpa_onnx", "sherpa", "stt"),
    "System 1: llama.cpp": Engine("llama_cpp", "llama", "llm"),
    "voice: piper": Engine("piper", "piper", "tts"),
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of one engine."""

    usable: bool
    detail: str
    fix: str = ""


def look(engine: Engine, settings: Settings, env: Mapping[str, str]) -> Looked:
    """Sizes are compared, nothing is loaded: that can take a minute."""
    if importlib.util.find_spec(engine.package) is None:
        return Looked(False, "not installed", "make voice")
    named = str(getattr(settings, engine.kind).model)
    try:
        model = open_store(env).find(engine.kind, named)
    except EngineMissing as error:
        what, _, command = str(error).partition(": ")
        return Looked(False, what, command)
    return Looked(True, f"{_shown(model)} is there, {_size_mb(model):.0f} MB")


def look_at_server(settings: Settings) -> Looked:
    """Asks the server which models it has; nothing of a person is sent."""
    server, egress = settings.llm_server, Egress()
    install_guard(egress)
    try:
        asyncio.run(_ask(settings, WayOut(egress, Peer(*address(server.url)), Content.TEXT)))
    except TwomindsError as error:
        return Looked(False, str(error), "is it running, and is llm_server.url right?")
    return Looked(True, f"{server.url} answers")


async def _ask(settings: Settings, way: WayOut) -> None:
    model = ServerModel(settings.llm_server, settings.reply, way)
    try:
        await model.load(SERVER_S)
    finally:
        await model.close()


def _shown(model: Path) -> str:
    return model.name if model.is_dir() else f"{model.parent.name}/{model.name}"


def _size_mb(model: Path) -> float:
    files = [file for file in model.rglob("*") if file.is_file()] if model.is_dir() else [model]
    return sum(file.stat().st_size for file in files) / 1e6
