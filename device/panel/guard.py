"""Who may talk to the page's server: browsers on this very page, under a name of this machine, nobody else.

Any website that a person visits can make their browser send requests to this machine. So the `Host`
must be one of our own names (against DNS rebinding), whatever is more than reading must come from our
own `Origin` (against cross-site requests; browsers put no other check before a WebSocket), and every
answer forbids the page whatever it does not need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READING = ("GET", "HEAD")
USUAL_PORT = {"http": 80, "https": 443}
SOCKET = {"http": "ws", "https": "wss"}

WRONG_HOST = "This page answers only under its own address: {}.\n"
WRONG_ORIGIN = "Only this device's own page, opened at {}, may do that.\n"


@dataclass(frozen=True, slots=True)
class Names:
    """Under which the page may be asked for: exactly these, at one port."""

    scheme: Literal["http", "https"]
    hosts: tuple[str, ...]
    """As they stand in a Host header, with the port where browsers write it; at least one."""

    @property
    def address(self) -> str:
        return f"{self.scheme}://{self.hosts[0]}/"


def names(scheme: Literal["http", "https"], hosts: Iterable[str], port: int) -> Names:
    """Browsers leave out the port that is usual for the scheme."""
    suffix = "" if port == USUAL_PORT[scheme] else f":{port}"
    return Names(scheme, tuple(host + suffix for host in hosts))


class Guard:
    """ASGI in front of everything: refuses with 403 and a sentence, and adds the security headers."""

    def __init__(self, app: ASGIApp, names: Names) -> None:
        self._app = app
        self.names = names
        """May be set anew: a machine's addresses change."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        app = self._app if refusal is None else PlainTextResponse(refusal, 403)
        socket = f"{SOCKET[self.names.scheme]}://{headers.get('host', '')}"
        await app(scope, receive, _with_headers(send, socket))

    def _refusal(self, scope: Scope, headers: Headers) -> str | None:
        """Why not, or None. A header that comes twice is as wrong as one that is missing."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0] not in self.names.hosts:
            return WRONG_HOST.format(self.names.address)
        reading = scope["type"] == "http" and scope["method"] in READING
        if not reading and origins != [f"{self.names.scheme}://{hosts[0]}"]:
            return WRONG_ORIGIN.format(self.names.address)
        return None


def _with_headers(send: Send, socket: str) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            MutableHeaders(scope=message).update(_security_headers(socket))
        await send(message)

    return send_with_headers


def _security_headers(socket: str) -> dict[str, str]:
    """The host is named for the WebSocket: not every browser counts ws: as 'self'."""
    own_socket = f" {socket}" if socket.isascii() and not set(socket) & set(" ;,") else ""
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self'{own_socket}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
