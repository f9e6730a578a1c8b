"""The connections of this process: the door to a limit of them, their watch, their end."""

from __future__ import annotations

import asyncio
import logging

from starlette.websockets import WebSocket

from device.link.native import PROTOCOL
from gateway.connection import Connection
from gateway.party import Gone
from gateway.refused import NEWER_CONNECTION, NOT_REGISTERED, RESTARTS, TOO_MANY, Ending, Refused
from gateway.services import Services
from gateway.stores.ports import StoreError

log = logging.getLogger(__name__)

NEWER = Ending(NEWER_CONNECTION, "newer_connection", "This device came again on a newer connection.")
REVOKED = Ending(NOT_REGISTERED, "revoked", "This device was revoked at the gateway.")
FULL = Ending(TOO_MANY, "too_many", "The gateway has as many connections as it can have.", retry_after_s=30.0)


class Present:
    """Sockets live in one process; who of them is the newest, and still welcome, the store knows."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._unproven = 0
        self._connections: dict[str, Connection] = {}
        self.draining = False

    async def serve(self, websocket: WebSocket) -> None:
        """A device's connection, to its end."""
        if PROTOCOL not in websocket.scope["subprotocols"] or "origin" in websocket.headers:
            await websocket.close()  # no device: devices name the protocol, and no page may act for one
            return
        await websocket.accept(PROTOCOL)
        connection = Connection(websocket, self._services)
        try:
            ending = await self._run(connection)
        except Refused as refused:
            ending = refused.ending
        except StoreError as error:
            ending = Ending(RESTARTS, error.code, str(error))
        except Gone:
            return
        if ending is not None:
            await connection.hang_up(ending)

    async def watch(self) -> None:
        """As long as the process runs: end connections that have a newer one, or whose device was revoked,
        and wake those for which an answer waits.
        """
        while True:
            await asyncio.sleep(self._services.settings.limits.watch_s)
            try:
                await self.look()
                await self.bring_answers()
            except StoreError as error:
                log.warning("%s", error)

    async def look(self) -> None:
        """One look at the store. Raises StoreError."""
        if not self._connections:
            return
        of_device = {one.id: one.device_id for one in self._connections.values()}
        older, revoked = await self._services.stores.devices.outdated(of_device)
        for connection_id in older | revoked:
            if connection := self._connections.get(connection_id):
                connection.end(REVOKED if connection_id in revoked else NEWER)

    async def bring_answers(self) -> None:
        """Have what devices were promised delivered to those that are here. Raises StoreError."""
        if not self._connections:
            return
        promised = await self._services.stores.questions.with_answers()
        for connection in self._connections.values():
            if connection.device_id in promised:
                connection.answer_waits()

    async def drain(self) -> None:
        """No device is let in any more; those that are here are asked to come back elsewhere, and end."""
        self.draining = True
        within_s = self._services.settings.limits.drain_s
        async with asyncio.TaskGroup() as group:
            for connection in list(self._connections.values()):
                group.create_task(connection.drain(within_s))

    async def _run(self, connection: Connection) -> Ending | None:
        limits = self._services.settings.limits
        if self.draining:
            return Ending(RESTARTS, "restarts", "The gateway restarts.")
        if len(self._connections) >= limits.connections or self._unproven >= limits.unproven:
            return FULL
        self._unproven += 1
        try:
            party = await connection.prove()
        finally:
            self._unproven -= 1
        self._connections[connection.id] = connection
        self._services.metrics.connections.inc()
        try:
            await self.look()
            return await connection.converse(party)
        finally:
            self._services.metrics.connections.dec()
            del self._connections[connection.id]
