"""Who may talk to the page's server: browsers on this machine, on this very page, and nobody else.

Any website that a person visits can make their browser send requests to this machine. So the `Host`
must be one of our own names (against DNS rebinding), whatever is more than reading must come from our
own `Origin` (against cross-site requests; browsers put no other check before a WebSocket), and every
answer forbids the page whatever it does not need.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READING = ("GET", "HEAD")

WRONG_HOST = "This page answers only under its own address on this machine: {}.\n"
WRONG_ORIGIN = "Only this device's own page, opened at {}, may do that.\n"


class Guard:
    """ASGI in front of everything: refuses with 403 and a sentence, and adds the security headers."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = tuple(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
        self._address = f"http://{self._hosts[0]}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        app = self._app if refusal is None else PlainTextResponse(refusal, 403)
        await app(scope, receive, _with_headers(send, headers.get("host", "")))

    def _refusal(self, scope: Scope, headers: Headers) -> str | None:
        """Why not, or None. A header that comes twice is as wrong as one that is missing."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return WRONG_HOST.format(self._address)
        reading = scope["type"] == "http" and scope["method"] in READING
        if not reading and origins != [f"http://{hosts[0]}"]:
            return WRONG_ORIGIN.format(self._address)
        return None


def _with_headers(send: Send, host: str) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            MutableHeaders(scope=message).update(_security_headers(host))
        await send(message)

    return send_with_headers


def _security_headers(host: str) -> dict[str, str]:
    """The host is named for the WebSocket: not every browser counts ws: as 'self'."""
    own_socket = f" ws://{host}" if host.isascii() and not set(host) & set(" ;,") else ""
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
