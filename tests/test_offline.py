"""The agent as a process, while System 2 comes and goes: promised and told, learned and known, forgotten."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.agent_process import ROOT, Agent, agent
from tests.canary import files_below, traces
from tests.gateway.openai_server import openai_server
from tests.gateway.process import running_gateway
from tests.sound_card import SoundCard
from tests.test_asking_system2 import RECONNECTS_WITHIN_S, reached

FREE_PORT_OF_NOBODY = "ws://127.0.0.1:9/v1/device"
PROMISED = "how do glassblowers make marbles"
LEARNED = "why do leopards have spots"
NEARLY = "could you tell me why leopards have got spots please"
ANSWER = "Spots break up the shape of a leopard, so it is hard to see among leaves."
HIT_WITHIN_MS = 1_000


def settings(url: str) -> dict[str, str]:
    given = {
        "SYSTEM2__URL": url,
        "ENGINES__LLM": "none",
        "CONSENT__LEARNING": "true",
        "CONSENT__TELEMETRY": "true",
    }
    return {f"TWOMINDS_{name}": value for name, value in given.items()}


async def asked(running: Agent, text: str) -> dict[str, object]:
    running.forget()
    await running.ask(text)
    return await running.turn()


def test_what_was_promised_offline_is_told_and_what_was_learned_is_known_offline(
    card: SoundCard, tmp_path: Path
) -> None:
    state, env = card.folder / "agent", {**card.env}

    async def promised() -> None:
        async with agent(state, env | settings(FREE_PORT_OF_NOBODY)) as running:
            await running.light("offline")
            offered = await asked(running, PROMISED)
            assert "found out later" in str(offered["reason"])
            kept = await asked(running, "yes")
            assert kept["error"] is None

    async def told(url: str) -> None:
        async with agent(state, env | settings(url)) as running:
            await reached(running)
            await asyncio.sleep(4.0)  # the outbox waits for a moment by chance, at most two seconds
            await asked(running, "hello")
            telling = await running.turn()
            assert telling["kind"] == "announcement"
            assert any(ANSWER in said["text"] for said in running.of("answering"))
            first = await asked(running, LEARNED)
            assert first["route"] == "system_2"

    async def known() -> None:
        async with agent(state, env | settings(FREE_PORT_OF_NOBODY)) as running:
            await running.light("offline")
            exact = await asked(running, LEARNED)
            assert exact["route"] == "cache"
            nearly = await asked(running, NEARLY)
            assert nearly["route"] == "cache"
            assert nearly["stages_ms"]["first_audio"] < HIT_WITHIN_MS  # type: ignore[index]
            assert forgotten_by_command(state, env | settings(FREE_PORT_OF_NOBODY))["done"]
            gone = await asked(running, LEARNED)
            assert gone["route"] != "cache"

    asyncio.run(promised())
    with (
        openai_server() as model,
        running_gateway(tmp_path / "gateway", llm__base_url=model.url, llm__model="told") as gateway,
    ):
        model.words = tuple(f"{word} " for word in ANSWER.split())
        asyncio.run(told(gateway.device_url))
    assert traces(["glassblowers"], files_below(state)) == []
    asyncio.run(known())


def forgotten_by_command(state: Path, env: Mapping[str, str]) -> dict[str, object]:
    """What `twominds forget` says."""
    done = subprocess.run(
        [sys.executable, "-m", "device.cli", "forget", "--all", "--yes", "--json"],
        cwd=ROOT,
        env={**env, "STATE_DIRECTORY": str(state)},
        capture_output=True,
        check=False,
        text=True,
    )
    report: dict[str, object] = json.loads(done.stdout)
    return report
