"""The device's body around a session: what hears, what is pressed, what shines, and what stops it all."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator

from device.audio.frames import FrameHub
from device.config import Lights, Settings
from device.contracts import Announcement, Stock, Urgency
from device.egress import LEAVING_S, Egress
from device.hw.buttons import open_buttons
from device.hw.light_show import open_lights
from device.hw.talk_button import BUTTONS, TalkButton
from device.notices import Board
from device.ports import Microphone, Robot
from device.session import Session
from device.stop import BEAT_S, Deadman

WORTH_SAYING_S = 60.0


class Faults:
    """What parts tell before there is a session to tell it to, and from then on to the session."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._tell: Callable[[str, str], None] | None = None

    def __call__(self, part: str, why: str) -> None:
        if self._tell is None:
            self._told[part] = why
        else:
            self._tell(part, why)

    def go_to(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        for part, why in self._told.items():
            tell(part, why)


class Buttons:
    """Makes buttons for one session: the same gestures, whatever their edges come from."""

    def __init__(
        self, session: Session, longest_s: float, phrases: Callable[[Stock], str], ids: Iterator[int]
    ) -> None:
        """`ids` gives announcement ids that no other announcer uses."""
        self._session = session
        self._longest_s = longest_s
        self._phrases = phrases
        self._ids = ids

    def make(self, part: str) -> TalkButton:
        return TalkButton(
            self._session,
            self._session,
            muted=lambda: self._session.standing.muted,
            fault=self.fault,
            longest_s=self._longest_s,
            part=part,
        )

    def fault(self, part: str, why: str) -> None:
        """A button that is stuck is also told aloud, once."""
        self._session.fault(part, why)
        if why and part in BUTTONS:
            text, expires_s = self._phrases(Stock.BUTTON_STUCK), time.monotonic() + WORTH_SAYING_S
            self._session.announce(Announcement(next(self._ids), Urgency.FAULT, text, expires_s))


@contextlib.asynccontextmanager
async def shining(settings: Lights, board: Board, fault: Callable[[str, str], None]) -> AsyncIterator[None]:
    """The light follows the board. Raises SettingsError."""
    with open_lights(settings, fault) as show:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(show.run(board), name="light") if show else None
            yield
            if task:
                task.cancel()


@contextlib.asynccontextmanager
async def embodied(
    settings: Settings,
    session: Session,
    robot: Robot,
    hub: FrameHub,
    microphone: Microphone,
    buttons: Buttons,
    egress: Egress,
) -> AsyncIterator[None]:
    """While this is entered the session lives: it hears, is pressed, shows what leaves, and can be stopped.

    If one part fails, all of them end, and with them whoever has entered this. Raises SettingsError.
    """
    with (
        open_buttons(settings.button, buttons.make, session.latch.pull, buttons.fault),
        halting(
            Deadman(robot.halt)
        ) as deadman,  # after the loading of a pin library, which holds the loop up
    ):
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

    forget = egress.observe(tell)
    try:
        while True:
            await left.wait()
            session.content_is_leaving(True)
            while left.is_set():
                left.clear()
                await asyncio.sleep(LEAVING_S)
            session.content_is_leaving(False)
    finally:
        forget()


@contextlib.contextmanager
def halting(deadman: Deadman) -> Iterator[Deadman]:
    deadman.start()
    try:
        yield deadman
    finally:
        deadman.end()


async def beat(deadman: Deadman) -> None:
    """As long as this runs, the event loop is alive."""
    while True:
        deadman.beat()
        await asyncio.sleep(BEAT_S)
