"""The device's body around a session: what hears, what is pressed, what shines, and what stops it all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from device.audio.frames import FrameHub
from device.egress import LEAVING_S, Egress
from device.ports import Microphone, Robot
from device.session import Session
from device.stop import BEAT_S, Deadman


@contextlib.asynccontextmanager
async def embodied(
    session: Session, robot: Robot, hub: FrameHub, microphone: Microphone, egress: Egress
) -> AsyncIterator[None]:
    """While this is entered the session lives: it hears, shows what leaves, and can be stopped.

    If one part fails, all of them end, and with them whoever has entered this.
    """
    deadman = Deadman(robot.halt)
    deadman.start()
    try:
        async with asyncio.TaskGroup() as group:
            parts = (
                group.create_task(session.run(), name="session"),
                group.create_task(feed(microphone, hub), name="microphone"),
                group.create_task(show_leaving(egress, session), name="egress light"),
                group.create_task(beat(deadman), name="heartbeat"),
            )
            yield
            for part in parts:
                part.cancel()
    finally:
        deadman.end()


async def feed(microphone: Microphone, hub: FrameHub) -> None:
    """Every frame of the microphone into the hub, as long as there are any."""
    async for frame in microphone.frames():
        hub.push(frame)


async def show_leaving(egress: Egress, session: Session) -> None:
    """The light's "content is leaving", on when bytes are counted, off when they have stopped."""
    loop = asyncio.get_running_loop()
    left = asyncio.Event()

    def tell() -> None:
        loop.call_soon_threadsafe(left.set)

    egress.observe(tell)
    while True:
        await left.wait()
        session.content_is_leaving(True)
        while left.is_set():
            left.clear()
            await asyncio.sleep(LEAVING_S)
        session.content_is_leaving(False)


async def beat(deadman: Deadman) -> None:
    """As long as this runs, the event loop is alive."""
    while True:
        deadman.beat()
        await asyncio.sleep(BEAT_S)
