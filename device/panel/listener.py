"""A listening socket with its own guard, served by uvicorn inside the process's event loop."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from collections.abc import Iterator

import uvicorn

from device.errors import SettingsError
from device.panel.guard import Guard
from device.panel.messages import LARGEST_FRAME

PING_EVERY_S = 20.0
LAST_WORDS_S = 1
"""How long open pages may take to close when the server ends."""
MOST_CONNECTIONS = 64
"""At once, at one socket; a page takes about ten while it loads."""


def bound(host: str, port: int, setting: str) -> socket.socket:
    """Raises SettingsError, which names `setting`, when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise SettingsError(
            f"The page cannot be served: port {port} of this machine is taken, or not for "
            "everybody. End the program that uses it (it may be another twominds), or set "
            f"{setting} to another number; 0 takes any free port."
        ) from error
    listener.listen()
    return listener


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


async def serve(guard: Guard, listener: socket.socket, context: ssl.SSLContext | None = None) -> None:
    """Until cancelled; then open pages are closed, within about a second. With `context`, by TLS."""
    server = _Server(_configuration(guard), context)
    try:
        await server.serve([listener])
    finally:
        if server.started:
            await server.shutdown([listener])


def _configuration(guard: Guard) -> uvicorn.Config:
    return uvicorn.Config(
        guard,
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
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=LAST_WORDS_S,
    )


class _Server(uvicorn.Server):
    """uvicorn as one task among others: signals belong to whoever owns the process."""

    def __init__(self, config: uvicorn.Config, context: ssl.SSLContext | None) -> None:
        config.load()
        config.ssl = context
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
