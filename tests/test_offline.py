"""The agent as a process, while System 2 comes and goes: promised and told, learned and known, forgotten."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.agent_process import ROOT, Agent, agent
from tests.canary import files_below, traces
from tests.free_port import free_port
from tests.gateway.openai_server import openai_server
from tests.gateway.process import running_gateway
from tests.sound_card import SoundCard
from tests.test_asking_system2 import RECONNECTS_WITHIN_S, reached
from tests.until import until

PROMISED = "how do glassblowers make marbles"
LEARNED = "why do leopards have spots"
NEARLY = "could you tell me why leopards have got spots please"
ANSWER = "Spots break up the shape of a leopard, so it is hard to see among leaves."
HIT_WITHIN_MS = 1_000


def test_what_was_promised_offline_is_told_and_what_was_learned_is_known_offline(
    card: SoundCard, tmp_path: Path
) -> None:
    state, port = card.folder / "agent", free_port()
    env = {**card.env, **settings(f"ws://127.0.0.1:{port}/v1/device")}

    async def offline(running: Agent) -> None:
        await running.light("offline")
        offered = await asked(running, PROMISED)
        assert "found out later" in offered["reason"]
        assert (await asked(running, "yes"))["error"] is None
        assert holds(state, PROMISED)

    async def online(running: Agent) -> None:
        await reached(running, RECONNECTS_WITHIN_S)
        await until(lambda: holds(state, ANSWER), every_s=0.2)
        await asked(running, "what time is it")
        assert (await running.turn())["kind"] == "announcement"
        assert any(ANSWER in said["text"] for said in running.of("answering"))
        await until(lambda: not holds(state, PROMISED), every_s=0.2)
        assert (await asked(running, LEARNED))["route"] == "system_2"

    async def offline_again(running: Agent) -> None:
        await running.light("offline")
        assert (await asked(running, LEARNED))["route"] == "cache"
        nearly = await asked(running, NEARLY)
        assert nearly["route"] == "cache"
        assert nearly["stages_ms"]["first_audio"] < HIT_WITHIN_MS
        report = await forgotten_by_command(state, env)
        assert report["done"]
        assert {"turn", "question"} <= {sent["kind"] for sent in report["sent"]}
        assert not holds(state, LEARNED)
        assert (await asked(running, LEARNED))["route"] != "cache"

    async def story() -> None:
        async with agent(state, env) as running:
            await offline(running)
            with openai_server() as model:
                model.words = tuple(f"{word} " for word in ANSWER.split())
                data, at = tmp_path / "gateway", {"listen__port": port}
                with running_gateway(data, llm__base_url=model.url, llm__model="told", **at):
                    await online(running)
            await offline_again(running)

    asyncio.run(story())


def settings(url: str) -> dict[str, str]:
    given = {
        "SYSTEM2__URL": url,
        "ENGINES__LLM": "none",
        "CONSENT__LEARNING": "true",
        "CONSENT__TELEMETRY": "true",
        "VOICE__WORDS_PER_MINUTE": "400",
    }
    return {f"TWOMINDS_{name}": value for name, value in given.items()}


async def asked(running: Agent, text: str) -> dict[str, Any]:
    """The record of its turn."""
    running.forget()
    await running.ask(text)
    return await running.turn()


def holds(state: Path, words: str) -> bool:
    """Somewhere on its disk."""
    return bool(traces([words.lower()], files_below(state)))


async def forgotten_by_command(state: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """What `twominds forget` says, while the agent runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "device.cli", "forget", "--all", "--yes", "--json"),
        cwd=ROOT,
        env={**os.environ, **env, "STATE_DIRECTORY": str(state)},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    report: dict[str, Any] = json.loads(told)
    return report
