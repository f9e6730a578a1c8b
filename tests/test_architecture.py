"""Imports run downward only. Read from the sources, so that lazy imports count, too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("device.audio", "device.hw", "device.brain", "device.panel", "device.link")
FLOOR = (
    "device.config",
    "device.config_keys",
    "device.config_load",
    "device.config_show",
    "device.contracts",
    "device.errors",
    "device.notices",
    "device.places",
    "device.ports",
    "device.private_file",
)
"""What every room may build on."""
SHARED = ("device.jobs", "device.machine", "device.pipeline")
"""What rooms may use, too: calls in threads, the states that lights show, waiting with a bound."""
GATEWAYS = (
    "device.audio.opus",
    "device.brain.stt_whisper",
    "device.brain.tts_espeak",
    "device.brain.tts_piper",
    "device.config",
    "device.contracts",
    "device.errors",
    "device.link.checked_json",
    "device.link.native",
    "device.ports",
)
"""What the gateway shares with the device: values, wire code, the Opus codec, ears and voices."""
GATE = ("device.egress",)
"""What the models may use beyond the floor: whoever speaks to the network asks the one gate for a permit."""
PURE = (
    "machine",
    "endpointer",
    "chunker",
    "chunks",
    "router",
    "native",
    "checked_json",
    "fastrtc",
    "sound_only",
    "twilio",
    "jitter_buffer",
    "packet_numbers",
    "backoff",
    "setback",
    "outgoing",
    "allowance",
    "native_dialect",
    "connectivity",
    "device.link.health",
    "device.link.tools",
)
"""The core that knows neither a clock nor an event loop, wherever its files lie."""


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found: dict[str, Path] = {}
    for top in ("device", "cache", "models", "provisioning", "gateway"):
        for file in sorted((ROOT / top).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


MODULES = modules()
OURS = tuple(dict.fromkeys(name.partition(".")[0] for name in MODULES))


def imports(module: str) -> Iterator[str]:
    """What a module imports, dotted; `from package import module` counts as the module."""
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute here"
            source = node.module or ""
            for alias in node.names:
                full = f"{source}.{alias.name}"
                yield full if full in MODULES else source


def ours(module: str) -> list[str]:
    """What it imports of ours, once each."""
    return list(dict.fromkeys(name for name in imports(module) if name.partition(".")[0] in OURS))


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def may_import(module: str, imported: str) -> bool:
    """The order: floor ← rooms ← device's own middle (turn, session, doctor) ← app ← cli."""
    if module == imported or imported in OURS:
        return True
    if within(imported, ("device.cli",)):
        return module == "device.__main__"
    if within(imported, ("device.app", "device.engines")):
        return module in ("device.app", "device.cli", "device.rehearsal", "device.what_serves")
    if not module.startswith("device"):
        return (
            module.partition(".")[0] == imported.partition(".")[0]
            or (module.startswith(("models", "provisioning")) and within(imported, FLOOR))
            or (module.startswith("gateway") and imported in GATEWAYS)
            or (module.startswith("models") and within(imported, GATE))
        )
    if module in FLOOR or module in SHARED:
        return within(imported, FLOOR)
    for room in ROOMS:
        if within(module, (room,)):
            return within(imported, (*FLOOR, *SHARED, room)) or not imported.startswith("device")
    return True


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downward(module: str) -> None:
    wrong = [imported for imported in ours(module) if not may_import(module, imported)]
    assert not wrong, f"{module} may not import {', '.join(wrong)}"


@pytest.mark.parametrize("module", [name for name in MODULES if {name, name.rpartition(".")[2]} & set(PURE)])
def test_the_core_knows_neither_time_nor_event_loop(module: str) -> None:
    assert not {"asyncio", "time"} & {name.partition(".")[0] for name in imports(module)}


@pytest.mark.parametrize(
    ("module", "imported", "allowed"),
    [
        ("device.audio.vad", "device.contracts", True),
        ("device.audio.vad", "device.audio.frames", True),
        ("device.audio.vad", "device.brain.router", False),
        ("device.audio.vad", "device.session", False),
        ("device.brain.stt", "device.jobs", True),
        ("device.contracts", "device.jobs", False),
        ("device.ports", "device.audio.vad", False),
        ("device.turn", "device.audio.endpointer", True),
        ("device.session", "device.app", False),
        ("device.app", "device.brain.router", True),
        ("device.app", "device.cli", False),
        ("device.cli", "device.app", True),
        ("cache.replies", "cache", True),
        ("cache.replies", "cache.migrations", True),
        ("cache.replies", "device.contracts", False),
        ("device.brain.router", "cache.replies", True),
        ("models.network", "device.egress", True),
        ("models.store", "device.places", True),
        ("models.store", "device.jobs", False),
        ("models.commands", "device.cli", False),
        ("gateway.app", "device.link.native", True),
        ("gateway.app", "device.session", False),
        ("device.link.native", "device.audio.opus", False),
        ("cache.replies", "device.egress", False),
        ("device.brain.stt", "models.store", True),
    ],
)
def test_the_order_itself(module: str, imported: str, allowed: bool) -> None:
    assert may_import(module, imported) is allowed


def test_sources_are_found() -> None:
    assert {"device", "device.contracts", *ROOMS} <= set(MODULES)


# --- native code ---------------------------------------------------------------------------------

NATIVE = {"ctranslate2", "faster_whisper", "llama_cpp", "onnxruntime", "piper", "pocketsphinx", "sherpa_onnx"}
IN_THE_LOOP = {
    "device.audio.vad": "Silero judges a frame in some 0.2 ms",
    "device.doctor": "looks at packages before anything runs",
}
"""Who may call a native package outside a worker's thread, and why."""


def calls_native(module: str) -> bool:
    """Imports for types alone do not count: nothing is called by them."""
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body.clear()
    names = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    return bool(NATIVE & {name.partition(".")[0] for name in names})


@pytest.mark.parametrize(
    "module", [name for name in MODULES if calls_native(name) and name not in IN_THE_LOOP]
)
def test_native_code_lives_in_a_workers_thread(module: str) -> None:
    """Who calls a native package knows no event loop, unless it hands the call to a worker."""
    used = {name.partition(".")[0] for name in imports(module)}
    assert "asyncio" not in used
    workers = [name for name in MODULES if module in ours(name) and "device.jobs" in ours(name)]
    assert workers or "device.jobs" in ours(module), f"nobody hands {module} to a worker"


def test_native_packages_are_found_where_they_are_used() -> None:
    users = {name for name in MODULES if calls_native(name)}
    assert {"device.brain.llama_engine", "device.brain.piper_engine", "device.brain.whisper_pass"} <= users
    assert set(IN_THE_LOOP) <= users
