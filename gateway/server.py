"""uvicorn on a socket of ours, and a shutdown in order: nobody new, answers to their end, then close."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping

import uvicorn

from device.errors import SettingsError
from gateway.access import access_token
from gateway.app import make_app
from gateway.composition import open_services
from gateway.present import Present
from gateway.promised import Promised
from gateway.prompt_http import prompt_http
from gateway.services import Services
from gateway.settings import Listen, Settings
from gateway.settings_load import data_folder
from gateway.upkeep import keep_up

LONGEST_FRAME_BYTES = 64 * 1024
UNREAD_MS = 30_000
"""A connection that takes nothing any more is dropped by the kernel after this time."""
UNREAD_BYTES = 128 * 1024
"""As much the kernel keeps for a device that does not read: half a minute of sound."""
CLOSE_S = 5
PING_EVERY_S, PING_S = 120.0, 30.0
"""Devices ask for signs of life themselves, far more often; this finds those that have gone."""


async def serve(settings: Settings, env: Mapping[str, str], ready: Callable[[Services, str], None]) -> None:
    """Until SIGTERM or SIGINT; `ready` is called with the address. Raises SettingsError, StoreError."""
    _check_certificate(settings.listen)
    listening = _listen(settings.listen)
    with listening:
        token = access_token(data_folder(settings, env))
        async with open_services(settings, env) as services:
            present = Present(services)
            config = _config(settings, make_app(services, present, token))
            server = _Server(config, lambda: ready(services, address(settings.listen, listening)))
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(present.watch(), name="watch")
                answering = group.create_task(Promised(services).run(), name="promised")
                upkeep = group.create_task(keep_up(services), name="upkeep")
                draining = group.create_task(_drained(server, present), name="drain")
                await server.serve(sockets=[listening])
                for task in (watching, answering, upkeep, draining):
                    task.cancel()


def address(listen: Listen, listening: socket.socket) -> str:
    """Host and port, as a device dials them."""
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    return f"{host}:{listening.getsockname()[1]}"


class _Server(uvicorn.Server):
    """Says when it listens. Signals are ours: uvicorn would hang up on everybody at once."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def refuse_new(self) -> None:
        for server in self.servers:
            server.close()


async def _drained(server: _Server, present: Present) -> None:
    """When a signal says so: nobody new, answers to their end, everybody away, then the server."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, asked.set)
    await asked.wait()
    server.refuse_new()
    await present.drain()
    server.should_exit = True


def _config(settings: Settings, app: object) -> uvicorn.Config:
    listen, limits = settings.listen, settings.limits
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=prompt_http(limits.handshake_s),
        ws="websockets-sansio",
        ws_max_size=LONGEST_FRAME_BYTES,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        ssl_certfile=listen.tls_certificate or None,
        ssl_keyfile=listen.tls_key or None,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        limit_concurrency=2 * (limits.connections + limits.unproven),
        timeout_graceful_shutdown=CLOSE_S,
        h11_max_incomplete_event_size=16 * 1024,
    )


def _check_certificate(listen: Listen) -> None:
    """Raises SettingsError for what uvicorn would fall over."""
    if not listen.tls_certificate:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(listen.tls_certificate, listen.tls_key)
    except OSError as error:
        raise SettingsError(
            f"listen.tls_certificate {listen.tls_certificate} and listen.tls_key {listen.tls_key} cannot be"
            f" used ({error.strerror}): they are two PEM files that belong together."
        ) from error


def _listen(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
        listening.bind((listen.host, listen.port))
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"The gateway cannot listen on {listen.host}:{listen.port}: {error.strerror}."
        ) from error
    return listening
