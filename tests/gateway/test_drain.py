"""The gateway goes down in order: nobody new, answers to their end, then everybody away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from device.link import native as n
from tests.gateway.native_device import NativeDevice
from tests.gateway.process import running_gateway


def test_answers_under_way_end_then_everybody_is_asked_to_come_back(tmp_path: Path) -> None:
    async def story() -> None:
        device = NativeDevice()
        async with (
            NativeDevice().connected(gateway.device_url) as idle,
            device.connected(gateway.device_url) as busy,
        ):
            await busy.send(n.Ask(turn_id=1, text="Tell me something"))
            await busy.until(n.Taken)
            gateway.terminate()
            await idle.next(n.Drain)
            assert (await idle.closed())[0] == 1012
            before, ended = await busy.until(n.Ended)
            assert any(isinstance(message, n.Drain) for message in before)
            assert ended.reason == "done"
            assert (await busy.closed())[0] == 1012
            with pytest.raises(OSError):
                async with NativeDevice().connected(gateway.device_url):
                    pass

    with running_gateway(tmp_path, scripted__word_ms=40) as gateway:
        asyncio.run(story())
        assert gateway.process.wait(10) == 0


def test_an_answer_that_does_not_end_holds_nobody_up(tmp_path: Path) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.send(n.Ask(turn_id=1, text="Tell me a long story"))
            await talk.until(n.Taken)
            gateway.terminate()
            assert (await talk.closed())[0] == 1012

    with running_gateway(tmp_path, scripted__word_ms=1000, limits__drain_s=0.5) as gateway:
        asyncio.run(story())
        assert gateway.process.wait(10) == 0
