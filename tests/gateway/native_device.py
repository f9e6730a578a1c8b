"""A device as the gateway sees it: the native dialect over a WebSocket that others wrote (`websockets`)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal, TypeVar

import msgspec
from nacl.signing import SigningKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from device.link import native as n
from gateway.proof import device_id

T = TypeVar("T")
WAITS_S = 20.0


class NativeDevice:
    """Who it is; `connected` opens a connection and begins on it."""

    def __init__(self, **info: Any) -> None:
        self.key = SigningKey.generate()
        self.public_key = _text(bytes(self.key.verify_key))
        self.id = device_id(bytes(self.key.verify_key))
        self.info = n.DeviceInfo(id=self.id, public_key=self.public_key, **info)

    def hello(self, nonce: str, host: str, **changed: Any) -> n.Hello:
        websocket_id = secrets.token_hex(8)
        signature = self.key.sign(n.signed_text(nonce, host, websocket_id)).signature
        given: dict[str, Any] = {
            "websocket_id": websocket_id,
            "streamSid": websocket_id,
            "device": self.info,
            "auth": n.Auth(host=host, signature=_text(signature)),
        }
        return n.Hello(**given | changed)

    @contextlib.asynccontextmanager
    async def connected(
        self, url: str, *features: str, resume: str = "", **options: Any
    ) -> AsyncIterator[Talk]:
        """`url` as `system2.url`; `options` for `websockets.connect`."""
        async with dialled(url, **options) as talk:
            challenge = await talk.next(n.Challenge)
            await talk.send(
                self.hello(challenge.nonce, talk.host, features=frozenset(features), resume=resume)
            )
            talk.started = await talk.next(n.Started)
            yield talk


@contextlib.asynccontextmanager
async def dialled(url: str, **options: Any) -> AsyncIterator[Talk]:
    """A connection on which nothing has been said yet."""
    given: dict[str, Any] = {
        "subprotocols": [n.PROTOCOL],
        "proxy": None,
        "compression": None,
        "close_timeout": 1,
    }
    async with connect(url, **given | options) as socket:
        yield Talk(socket, url.split("/")[2])


class Talk:
    """A connection: frames out, messages in."""

    started: n.Started

    def __init__(self, socket: ClientConnection, host: str) -> None:
        self.socket = socket
        self.host = host

    async def send(self, *messages: n.FromDevice) -> None:
        for message in messages:
            await self.socket.send(n.encode(message))

    async def receive(self) -> n.FromSystem2:
        """The next message of an event that is known. Raises ConnectionClosed."""
        while True:
            async with asyncio.timeout(WAITS_S):
                message = n.from_system_2(await self.socket.recv())
            if message is not None:
                return message

    async def next(self, kind: type[T]) -> T:
        """The next message, which must be of this kind."""
        message = await self.receive()
        assert isinstance(message, kind), message
        return message

    async def until(self, kind: type[T]) -> tuple[list[n.FromSystem2], T]:
        """What comes before the next message of this kind, and that."""
        before: list[n.FromSystem2] = []
        while not isinstance(message := await self.receive(), kind):
            before.append(message)
        return before, message

    async def ask(self, turn_id: int, text: str, **more: Any) -> str:
        """The words of the answer; they are told to have sounded."""
        await self.send(n.Ask(turn_id=turn_id, text=text, **more))
        before, ended = await self.until(n.Ended)
        assert ended.reason == "done", ended
        words = "".join(message.text for message in before if isinstance(message, n.Text)).strip()
        await self.send(n.Said(turn_id=turn_id, text=words))
        return words

    async def report(self, op: str, id: str, body: Mapping[str, Any]) -> n.Ack:
        """On the device channel, with its hash: what became of it."""
        return (await self.report_and_all_before(op, id, body))[1]

    async def report_and_all_before(
        self, op: str, id: str, body: Mapping[str, Any]
    ) -> tuple[list[n.FromSystem2], n.Ack]:
        """The same, with what came before that was told."""
        await self.send(n.Report(op=op, id=id, body=body, hash=n.body_hash(body)))
        return await self.until(n.Ack)

    async def promised(self, status: Literal["ok", "dup", "rejected", "retry"] | None = "ok") -> n.Report:
        """The next answer that was promised, acknowledged so; None: not at all."""
        _, report = await self.until(n.Report)
        assert report.op == "answer"
        assert report.hash == n.body_hash(report.body)
        if status is not None:
            await self.send(n.Ack(id=report.id, status=status, retry_after_s=0.1))
        return report

    async def closed(self) -> tuple[int, str]:
        """Wait for the gateway to hang up: the close code, and the sentence that it said before, if any."""
        sentence = ""
        try:
            while True:
                message = await self.receive()
                if isinstance(message, n.Refusal):
                    sentence = message.message
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006, sentence


def raw(value: object) -> str:
    """A text frame of anything."""
    return msgspec.json.encode(value).decode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
