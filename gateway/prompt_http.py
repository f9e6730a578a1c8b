"""HTTP/1.1 whose clients say what they want in time: a socket that is only held open takes a place."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


def prompt_http(within_s: float) -> type[H11Protocol]:
    """uvicorn's protocol, which hangs up where a request's head is not there so long after the one before."""

    class PromptHttp(H11Protocol):
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._expect()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._expect()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def _expect(self) -> None:
            self._forget()
            self._late = self.loop.call_later(within_s, self._look)

        def _forget(self) -> None:
            if self._late is not None:
                self._late.cancel()

        def _look(self) -> None:
            upgraded = self.transport.get_protocol() is not self
            answering = self.cycle is not None and not self.cycle.response_complete
            if not upgraded and not answering:
                self.transport.abort()

    return PromptHttp
