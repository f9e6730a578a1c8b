"""Twilio's dialect against a Pipecat pipeline behind its own Twilio serializer."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from device.contracts import Audio
from device.link import native as n
from device.link.twilio import Twilio

from .driver import conversation, eventually, likeness

pytestmark = pytest.mark.others


def call() -> Twilio:
    return Twilio(uuid.uuid4().hex, uuid.uuid4().hex)


def test_it_takes_the_call_and_says_what_it_heard(pipecat: str, question: Audio) -> None:
    async def talk() -> None:
        async with conversation(f"ws://{pipecat}/call", call()) as one:
            await one.say(7, question)
            assert await one.until(n.Ended) == n.Ended(turn_id=7)
            back = one.heard(7)
            assert 1.5 < back.duration_s < question.duration_s
            assert likeness(question, back) > 0.9

    asyncio.run(talk())


def test_speaking_into_its_answer_clears_it_and_the_next_one_is_heard(pipecat: str, question: Audio) -> None:
    """Pipecat sends `clear` when it is interrupted: from there on, what comes is new."""

    async def talk() -> None:
        async with conversation(f"ws://{pipecat}/call", call()) as one:
            await one.say(7, question)
            await one.until(n.Media)
            await one.say(8, question)
            await eventually(lambda: n.Ended(turn_id=8) in [word for _, word in one.words])
            assert one.heard(7).duration_s < 1.0
            assert likeness(question, one.heard(8)) > 0.9

    asyncio.run(talk())


def test_a_call_that_ends_ends_its_pipeline_and_the_next_one_is_taken(pipecat: str, question: Audio) -> None:
    async def talk() -> None:
        for _ in range(3):
            async with conversation(f"ws://{pipecat}/call", call()) as one:
                await one.say(7, question)
                await one.until(n.Media)

    asyncio.run(talk())
