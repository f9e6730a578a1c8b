"""One open page: its socket, and what goes through it in both directions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol, assert_never

from starlette.websockets import WebSocket, WebSocketDisconnect

from device import notices
from device.config import Talk
from device.notices import Board, LightChanged, LightState, Notice
from device.panel import messages as m
from device.panel.floor import Floor
from device.panel.outbox import Outbox
from device.ports import Controls

log = logging.getLogger(__name__)

HELLO_WITHIN_S = 5.0
SEND_WITHIN_S = 5.0
MOST_PAGES = 8
REFUSED, TOO_MANY = 1008, 1013
"""WebSocket close codes: policy violation; try again later (RFC 6455 and IANA's registry)."""
LONGEST_REASON = 120
"""Bytes; a close frame has room for 123."""


class Ears(Protocol):
    """Where the microphone of the page that has the floor goes."""

    def take(self, take_id: int, pcm: bytes, rate_hz: int) -> None:
        """A batch of sound; without `pcm`, the take has ended. Returns at once."""
        ...


class Voice(Protocol):
    """Where the sound for the page that has the floor comes from."""

    def attach(self, outlet: Page) -> None: ...

    def detach(self, outlet: Page) -> None: ...

    def reached(self, sound_id: int, samples: int) -> None:
        """The page has played that much of a sound, in samples of the page's rate."""
        ...


@dataclass(frozen=True, slots=True)
class Device:
    """What every page is joined to."""

    controls: Controls
    board: Board
    ears: Ears
    voice: Voice
    talk: Talk
    light: Callable[[], LightChanged]
    """What the light shows now."""


class Page:
    """One open page, from `hello` until it goes away. Also the outlet that the voice is given."""

    def __init__(self, socket: WebSocket, device: Device, floor: Floor[Page]) -> None:
        self._socket = socket
        self._device = device
        self._floor = floor
        self._outbox = Outbox()
        self._held = False
        self._fault = ""
        """What the page did that no page does."""
        self.rate_hz = 0

    async def run(self) -> None:
        """Until the page goes away, misbehaves or no longer reads."""
        await self._socket.accept()
        try:
            await self._greet()
        except m.MalformedMessage as error:
            await self._close(REFUSED, str(error))
        except WebSocketDisconnect:
            log.debug("a page went away before it said hello")
        else:
            await self._converse()

    # --- the outlet (what the voice calls) ---

    def play(self, sound_id: int, turn_id: int) -> None:
        self._outbox.drop_sound()
        self._send(m.Play(sound_id, turn_id))

    def sound(self, sound_id: int, pcm: bytes) -> None:
        self._outbox.put(m.write_sound(sound_id, pcm))

    def silence(self) -> None:
        self._outbox.drop_sound()
        self._send(m.Silence())

    def floor_changed(self, yours: bool) -> None:
        self._send(m.Floor(yours))

    # --- the conversation ---

    async def _greet(self) -> None:
        """Raises MalformedMessage when the page does not begin with `hello` soon."""
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                hello = await self._receive()
        except TimeoutError as error:
            raise m.MalformedMessage("The page did not say hello.") from error
        if not isinstance(hello, m.Hello):
            raise m.MalformedMessage("The first message of a page is hello.")
        if len(self._floor) >= MOST_PAGES:
            await self._close(TOO_MANY, f"{MOST_PAGES} pages are open already; close one of them.")
            raise WebSocketDisconnect(TOO_MANY)
        self.rate_hz = hello.rate_hz
        talk = self._device.talk
        self._send(m.Welcome(talk.mode, talk.pre_roll_ms, talk.post_roll_ms))

    async def _converse(self) -> None:
        with self._device.board.watch() as posted:
            self._send(_of_notice(self._device.light()))
            self._floor.join(self)
            async with asyncio.TaskGroup() as group:
                parts = [
                    group.create_task(self._listen(), name="page: listen"),
                    group.create_task(self._send_all(), name="page: send"),
                    group.create_task(self._forward(posted), name="page: notices"),
                    group.create_task(self._outbox.stuck.wait(), name="page: stuck"),
                ]
                try:
                    await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    self._leave()
                    for part in parts:
                        part.cancel()
        if self._fault:
            await self._close(REFUSED, self._fault)

    async def _listen(self) -> None:
        """Obey the page until it goes away or sends something that no page sends."""
        try:
            while True:
                received = await self._receive()
                if isinstance(received, bytes):
                    self._take(*m.read_sound(received))
                else:
                    self._obey(received)
        except m.MalformedMessage as error:
            self._fault = str(error)
        except WebSocketDisconnect:
            log.debug("a page went away")

    async def _send_all(self) -> None:
        """Until the page takes nothing any more."""
        try:
            while True:
                frame = await self._outbox.get()
                async with asyncio.timeout(SEND_WITHIN_S):
                    if isinstance(frame, str):
                        await self._socket.send_text(frame)
                    else:
                        await self._socket.send_bytes(frame)
        except (WebSocketDisconnect, TimeoutError):
            log.debug("a page no longer reads")

    async def _forward(self, posted: AsyncIterator[Notice]) -> None:
        async for notice in posted:
            if isinstance(notice, LightChanged) and notice.state is not LightState.LISTENING:
                self._heard_out()
            self._send(_of_notice(notice))

    async def _receive(self) -> m.PageMessage | bytes:
        """The next frame. Raises MalformedMessage, or WebSocketDisconnect when there is none."""
        frame = await self._socket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame["code"])
        text: str | None = frame.get("text")
        sound: bytes | None = frame.get("bytes")
        return m.read(text) if text is not None else sound or b""

    def _obey(self, message: m.PageMessage) -> None:
        """Raises MalformedMessage for a second hello."""
        controls = self._device.controls
        match message:
            case m.Press():
                self._floor.take(self)
                self._held = True
                controls.press()
            case m.Release():
                self._release()
            case m.Ask(text):
                self._floor.take(self)
                controls.ask(text)
            case m.Stop():
                controls.stop()
            case m.Played(sound_id, samples):
                if self._floor.has(self):
                    self._device.voice.reached(sound_id, samples)
            case m.Hello():
                raise m.MalformedMessage("A page says hello once.")
            case _:
                assert_never(message)

    def _take(self, take_id: int, pcm: bytes) -> None:
        """Only the page that has the floor is listened to."""
        if self._floor.has(self):
            self._device.ears.take(take_id, pcm, self.rate_hz)

    def _release(self) -> None:
        """The button of a page that has lost the floor lets go of nothing."""
        if self._held and self._floor.has(self):
            self._device.controls.release()
        self._held = False

    def _heard_out(self) -> None:
        """The device stopped listening by itself: in toggle mode, nothing is left to be let go."""
        if self._device.talk.mode == "toggle":
            self._held = False

    def _leave(self) -> None:
        """A page that vanishes while its button is down has let go of it; without the last one, a voice
        would speak on to nobody, and whoever comes back would wait for its end."""
        if self._device.talk.mode == "hold":
            self._release()
        elif self._held and self._floor.has(self) and self._device.light().state is LightState.LISTENING:
            self._device.controls.press()
        self._floor.leave(self)
        if not len(self._floor) and self._device.light().state is LightState.SPEAKING:
            self._device.controls.stop()

    def _send(self, message: m.DeviceMessage) -> None:
        self._outbox.put(m.write(message))

    async def _close(self, code: int, reason: str) -> None:
        """A reason longer than a close frame is cut. Nothing is sent after this."""
        log.info("a page was closed (%d): %s", code, reason)
        fitting = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        with contextlib.suppress(WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._socket.close(code, fitting)


def _of_notice(notice: Notice) -> m.DeviceMessage:
    """What the session says, as the page is told."""
    match notice:
        case notices.LightChanged(state, leaving, mood):
            return m.Light(state, leaving, mood)
        case notices.Heard(turn_id, text, final, engine):
            return m.Heard(turn_id, text, final, engine)
        case notices.Answering(turn_id, text, route):
            return m.Answering(turn_id, text, route.mind, route.reason)
        case notices.Moved(gesture):
            return m.Moved(gesture)
        case notices.Standing(muted, setup, online, volume, mode, faults):
            return m.Standing(muted, setup, online, volume, mode, faults)
        case notices.Loudness(peak_dbfs, rms_dbfs):
            return m.Loudness(peak_dbfs, rms_dbfs)
        case notices.Refused(why):
            return m.Refused(why)
        case notices.TurnEnded(record):
            return m.Turn(record)
        case _:
            assert_never(notice)
