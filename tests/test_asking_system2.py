"""The agent and the gateway as processes of their own: asked, answered, interrupted, cut off, found again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from device.audio.recording import load
from tests.agent_process import Agent, agent
from tests.gateway.openai_server import openai_server
from tests.gateway.process import Running, running_gateway
from tests.sound_card import SoundCard
from tests.thin_process import thin

QUESTION = "why do rivers run in curves"
STORY = "please make up a long story about the moon"
OFFLINE_WITHIN_S = 2.0
RECONNECTS_WITHIN_S = 40.0


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Running]:
    with running_gateway(tmp_path / "gateway") as running:
        yield running


def tell(card: SoundCard, url: str, story: Callable[[Agent], Awaitable[None]], **settings: str) -> None:
    """With an agent that has this System 2, once it has greeted it."""
    given = {
        "SYSTEM2__URL": url,
        "ENGINES__LLM": "none",
        "CONSENT__TRANSCRIPTS": "true",
        "VOICE__WORDS_PER_MINUTE": "400",
        **settings,
    }
    env = {f"TWOMINDS_{name}": value for name, value in given.items()}

    async def whole() -> None:
        async with agent(card.folder / "agent", {**card.env, **env}) as running:
            await reached(running)
            await story(running)

    asyncio.run(whole())


async def reached(running: Agent, within_s: float = 20.0) -> None:
    """System 2 is there, by what the page shows."""
    if not any(_is_up(told) for told in running.of("standing")):
        await running.until("standing", _is_up, within_s)


def _is_up(standing: dict[str, Any]) -> bool:
    return bool(standing["system2"] and standing["system2"]["up"])


def history(gateway: Running) -> list[dict[str, Any]]:
    """What the gateway remembers of the only session."""
    with gateway.rest() as client:
        (session,) = client.get("/v1/sessions").json()
        turns: list[dict[str, Any]] = client.get(f"/v1/sessions/{session['id']}/history").json()
        return turns


def remembered(gateway: Running) -> dict[str, Any]:
    """The gateway's last turn, once the device has told it what sounded."""
    _wait_for(lambda: bool(turns := history(gateway)) and turns[-1]["said"] is not None)
    return history(gateway)[-1]


def test_what_only_system_2_knows_is_asked_answered_aloud_and_remembered_there_as_it_sounded(
    card: SoundCard, gateway: Running
) -> None:
    async def story(running: Agent) -> None:
        with card.recording() as recorder:
            await running.ask(QUESTION)
            record = await running.turn()
            assert (record["route"], record["falls"]) == ("system_2", [])
            assert QUESTION in record["reply"]
            assert not recorder.heard().silent
        turn = await asyncio.to_thread(remembered, gateway)
        assert turn["question"] == QUESTION
        assert turn["said"] == record["reply"]

    tell(card, gateway.device_url, story)


def test_what_tells_about_a_person_never_reaches_the_gateway(card: SoundCard, gateway: Running) -> None:
    async def story(running: Agent) -> None:
        await running.ask("my name is anna and why does my head hurt")
        record = await running.turn()
        assert record["route"] == "stock"
        assert "nobody agreed" in record["reason"]

    tell(card, gateway.device_url, story)
    assert history(gateway) == []
    assert b"anna" not in gateway.database.read_bytes()


def test_after_a_barge_in_nothing_of_the_answer_is_heard_and_the_rest_is_not_remembered(
    card: SoundCard, gateway: Running
) -> None:
    async def story(running: Agent) -> None:
        with card.recording() as recorder:
            await running.ask(STORY)
            await running.light("speaking")
            await asyncio.sleep(2)
            pressed_s = await running.press()
            await asyncio.sleep(1.5)
            await running.release()
            record = await running.turn()
            assert record["cut_off"]
            assert recorder.heard().audible_s()[1] - pressed_s < 0.3
        turn = await asyncio.to_thread(remembered, gateway)
        assert turn["said"] == record["reply"]
        assert len(turn["said"]) < 300

    tell(card, gateway.device_url, story)


def test_a_gateway_that_dies_in_mid_answer_is_told_done_without_and_found_again(
    card: SoundCard, tmp_path: Path
) -> None:
    with running_gateway(tmp_path / "gateway") as first:
        port = first.host.rpartition(":")[2]

        async def story(running: Agent) -> None:
            await running.ask(STORY)
            await running.light("speaking")
            first.process.kill()
            record = await running.turn()
            assert record["error"] in ("mind", "no_system_2")
            assert record["reply"]
            await running.light("offline")
            running.forget()
            await running.ask(QUESTION)
            record = await running.turn()
            assert record["route"] == "stock"
            assert record["stages_ms"]["first_audio"] < OFFLINE_WITHIN_S * 1000
            running.forget()
            with running_gateway(tmp_path / "gateway", listen__port=port):
                await running.until("standing", _is_up, RECONNECTS_WITHIN_S)
                await running.ask(QUESTION)
                assert (await running.turn())["route"] == "system_2"

        tell(card, first.device_url, story)


def test_a_silent_gateway_costs_no_more_than_two_seconds(card: SoundCard, tmp_path: Path) -> None:
    with running_gateway(tmp_path / "gateway", scripted__first_word_ms=60_000) as slow:

        async def story(running: Agent) -> None:
            await running.ask(QUESTION)
            record = await running.turn()
            assert record["route"] == "stock"
            assert any("System 2 had no words" in fall for fall in record["falls"])
            assert record["stages_ms"]["first_audio"] < OFFLINE_WITHIN_S * 1000

        tell(card, slow.device_url, story)


def test_thin_mode_sends_sound_by_consent_and_speaks_what_comes_back(
    card: SoundCard, tmp_path: Path, shared_data: Path
) -> None:
    speech = load(shared_data / "speech" / "sb_spk1_snt5.wav").audio
    with (
        openai_server() as ears,
        running_gateway(
            tmp_path / "gateway", stt__engine="remote", stt__base_url=ears.url, stt__model="any"
        ) as running,
    ):
        asked = {
            "TWOMINDS_SYSTEM2__URL": running.device_url,
            "TWOMINDS_CONSENT__AUDIO_STREAM": "true",
            "TWOMINDS_VOICE__WORDS_PER_MINUTE": "400",
            "STATE_DIRECTORY": str(tmp_path / "thin"),
        }
        with thin({**card.env, **asked}) as device, card.recording() as recorder:
            _wait_for(lambda: bool(_sessions(running)))
            device("down")
            card.speak(speech).wait()
            device("up")
            device.until(lambda: not recorder.heard().silent)
            turn = remembered(running)
        assert turn["question"] == ears.heard
        assert ears.heard in turn["said"]


def test_thin_mode_without_consent_sends_nothing_and_says_what_it_needs(
    card: SoundCard, gateway: Running, shared_data: Path
) -> None:
    speech = load(shared_data / "speech" / "sb_spk1_snt5.wav").audio
    asked = {"TWOMINDS_SYSTEM2__URL": gateway.device_url, "STATE_DIRECTORY": str(card.folder / "thin")}
    with thin({**card.env, **asked}) as device, card.recording() as recorder:
        assert any("consent.audio_stream" in line for line in device.start_screen)
        _wait_for(lambda: bool(_sessions(gateway)))
        device("down")
        card.speak(speech).wait()
        device("up")
        device.until(lambda: not recorder.heard().silent)
    assert history(gateway) == []


def _sessions(gateway: Running) -> list[Any]:
    with gateway.rest() as client:
        sessions: list[Any] = client.get("/v1/sessions").json()
        return sessions


def _wait_for(so: Callable[[], bool], within_s: float = 20.0) -> None:
    give_up_s = time.monotonic() + within_s
    while not so():
        assert time.monotonic() < give_up_s
        time.sleep(0.1)
