"""One open page: its socket, and what goes through it in both directions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Literal, assert_never

from starlette.websockets import WebSocket, WebSocketDisconnect

from device.errors import SettingsError
from device.notices import Forgot, LightChanged, LightState, Notice
from device.panel import messages as m
from device.panel.door import REFUSED, TOO_MANY, Door, NotAdmitted, received
from device.panel.floor import Floor
from device.panel.of_notice import of_notice
from device.panel.outbox import Outbox, Parcel
from device.panel.ports import Device

log = logging.getLogger(__name__)

TUNED_WITHIN_S = 15.0
"""A page that loads its sound on a phone takes a second."""
SEND_WITHIN_S = 5.0
MOST_PAGES = 8
LONGEST_REASON = 120
"""Bytes; a close frame has room for 123."""


class Page:
    """One open page, from its `hello` until it goes away. Also the outlet that the voice is given."""

    def __init__(
        self, socket: WebSocket, device: Device, floor: Floor[Page], door: Door, reach: Callable[[], m.Reach]
    ) -> None:
        self._socket = socket
        self._device = device
        self._floor = floor
        self._door = door
        self._reach = reach
        self._outbox = Outbox()
        self._held = False
        """Its button is down."""
        self._began = False
        """It pressed, and since then nothing but listening was seen."""
        self._fault = ""
        """What the page did that no page does."""
        self.rate_hz = 0

    async def run(self) -> None:
        """Until the page goes away, misbehaves or no longer reads."""
        await self._socket.accept()
        try:
            await self._door.admit(self._socket)
            await self._greet()
        except NotAdmitted as refusal:
            await self._close(refusal.code, refusal.reason)
        except WebSocketDisconnect:
            log.debug("a page went away before it was let in")
        else:
            await self._converse()

    def tell(self, message: m.DeviceMessage) -> None:
        content: Literal["text", "control"] = "text" if isinstance(message, m.WORDS) else "control"
        self._outbox.put(Parcel(m.write(message), content))

    # --- the outlet (what the voice calls) ---

    def play(self, sound_id: int, turn_id: int) -> None:
        self._outbox.drop_sound()
        self.tell(m.Play(sound_id, turn_id))

    def sound(self, sound_id: int, pcm: bytes) -> None:
        self._outbox.put(Parcel(m.write_sound(sound_id, pcm), "audio"))

    def silence(self) -> None:
        self._outbox.drop_sound()
        self.tell(m.Silence())

    def floor_changed(self, yours: bool) -> None:
        self.tell(m.Floor(yours))

    # --- the conversation ---

    async def _greet(self) -> None:
        """Raises NotAdmitted for one page too many, and for a page whose sound does not get ready."""
        if len(self._floor) >= MOST_PAGES:
            raise NotAdmitted(TOO_MANY, f"{MOST_PAGES} pages are open already; close one of them.")
        device, sights = self._device, self._device.sights
        await self._socket.send_text(
            m.write(
                m.Welcome(
                    sights.name,
                    "page" if device.ears else "device",
                    "page" if device.voice else "device",
                    sights.talk.pre_roll_ms,
                    sights.talk.post_roll_ms,
                    sights.loudest,
                    sights.looks,
                )
            )
        )
        if device.ears or device.voice:
            await self._tune()

    async def _tune(self) -> None:
        try:
            async with asyncio.timeout(TUNED_WITHIN_S):
                message = await received(self._socket)
        except TimeoutError as error:
            raise NotAdmitted(REFUSED, "The page's sound did not get ready.") from error
        except m.MalformedMessage as error:
            raise NotAdmitted(REFUSED, str(error)) from error
        if not isinstance(message, m.Tuned):
            raise NotAdmitted(REFUSED, "The second message of a page is tuned.")
        self.rate_hz = message.rate_hz

    async def _converse(self) -> None:
        with self._device.board.watch() as posted:
            self._show_all()
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

    def _show_all(self) -> None:
        sights = self._device.sights
        self.tell(of_notice(sights.light()))
        self.tell(of_notice(sights.standing()))
        self.tell(m.Offers(self._device.hands.choices.offers()))
        self._show_history()
        self.tell(m.Left(self._device.gate.departures()))
        self.tell(self._reach())

    def _show_history(self) -> None:
        sights = self._device.sights
        lines = tuple(m.SaidLine(line.who, line.text) for line in sights.history())
        self.tell(m.History(lines, tuple(sights.turns())))

    async def _listen(self) -> None:
        """Obey the page until it goes away or sends something that no page sends."""
        try:
            while True:
                frame = await received(self._socket)
                if isinstance(frame, bytes):
                    self._take(*m.read_sound(frame))
                else:
                    self._obey(frame)
        except m.MalformedMessage as error:
            self._fault = str(error)
        except WebSocketDisconnect:
            log.debug("a page went away")

    async def _send_all(self) -> None:
        """Until the page takes nothing any more."""
        try:
            while True:
                parcel = await self._outbox.get()
                async with asyncio.timeout(SEND_WITHIN_S):
                    await self._hand_over(parcel)
        except (WebSocketDisconnect, TimeoutError):
            log.debug("a page no longer reads")

    async def _hand_over(self, parcel: Parcel) -> None:
        if isinstance(parcel.frame, str):
            await self._socket.send_text(parcel.frame)
        else:
            await self._socket.send_bytes(parcel.frame)
        if self._socket.client:
            self._device.gate.told(self._socket.client.host, parcel.content, parcel.size)

    async def _forward(self, posted: AsyncIterator[Notice]) -> None:
        async for notice in posted:
            if isinstance(notice, LightChanged) and notice.state is not LightState.LISTENING:
                self._began = False
            self.tell(of_notice(notice))
            if isinstance(notice, Forgot):
                self._show_history()

    def _obey(self, message: m.PageMessage) -> None:
        """Raises MalformedMessage for a second greeting, and for a setting that was not offered."""
        hands = self._device.hands
        match message:
            case m.Press():
                self._floor.take(self)
                self._held = self._began = True
                hands.button.press()
            case m.Release():
                self._release()
            case m.Ask(text):
                self._take_floor_unless_busy()
                hands.controls.ask(text)
            case m.Stop():
                hands.controls.stop()
            case m.Mute(muted):
                hands.switches.mute(muted)
            case m.Repeat():
                self._take_floor_unless_busy()
                hands.switches.repeat()
            case m.Choose(setting, value):
                self._choose(setting, value)
            case m.Forget(last_s):
                hands.forget(last_s)
            case m.Played(sound_id, samples):
                if self._device.voice and self._floor.has(self):
                    self._device.voice.reached(sound_id, samples)
            case m.Hello() | m.Tuned():
                raise m.MalformedMessage("A page says hello once.")
            case _:
                assert_never(message)

    def _take_floor_unless_busy(self) -> None:
        """Whoever speaks into another page is not cut off by a request that will be refused."""
        if self._device.sights.light().state is not LightState.LISTENING:
            self._floor.take(self)

    def _choose(self, setting: str, value: int | float | str) -> None:
        """Every page shows it, this one too."""
        choices = self._device.hands.choices
        try:
            choices.choose(setting, value)
        except SettingsError as error:
            raise m.MalformedMessage(str(error)) from error
        for page in self._floor:
            page.tell(m.Offers(choices.offers()))

    def _take(self, take_id: int, pcm: bytes) -> None:
        """Only the page that has the floor is listened to."""
        if self._device.ears and self._floor.has(self):
            self._device.ears.take(take_id, pcm, self.rate_hz)

    def _release(self) -> None:
        """All pages are one button: without the floor it stays down while another page still holds it."""
        held, self._held = self._held, False
        if held and (self._floor.has(self) or not any(page._held for page in self._floor)):
            self._device.hands.button.release()

    def _leave(self) -> None:
        """A page that vanishes while its button is down has let go of it; in toggle mode, while it is being
        listened to, it has pressed once more. Without the last page, a voice in it would speak on to nobody,
        and whoever comes back would wait for its end."""
        self._release()
        sights, hands = self._device.sights, self._device.hands
        state = sights.light().state
        listened_to = self._began and state is LightState.LISTENING and self._floor.has(self)
        if listened_to and sights.standing().mode == "toggle":
            hands.button.press()
            hands.button.release()
        self._floor.leave(self)
        if self._device.voice and not len(self._floor) and state is LightState.SPEAKING:
            hands.controls.stop()

    async def _close(self, code: int, reason: str) -> None:
        """A reason longer than a close frame is cut. Nothing is sent after this."""
        log.info("a page was closed (%d): %s", code, reason)
        fitting = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        with contextlib.suppress(WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._socket.close(code, fitting)
