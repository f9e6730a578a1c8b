"""The joints of the body."""

from __future__ import annotations

import asyncio
from typing import cast

from device.body import show_leaving
from device.egress import Content, Egress, Peer
from device.session import Session
from tests.virtual_time import run

PEER = Peer("cloud.example", 443)


class Shown:
    """Takes what the light is told, and when."""

    def __init__(self) -> None:
        self.told: list[tuple[bool, float]] = []

    def content_is_leaving(self, leaving: bool) -> None:
        self.told.append((leaving, round(asyncio.get_running_loop().time() - 1000, 2)))


def test_the_light_shows_content_leaving_from_its_first_byte_until_it_has_stopped() -> None:
    async def story() -> list[tuple[bool, float]]:
        egress, session = Egress(), Shown()
        watching = asyncio.create_task(show_leaving(egress, cast("Session", session)))
        await asyncio.sleep(1)
        for _ in range(5):
            egress.count(PEER, Content.AUDIO, 640)
            await asyncio.sleep(0.2)
        await asyncio.sleep(2)
        watching.cancel()
        return session.told

    assert run(story()) == [(True, 1.0), (False, 2.2)]
