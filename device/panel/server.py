"""The page's server: on loopback always, and by TLS on the local network where the settings say so."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from device import config
from device.panel import assets
from device.panel.door import Door
from device.panel.floor import Floor
from device.panel.guard import Guard, names
from device.panel.listener import bound, port_of, serve
from device.panel.messages import Left, Reach
from device.panel.own_names import OwnNames, own_names
from device.panel.ports import Device
from device.panel.talk import Page
from device.panel.token import kept_token

if TYPE_CHECKING:
    from device.panel.network import Identity

ADDRESS = "127.0.0.1"
OWN = (ADDRESS, "localhost", "[::1]")
EVERYWHERE = "0.0.0.0"
NOT_WRITTEN = "the disk does not take it; start in a terminal to see it"
LEFT_EVERY_S = 1.0
"""How often pages are told what left."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the network the page is served, and under which names; tests stay on loopback."""

    host: str = EVERYWHERE
    look: Callable[[], OwnNames] = own_names
    look_every_s: float = 10.0
    """How long a new address stays unknown; a board often starts before its network does."""


class Panel:
    """The page that a person talks through.

    `folder` keeps the token and, for the network, key and certificate: `token`, `key.pem`,
    `certificate.pem`.
    """

    def __init__(
        self, settings: config.Panel, device: Device, folder: Path, place: Place | None = None
    ) -> None:
        self._settings = settings
        self._device = device
        self._folder = folder
        self._place = place or Place()
        self._token = kept_token(folder / "token")
        self._door = Door(self._token, time.monotonic)
        self._floor = Floor[Page](device.voice)
        self._reach = Reach("", (), "")
        self._listening = asyncio.Event()

    def __len__(self) -> int:
        """Pages that are open."""
        return len(self._floor)

    @property
    def reach(self) -> Reach:
        """Where it can be opened right now, without the token."""
        return self._reach

    async def url(self) -> str:
        """The page's address on this machine, with the token, as soon as it can be opened. Cancel-safe."""
        await self._listening.wait()
        return self._with_token(self._reach.here)

    def shown(self, *, to_a_person: bool) -> tuple[str, ...]:
        """Where the page is, for the start screen: lines of at most 73 columns; none before it is served.

        What goes to a terminal carries the token; a service's output ends up in a journal that others read.
        """
        if not self._listening.is_set():
            return ()
        if not to_a_person:
            code = "panel/token, in the state directory" if self._token.kept else NOT_WRITTEN
            return self._reach.here, *self._reach.network[:1], f"access code: {code}"
        here = f"{self._with_token(self._reach.here)}  (hold the button)"
        if not self._reach.network:
            return (here,)
        first, second = self._reach.fingerprint[:47], self._reach.fingerprint[48:]
        beyond = self._with_token(self._reach.network[0])
        return here, beyond, "from your network, by the certificate with the SHA-256", first, second

    async def serve(self) -> None:
        """Until cancelled; then open pages are closed, within about a second.

        Raises SettingsError when a port is taken, OSError when the certificate cannot be kept.
        """
        application = Starlette(routes=self.routes())
        with contextlib.ExitStack() as sockets:
            here = sockets.enter_context(
                contextlib.closing(bound(ADDRESS, self._settings.port, "panel.port"))
            )
            guard = Guard(application, names("http", OWN, port_of(here)))
            self._reach = Reach(guard.names.address, (), "")
            beyond = await self._beyond(application, sockets) if self._settings.network else None
            self._listening.set()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(serve(guard, here), name="page: this machine")
                    group.create_task(self._tell_what_left(), name="page: what left")
                    if beyond is not None:
                        beyond.serve(group)
            finally:
                self._listening.clear()

    async def _beyond(self, application: Starlette, sockets: contextlib.ExitStack) -> _Beyond:
        """The listener for the network, permitted by the gate for as long as `sockets` are open.

        What makes certificates takes 10 MB of memory, and is loaded only here.
        """
        from device.panel.network import Identity

        host, port = self._place.host, self._settings.network_port
        identity = await asyncio.to_thread(Identity, self._folder, self._place.look)
        sockets.enter_context(self._device.gate.listening(host, port))
        listener = sockets.enter_context(contextlib.closing(bound(host, port, "panel.network_port")))
        guard = Guard(application, names("https", identity.names, port_of(listener)))
        beyond = _Beyond(identity, listener, guard, self._moved, self._place.look_every_s)
        self._moved(beyond)
        return beyond

    def _moved(self, beyond: _Beyond) -> None:
        """The machine has other addresses, or another certificate."""
        beyond.guard.names = names("https", beyond.identity.names, port_of(beyond.listener))
        elsewhere = tuple(f"https://{host}/" for host in beyond.guard.names.hosts[:-1])
        self._reach = Reach(self._reach.here, elsewhere, beyond.identity.certificate.fingerprint)
        for page in self._floor:
            page.tell(self._reach)

    async def _tell_what_left(self) -> None:
        """Every page, whenever content left, at most once a second. Until cancelled."""
        left = asyncio.Event()
        loop, gate = asyncio.get_running_loop(), self._device.gate

        def tell() -> None:
            loop.call_soon_threadsafe(left.set)

        forget = gate.observe(tell)
        try:
            while True:
                await left.wait()
                left.clear()
                for page in self._floor:
                    page.tell(Left(gate.departures()))
                await asyncio.sleep(LEFT_EVERY_S)
        finally:
            forget()

    def routes(self) -> list[Route | WebSocketRoute]:
        """All that there is: files to be read, and one socket."""

        async def talk(websocket: WebSocket) -> None:
            await Page(websocket, self._device, self._floor, self._door, lambda: self._reach).run()

        return [*assets.routes(), WebSocketRoute("/talk", talk)]

    def _with_token(self, address: str) -> str:
        return f"{address}#token={self._token.shown}"


@dataclass(frozen=True, slots=True)
class _Beyond:
    """The page on the local network."""

    identity: Identity
    listener: socket.socket
    guard: Guard
    moved: Callable[[_Beyond], None]
    look_every_s: float

    def serve(self, group: asyncio.TaskGroup) -> None:
        group.create_task(serve(self.guard, self.listener, self.identity.context), name="page: network")
        following = self.identity.follow(self.look_every_s, lambda: self.moved(self))
        group.create_task(following, name="page: own addresses")
