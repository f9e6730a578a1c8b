"""What a server's own program is sent beside the WebSocket: JSON, by HTTP POST."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import ExitStack
from typing import Any, NoReturn

from device.errors import StageError
from device.jobs import StopFlag, Worker
from device.link.address import Address
from device.link.setback import Pace, Setback
from device.link.way import Way

MOST_WAITING = 8
POST_S = 5.0


class Hook:
    """Posts one after the other; a server that does not take one cannot answer either."""

    def __init__(self, address: Address, way: Way, *, ca_file: str = "", key: str = "") -> None:
        self._address = address
        self._way = way
        self._ca_file = ca_file
        self._key = key
        self._waiting: deque[dict[str, Any]] = deque()
        self._some = asyncio.Event()
        self._posting: Worker[None] = Worker("hook of System 2", lambda: None)

    def put(self, post: dict[str, Any]) -> None:
        """Returns at once. Raises Setback when too many wait."""
        if len(self._waiting) == MOST_WAITING:
            raise Setback("The server at system2.hook_url takes too long.")
        self._waiting.append(post)
        self._some.set()

    async def run(self) -> NoReturn:
        """Raises Setback."""
        self._waiting.clear()
        while True:
            await self._some.wait()
            self._some.clear()
            while self._waiting:
                await self._post(self._waiting.popleft())

    async def _post(self, post: dict[str, Any]) -> None:
        try:
            await self._posting.run(lambda _, stop: self._blocking_post(post, stop), 2 * POST_S)
        except StageError as error:
            raise Setback(str(error)) from error
        finally:
            await self._posting.close(grace_s=0)

    def _blocking_post(self, post: dict[str, Any], stop: StopFlag) -> None:
        """In a thread. httpx is loaded at the first post: most links need none."""
        import ssl

        import httpx
        import msgspec

        body = msgspec.json.encode(post)
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        verify = ssl.create_default_context(cafile=self._ca_file or None) if self._address.secure else False
        try:
            with ExitStack() as stack:
                stack.enter_context(self._way.open())
                if stop:
                    return
                client = stack.enter_context(httpx.Client(timeout=POST_S, verify=verify, trust_env=False))
                self._way.sent("text", len(body))
                status = client.post(self._address.url, content=body, headers=headers).status_code
        except (httpx.HTTPError, OSError) as error:
            raise Setback(f"The server at system2.hook_url cannot be reached ({error}).") from error
        if status >= 300:
            raise Setback(
                f"The server at system2.hook_url does not take what it is sent (status {status}).", Pace.LATER
            )
