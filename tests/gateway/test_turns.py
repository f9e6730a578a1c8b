"""A device asks, the gateway answers: the whole program, a real WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.link import native as n
from tests.gateway.native_device import NativeDevice
from tests.gateway.process import Running, running_gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), limits__tool_s=0.5) as running:
        yield running


def test_a_question_is_taken_answered_in_pieces_and_ended(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.send(n.Ask(turn_id=1, text="What is the moon?"))
            assert await talk.next(n.Taken) == n.Taken(turn_id=1)
            before, ended = await talk.until(n.Ended)
            assert ended == n.Ended(turn_id=1)
            pieces = [message for message in before if isinstance(message, n.Text)]
            assert len(pieces) > 1
            assert not any(piece.audio for piece in pieces)
            assert "You asked: What is the moon?" in "".join(piece.text for piece in pieces)

    asyncio.run(story())
