"""What a person said without consent is nowhere afterwards: not on a disk, in a log, or on the wire.

The agent and the gateway run as processes of their own, with folders of their own for everything that they
keep; between them sits a wiretap. What is searched are all bytes below those folders, whatever the files are
called, all that both print, and all that crossed. The same search finds the words where a person agreed.
(`--verbose` shows words in the log: it is for a developer's own machine, and says so.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from device.audio.recording import load
from device.contracts import Audio
from tests.agent_process import Agent, agent
from tests.canary import Place, files_below, files_held_open, traces
from tests.gateway.process import Running, running_gateway
from tests.sound_card import SoundCard
from tests.test_asking_system2 import reached
from tests.wiretap import Wiretap, wiretap

PRIVATE = ("zorblatt", "quindrel", "fennywick")
IN_NEED = ("brindlewort", "oskavane", "lumpertash")
KEPT_AT_HOME = ("mabbelsnook", "trindlow", "ophivane")
ASKED_OFFLINE = ("grellock", "sumperdine", "wofflejam")
AGREED = ("hildragoon", "pesterlume", "cravenook")
AGREED_TO = {f"CONSENT__{what}": "true" for what in ("ALERTS", "LEARNING", "TELEMETRY")}
"""None of it is consent to keep or send what a person says of themselves."""
RECORDING = "sb_spk1_snt5.wav"
SPOKEN = ("sunday is the best part of the week", "best part of", "part of the week")
"""What the fixture of Whisper hears in it; words that others say, in an order that nobody else does."""
SOUND = (b"RIFF", b"OggS", b"fLaC")


@dataclass(frozen=True, slots=True)
class Scene:
    """All there is of one device and its gateway."""

    card: SoundCard
    gateway: Running
    tap: Wiretap
    device: Agent

    def left(self) -> list[Place]:
        """On disk, whatever the files are called, and on the wire. The card's folder has all of them: state,
        settings, home and temporary files, both logs, and what the gateway keeps."""
        printed = "".join(self.gateway.told).encode()
        return [
            *files_below(self.card.folder),
            ("the wire", self.tap.passed()),
            ("the gateway's output", printed),
        ]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Running]:
    with running_gateway(tmp_path / "gateway") as running:
        yield running


def left_by(
    card: SoundCard, gateway: Running, story: Callable[[Scene], Awaitable[None]], **settings: str
) -> list[Place]:
    """All that is left of the story once the device has ended."""

    async def whole() -> list[Place]:
        async with wiretap(gateway.host) as tap:
            given = {
                "SYSTEM2__URL": f"ws://127.0.0.1:{tap.port}/v1/device",
                "ENGINES__LLM": "none",
                **settings,
            }
            env = {f"TWOMINDS_{name}": value for name, value in given.items()}
            (temporary := card.folder / "temporary").mkdir()
            async with agent(card.folder / "agent", {**card.env, **env, "TMPDIR": str(temporary)}) as running:
                scene = Scene(card, gateway, tap, running)
                await reached(running)
                await story(scene)
            assert running.process.stdout is not None
            return [*scene.left(), ("the device's output", await running.process.stdout.read())]

    return asyncio.run(whole())


async def answered(device: Agent) -> dict[str, Any]:
    """The record of the turn under way; its answer is cut short."""
    await device.until("answering")
    await device.stop()
    return await device.turn()


async def ask(device: Agent, text: str) -> dict[str, Any]:
    await device.ask(text)
    return await answered(device)


async def say(scene: Scene, recording: Audio) -> str:
    """Into the microphone; what was heard."""
    await scene.device.press()
    await asyncio.to_thread(scene.card.speak(recording).wait)
    await scene.device.release()
    heard = await scene.device.until("heard", lambda message: bool(message["final"]))
    await answered(scene.device)
    return str(heard["text"])


def test_what_was_said_without_consent_is_found_nowhere(
    card: SoundCard, gateway: Running, shared_data: Path
) -> None:
    recording = load(shared_data / "speech" / RECORDING).audio
    said = (*PRIVATE, *IN_NEED, *KEPT_AT_HOME, *ASKED_OFFLINE, *SPOKEN)

    async def story(scene: Scene) -> None:
        device = scene.device
        record = await ask(device, f"my name is {' '.join(PRIVATE)} and why does my head hurt")
        assert "nobody agreed" in record["reason"]
        await ask(device, f"i want to kill myself because of {' and '.join(IN_NEED)}")
        await device.choose("system2.use", "never")
        assert (await ask(device, f"why is the {' so '.join(KEPT_AT_HOME)}"))["route"] != "system_2"
        assert (await say(scene, recording)).lower().startswith(SPOKEN[0])
        await device.choose("system2.use", "auto")
        scene.tap.hang_up()
        await device.light("offline")
        assert (await ask(device, f"why is the {' so '.join(ASKED_OFFLINE)}"))["route"] != "system_2"
        assert traces(said, [*scene.left(), *files_held_open(device.process.pid)]) == []
        assert largest_core(device.process.pid) == ["0", "0"]

    whisper = {"WHISPER__MODEL": str(shared_data / "micro_whisper_ct2"), "ENGINES__STT": "whisper"}
    left = left_by(card, gateway, story, **whisper, **AGREED_TO)
    assert traces(said, left) == []
    own = ("spoken.wav", "agent/voice/")  # what the test plays, and the device's fixed sentences
    assert [where for where, content in left if _is_sound(content) and not where.startswith(own)] == []


def largest_core(pid: int) -> list[str]:
    """Bytes: the limit that holds, and what it could be raised to."""
    limits = Path(f"/proc/{pid}/limits").read_text("ascii").splitlines()
    (line,) = (line for line in limits if line.startswith("Max core file size"))
    return line.split()[4:6]


def _is_sound(content: bytes) -> bool:
    return content.partition(b"\n")[2].startswith(SOUND)


def test_the_same_search_finds_what_was_said_with_consent(card: SoundCard, gateway: Running) -> None:
    async def story(scene: Scene) -> None:
        record = await ask(scene.device, f"why is the {' so '.join(AGREED)}")
        assert record["route"] == "system_2"

    found = traces(AGREED, left_by(card, gateway, story, CONSENT__TRANSCRIPTS="true"))
    assert [trace for trace in found if "log" in trace or "output" in trace] == []
    for place in ("agent/memory.db", "gateway/gateway.sqlite", "the wire"):
        assert {f"{place}: {word}" for word in AGREED} <= {trace.replace("-wal", "") for trace in found}


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le", "utf-16-be"])
def test_the_search_sees_a_word_in_whatever_letters_and_places(tmp_path: Path, code: str) -> None:
    (tmp_path / "deep" / ".hidden").mkdir(parents=True)
    (tmp_path / "deep" / ".hidden" / "x.db-wal").write_bytes(b"\x00\xff" + "a ZorBlatt b".encode(code))
    assert traces(PRIVATE, files_below(tmp_path)) == ["deep/.hidden/x.db-wal: zorblatt"]
