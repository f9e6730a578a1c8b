"""The device's own link, as its settings make it, against FastRTC and Pipecat themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from device.audio.frames import Framer
from device.audio.resample import at_rate
from device.config import Character, Consent, Settings, System2
from device.contracts import FRAME_MS, RATE_HZ, Audio, Question, Unworded
from device.egress import Egress
from device.link.link import Calls, Link
from device.linked import link_for

from .driver import eventually, likeness

pytestmark = pytest.mark.others


def settings(url: str, dialect: Literal["fastrtc", "twilio"], safety: Literal["child", "adult"]) -> Settings:
    return Settings(
        system2=System2(url=url, dialect=dialect, voice="theirs"),
        character=Character(safety=safety),
        consent=Consent(audio_stream=True),
    )


@asynccontextmanager
async def linked(settings: Settings, state: Path) -> AsyncIterator[Link]:
    calls = Calls(halt=lambda: None, changed=lambda health: None)
    link = link_for(settings, Egress(), {"STATE_DIRECTORY": str(state)}, calls)
    assert link is not None
    running = asyncio.ensure_future(link.run())
    try:
        yield link
    finally:
        running.cancel()
        await asyncio.wait({running})


async def answer(link: Link, turn_id: int, question: Audio) -> Audio:
    """Ask aloud, as fast as a person speaks; the sound of the answer, at the pipeline's rate."""
    hearing = link.listen()
    for frame in Framer().cut(question.pcm, question.duration_s):
        hearing.feed(frame)
        await asyncio.sleep(FRAME_MS / 1000)
    heard = await hearing.finish()
    assert heard.text == ""
    pieces = []
    async for item in link.ask(Question(turn_id, "", "en", heard_as=heard.heard_as)):
        assert isinstance(item, Unworded)
        pieces.append(item.audio)
    return at_rate(Audio(b"".join(piece.pcm for piece in pieces), pieces[0].rate_hz), RATE_HZ)


@pytest.mark.parametrize("dialect", ["fastrtc", "twilio"])
def test_a_spoken_question_is_answered_in_sound(
    dialect: Literal["fastrtc", "twilio"],
    question: Audio,
    state_directory: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Twice. On a busy machine Pipecat's resampler begins anew where sound stalls, which leaves a seam."""
    url = (
        f"ws://{request.getfixturevalue('fastrtc')}/linked/websocket/offer"
        if dialect == "fastrtc"
        else f"ws://{request.getfixturevalue('pipecat')}/call"
    )

    async def talk() -> None:
        async with linked(settings(url, dialect, "adult"), state_directory) as link:
            await eventually(lambda: link.health.up and link.health.hears)
            answers = [await answer(link, turn_id, question) for turn_id in (1, 2)]
            assert all(1.5 < one.duration_s < question.duration_s for one in answers)
            assert max(likeness(question, one) for one in answers) > 0.9

    asyncio.run(talk())


def test_in_guardian_mode_such_a_server_is_not_even_called(
    fastrtc: str, question: Audio, state_directory: Path
) -> None:
    async def talk() -> None:
        url = f"ws://{fastrtc}/linked/websocket/offer"
        async with linked(settings(url, "fastrtc", "child"), state_directory) as link:
            await eventually(lambda: "guardian" in link.health.why.lower() or "child" in link.health.why)
            assert not link.health.up

    asyncio.run(talk())
