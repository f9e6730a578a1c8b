"""A web server on loopback that serves files, and can misbehave in every way that a network does.

Hand-written on sockets, because a proper server will not lie about lengths or hang up in the middle.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, and how many bytes of content went out in answer."""

    path: str
    headers: dict[str, str]
    sent: list[int] = field(default_factory=list)

    @property
    def sent_bytes(self) -> int:
        return sum(self.sent)


Behaviour = Callable[["FileServer", socket.socket, Request], None]


class FileServer:
    """Serves `files` (path to content). `script` says how the next requests for a path are answered."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.script: dict[str, list[Behaviour]] = {}
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(5)

    def asked_for(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def etag(self, path: str) -> str:
        return f'"{hashlib.sha256(self.files[path]).hexdigest()[:16]}"'

    def _spawn(self, target: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=target, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._spawn(self._answer, self._listening.accept()[0])

    def _answer(self, client: socket.socket) -> None:
        with client, contextlib.suppress(ConnectionError, TimeoutError):
            client.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head:
                if not (more := client.recv(4096)):
                    return
                head += more
            line, *rest = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
            headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
            request = Request(line.split()[1], headers)
            self.requests.append(request)
            steps = self.script.get(request.path, [])
            behaviour = steps.pop(0) if steps else (serve if request.path in self.files else status(404))
            behaviour(self, client, request)


def _head(code: int, **headers: object) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {code} Whatever", "Connection: close", *lines, "", ""]).encode("latin-1")


def _send(client: socket.socket, request: Request, content: bytes) -> None:
    for start in range(0, len(content), 65536):
        piece = content[start : start + 65536]
        client.sendall(piece)
        request.sent.append(len(piece))


def _range(server: FileServer, request: Request) -> int:
    """Where to begin: at zero, unless a range of this very version is asked for."""
    asked = re.match(r"bytes=(\d+)-$", request.headers.get("range", ""))
    current = request.headers.get("if-range") in (None, server.etag(request.path))
    return int(asked[1]) if asked and current else 0


def serve(server: FileServer, client: socket.socket, request: Request) -> None:
    """As it should be: with lengths, versions and ranges."""
    serve_some(None)(server, client, request)


def serve_some(limit: int | None, then: Behaviour | None = None, slow_s: float = 0.0) -> Behaviour:
    """Properly, but only `limit` bytes of the content; then something else happens (or it hangs up)."""

    def behave(server: FileServer, client: socket.socket, request: Request) -> None:
        content, start = server.files[request.path], _range(server, request)
        tag = server.etag(request.path)
        if start >= len(content) > 0:
            client.sendall(_head(416, Content_Range=f"bytes */{len(content)}"))
            return
        if start:
            total = f"bytes {start}-{len(content) - 1}/{len(content)}"
            client.sendall(_head(206, Content_Range=total, Content_Length=len(content) - start, ETag=tag))
        else:
            client.sendall(_head(200, Content_Length=len(content), ETag=tag, Accept_Ranges="bytes"))
        if slow_s:
            for at in range(start, len(content), 1 << 20):
                _send(client, request, content[at : at + (1 << 20)])
                if server.closing.wait(slow_s):
                    return
            return
        _send(client, request, content[start:][:limit])
        if then is not None:
            then(server, client, request)

    return behave


def hang_up_after(limit: int) -> Behaviour:
    return serve_some(limit)


def stall_after(limit: int) -> Behaviour:
    def wait(server: FileServer, client: socket.socket, request: Request) -> None:
        server.closing.wait(10)

    return serve_some(limit, wait)


def claim(difference: int) -> Behaviour:
    """Says that the file has so many bytes more (or less) than it has."""

    def behave(server: FileServer, client: socket.socket, request: Request) -> None:
        content = server.files[request.path]
        client.sendall(_head(200, Content_Length=len(content) + difference))
        _send(client, request, content)

    return behave


def without_length(content: bytes | None = None) -> Behaviour:
    """Neither length nor version: it ends when the connection does."""

    def behave(server: FileServer, client: socket.socket, request: Request) -> None:
        client.sendall(_head(200))
        _send(client, request, server.files[request.path] if content is None else content)

    return behave


def other_bytes(server: FileServer, client: socket.socket, request: Request) -> None:
    """As many as there should be, but others."""
    content = bytes(byte ^ 0xFF for byte in server.files[request.path])
    client.sendall(_head(200, Content_Length=len(content), ETag='"other"'))
    _send(client, request, content)


def ignore_range(server: FileServer, client: socket.socket, request: Request) -> None:
    """Always the whole file."""
    content = server.files[request.path]
    client.sendall(_head(200, Content_Length=len(content), ETag=server.etag(request.path)))
    _send(client, request, content)


def ignore_if_range(server: FileServer, client: socket.socket, request: Request) -> None:
    """The rest of what it has now, whatever version was asked for."""
    content = server.files[request.path]
    asked = re.match(r"bytes=(\d+)-$", request.headers.get("range", ""))
    start = int(asked[1]) if asked else 0
    total = f"bytes {start}-{len(content) - 1}/{len(content)}"
    client.sendall(
        _head(206, Content_Range=total, Content_Length=len(content) - start, ETag=server.etag(request.path))
    )
    _send(client, request, content[start:])


def status(code: int, **headers: object) -> Behaviour:
    def behave(server: FileServer, client: socket.socket, request: Request) -> None:
        client.sendall(_head(code, Content_Length=0, **headers))

    return behave


def redirect(to: str) -> Behaviour:
    return status(302, Location=to)


@contextlib.contextmanager
def nobody_there() -> Iterator[str]:
    """The address of a port on loopback that refuses connections."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{closed.getsockname()[1]}"
