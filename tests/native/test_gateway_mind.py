"""The gateway with a mind at a server program that others wrote: llama-cpp-python's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from device.link import native as n
from tests.gateway.native_device import NativeDevice
from tests.gateway.process import running_gateway
from tests.native.test_llm_server_program import url

pytestmark = pytest.mark.native

__all__ = ["url"]


def test_a_device_is_answered_and_barge_in_frees_the_server_for_the_next_question(
    url: str, tmp_path: Path
) -> None:
    async def story() -> str:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.send(n.Ask(turn_id=1, text="What is the moon?"))
            await talk.until(n.Text)
            await talk.send(n.Clear(turn_id=1))
            _, ended = await talk.until(n.Ended)
            assert ended.reason == "cleared"
            return await talk.ask(2, "And the day?")

    settings: dict[str, str | float] = {
        "llm__base_url": url,
        "llm__model": "any",
        "llm__longest_tokens": 300,
        "llm__temperature": 0,
    }
    with running_gateway(tmp_path, **settings) as gateway:
        assert asyncio.run(story()).startswith("the robot the robot")
