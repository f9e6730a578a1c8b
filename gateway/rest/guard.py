"""Who may ask, and how much."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.access import is_token
from gateway.rest.problems import problem

READ_S = 10.0
"""For a request's body to come."""
CLOSE = {"Connection": "close"}
_bearer = HTTPBearer(auto_error=False, description="The token of the gateway's data folder.")


class Guard:
    """A dependency: lets those with the token pass."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def __call__(self, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        if given is None or not is_token(given.credentials, self._token):
            raise HTTPException(401, "The bearer token is missing or wrong.", {"WWW-Authenticate": "Bearer"})


class BodyLimit:
    """Middleware: a request's body has at most so many bytes, whatever it says of itself."""

    def __init__(self, app: ASGIApp, longest_bytes: int) -> None:
        self._app = app
        self._longest_bytes = longest_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(READ_S):
                body = await self._read(receive)
        except TimeoutError:
            await problem(408, "The body did not come.", CLOSE)(scope, receive, send)
            return
        if body is None:
            too_long = problem(413, f"A body may have {self._longest_bytes} bytes.", CLOSE)
            await too_long(scope, receive, send)
            return
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return given.pop() if given else await receive()

        await self._app(scope, replayed, send)

    async def _read(self, receive: Receive) -> bytes | None:
        body = b""
        while True:
            message = await receive()
            body += bytes(message.get("body", b""))
            if len(body) > self._longest_bytes:
                return None
            if not message.get("more_body"):
                return body
