"""A server of chat completions on loopback, written by hand so that it can misbehave in every way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

LISTING = {"object": "list", "data": [{"id": "small", "object": "model", "owned_by": "me"}]}


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


def answering(content: bytes, status: str = "200 OK", kind: str = "application/json") -> Answer:
    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
        writer.write(head.encode() + content)

    return answer


def event(content: str | None = None, finish: str | None = None) -> bytes:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def begin_stream(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")


def chunk(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")


def streaming(*content: bytes, complete: bool = True) -> Answer:
    """Each piece as a chunk; then the end, or a cut line."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        begin_stream(writer)
        for piece in content:
            chunk(writer, piece)
        if complete:
            writer.write(b"0\r\n\r\n")
        else:
            writer.close()

    return answer


def saying(*words: str) -> Answer:
    return streaming(event(), *map(event, words), event(finish="stop"), DONE)


@dataclass
class OddServer:
    chat: Answer = field(default_factory=lambda: saying("Hello", " there."))
    models: Answer = field(default_factory=lambda: answering(json.dumps(LISTING).encode()))
    hang_up_after_each: bool = False
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody closed a connection."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def chats(self) -> list[Any]:
        return [asked.json for asked in self.asked if asked.path.endswith("/chat/completions")]

    @contextlib.asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[OddServer]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError):
                while True:
                    asked = await _request(reader)
                    self.asked.append(asked)
                    await (self.models if asked.path.endswith("/models") else self.chat)(asked, writer)
                    await writer.drain()
                    if self.hang_up_after_each:
                        break
        except ConnectionError:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        finally:
            self.left.set()
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Asked:
    beginning = await reader.readexactly(1)
    if beginning == b"\x16":
        raise ConnectionError("a TLS handshake, where plain HTTP is spoken")
    head = (beginning + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
