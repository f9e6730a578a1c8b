"""The page's server: Starlette under uvicorn, on loopback only, inside the process's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from device import config
from device.errors import SettingsError
from device.notices import Board, LightChanged
from device.panel import assets
from device.panel.floor import Floor
from device.panel.guard import Guard
from device.panel.messages import LARGEST_FRAME
from device.panel.talk import Device, Ears, Page, Voice
from device.ports import Controls

ADDRESS = "127.0.0.1"
PING_EVERY_S = 20.0
LAST_WORDS_S = 1
"""How long open pages may take to close when the server ends."""


class Panel:
    """The page that a person talks through.

    `ears` and `voice` are the device's microphone and speaker when the page is what stands for them.
    `light` says what the light shows now, for a page that has just been opened.
    """

    def __init__(
        self,
        settings: config.Panel,
        talk: config.Talk,
        controls: Controls,
        board: Board,
        ears: Ears,
        voice: Voice,
        light: Callable[[], LightChanged],
    ) -> None:
        self._port = settings.port
        self._device = Device(controls, board, ears, voice, talk, light)
        self._url = ""
        self._listening = asyncio.Event()

    async def url(self) -> str:
        """The page's address, as soon as it can be opened. Cancel-safe."""
        await self._listening.wait()
        return self._url

    async def serve(self) -> None:
        """Until cancelled; then open pages are closed, within about a second.

        Raises SettingsError when the port is taken.
        """
        with contextlib.closing(self._bind()) as listener:
            port = listener.getsockname()[1]
            server = _Server(self._configuration(port))
            self._url = f"http://{ADDRESS}:{port}/"
            self._listening.set()
            try:
                await server.serve([listener])
            finally:
                self._listening.clear()
                if server.started:
                    await server.shutdown([listener])

    def _bind(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, self._port))
        except OSError as error:
            listener.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise SettingsError(
                f"The page cannot be served: port {self._port} of this machine is taken, or not for "
                "everybody. End the program that uses it (it may be another twominds), or set "
                "panel.port to another number; 0 takes any free port."
            ) from error
        listener.listen()
        return listener

    def _configuration(self, port: int) -> uvicorn.Config:
        return uvicorn.Config(
            Guard(self._application(), port),
            ws="websockets-sansio",
            ws_max_size=LARGEST_FRAME,
            ws_ping_interval=PING_EVERY_S,
            ws_ping_timeout=PING_EVERY_S,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=LAST_WORDS_S,
        )

    def _application(self) -> Starlette:
        floor = Floor[Page](self._device.voice)

        async def talk(websocket: WebSocket) -> None:
            await Page(websocket, self._device, floor).run()

        return Starlette(routes=[*assets.routes(), WebSocketRoute("/talk", talk)])


class _Server(uvicorn.Server):
    """uvicorn as one task among others: signals belong to whoever owns the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
