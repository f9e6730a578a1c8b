"""One device's WebSocket, from its challenge to its end."""

from __future__ import annotations

import asyncio
import secrets

from starlette.websockets import WebSocket, WebSocketDisconnect

from device.errors import LinkError
from device.link.native import (
    Challenge,
    Drain,
    FromDevice,
    FromSystem2,
    Hello,
    Refusal,
    encode,
    from_device,
)
from gateway.conversation import Conversation
from gateway.door import Caller, admit, agree, started
from gateway.party import Gone, Party
from gateway.refused import BROKE_RULES, NO_START, RESTARTS, Ending, Refused
from gateway.services import Services
from gateway.stores.ports import StoreError

COME_BACK_S = 1.0


class Connection:
    """`prove`, then `converse` as long as it lasts; `end` ends it from elsewhere."""

    def __init__(self, websocket: WebSocket, services: Services) -> None:
        self.id = secrets.token_urlsafe(12)
        self.device_id = ""
        """Once it has proved who it is."""
        self._websocket = websocket
        self._services = services
        self._ending: asyncio.Future[Ending | None] = asyncio.get_running_loop().create_future()
        self._conversation: Conversation | None = None

    async def prove(self) -> Party:
        """Challenge it and look at its proof. Raises Refused, Gone, StoreError."""
        nonce = secrets.token_urlsafe(24)
        await self.send(Challenge(nonce=nonce))
        hello = await self._hello()
        client = self._websocket.client
        caller = Caller(client.host if client else "", self._websocket.headers.get("host", ""))
        await admit(hello, nonce, caller, self._services)
        self.device_id = hello.device.id
        await self._services.stores.devices.connected(hello.device.id, self.id, hello.device.agent)
        return await agree(hello, self._services)

    async def converse(self, party: Party) -> Ending | None:
        """Until either side ends it; None: it is gone already. Raises StoreError."""
        await self.send(started(party))
        async with asyncio.TaskGroup() as group:
            self._conversation = Conversation(party, self._services, self.send, group)
            reading = group.create_task(self._read(self._conversation), name="reading")
            delivering = group.create_task(self._conversation.delivering.run(), name="delivering")
            ending = await self._ending
            reading.cancel()
            delivering.cancel()
            await self._conversation.stop()
        return ending

    def end(self, ending: Ending | None) -> None:
        """Hang up, for this reason. Idempotent; the first counts."""
        if not self._ending.done():
            self._ending.set_result(ending)

    def answer_waits(self) -> None:
        """Something that the device was promised is ready for it."""
        if self._conversation is not None:
            self._conversation.delivering.wake()

    async def drain(self, within_s: float) -> None:
        """Ask it to come back elsewhere; its turn may end, then it is hung up on."""
        try:
            await self.send(Drain(retry_after_s=COME_BACK_S))
            if self._conversation is not None:
                async with asyncio.timeout(within_s):
                    await self._conversation.turn_over()
        except (Gone, TimeoutError):
            pass
        self.end(Ending(RESTARTS, "restarts", "The gateway restarts."))

    async def send(self, message: FromSystem2) -> None:
        """Raises Gone, also when it does not read for `limits.write_s`: nothing is kept for it."""
        frame = encode(message)
        try:
            async with asyncio.timeout(self._services.settings.limits.write_s):
                if isinstance(frame, bytes):
                    await self._websocket.send_bytes(frame)
                else:
                    await self._websocket.send_text(frame)
        except (TimeoutError, WebSocketDisconnect, RuntimeError) as error:
            self.end(None)
            raise Gone from error

    async def hang_up(self, ending: Ending) -> None:
        """Say why, and close."""
        self._services.metrics.endings.labels(str(ending.close_code)).inc()
        try:
            if ending.close_code != RESTARTS:
                refusal = Refusal(
                    code=ending.code, message=ending.message, retry_after_s=ending.retry_after_s
                )
                await self.send(refusal)
            async with asyncio.timeout(self._services.settings.limits.write_s):
                await self._websocket.close(ending.close_code, ending.code)
        except (Gone, TimeoutError, RuntimeError):
            pass

    async def _hello(self) -> Hello:
        try:
            async with asyncio.timeout(self._services.settings.limits.handshake_s):
                message = await self._receive()
        except TimeoutError as error:
            raise Refused(NO_START, "no_start", "No start came.") from error
        if not isinstance(message, Hello):
            raise Refused(BROKE_RULES, "broke_rules", "The first message is start.")
        return message

    async def _read(self, conversation: Conversation) -> None:
        """Everything that comes, in order; ends the connection when it ends itself."""
        try:
            while True:
                message = await self._receive()
                if message is not None:
                    await conversation.handle(message)
        except Refused as refused:
            self.end(refused.ending)
        except LinkError as error:
            self.end(Ending(BROKE_RULES, "broke_rules", str(error)))
        except StoreError as error:
            self.end(Ending(RESTARTS, error.code, str(error)))
        except Gone:
            self.end(None)

    async def _receive(self) -> FromDevice | None:
        """Raises Gone, Refused for what is no message."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        text, data = message.get("text"), message.get("bytes")
        try:
            return from_device(text if text is not None else data or b"")
        except LinkError as error:
            raise Refused(BROKE_RULES, "broke_rules", str(error)) from error
