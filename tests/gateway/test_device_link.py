"""The device's own link at the gateway, over TLS with a private authority: the two halves of the protocol."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from device.audio.jitter_buffer import JitterBuffer
from device.audio.opus import OpusDecoder, OpusEncoder
from device.config import System2
from device.contracts import (
    Express,
    Frame,
    Gesture,
    LinkHealth,
    Perform,
    Question,
    Say,
    SetVolume,
    Spoken,
)
from device.link.link import Calls, Link
from device.link.made import made_link
from device.link.native_dialect import Wish
from device.link.turns import Rules, Sounds
from device.link.way import Kind
from provisioning.identity import Identity, own_identity
from tests.device.link.certificates import Authority
from tests.gateway.openai_server import OpenAiServer, openai_server
from tests.gateway.process import Running, running_gateway

SOUNDS = Sounds(
    encoder=lambda codec: OpusEncoder(codec.rate_hz, frame_ms=codec.frame_ms),
    decoder=lambda codec: OpusDecoder(codec.rate_hz),
    buffer=JitterBuffer,
)


class OpenWay:
    """Everything may leave, and nothing is counted."""

    def open(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def sent(self, kind: Kind, sent_bytes: int) -> None:
        """Nobody asks."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[OpenAiServer]:
    with openai_server() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(
    authority: Authority, endpoint: OpenAiServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    authority.server()
    [certificate] = authority.file.parent.glob("server-*.pem")
    settings: dict[str, str | float] = {
        "listen__tls_certificate": str(certificate),
        "listen__tls_key": str(certificate),
    }
    for table in ("llm", "stt", "tts"):
        settings |= {f"{table}__base_url": endpoint.url, f"{table}__model": "m"}
    settings |= {"stt__engine": "remote", "tts__engine": "remote"}
    with running_gateway(tmp_path_factory.mktemp("gateway"), **settings) as running:
        yield running


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return own_identity(tmp_path / "device.key")


@contextlib.asynccontextmanager
async def linked(
    gateway: Running, authority: Authority, identity: Identity, wish: Wish | None = None
) -> AsyncIterator[Link]:
    """A link that is up."""
    up = asyncio.Event()

    def changed(health: LinkHealth) -> None:
        if health.up:
            up.set()

    link = made_link(
        System2(url=gateway.device_url, ca_file=str(authority.file)),
        wish or Wish(),
        identity,
        SOUNDS,
        Rules(hears=True),
        Calls(halt=lambda: None, changed=changed),
        lambda host, port: OpenWay(),
    )
    running = asyncio.create_task(link.run())
    try:
        await asyncio.wait_for(up.wait(), 20)
        yield link
    finally:
        running.cancel()
        await asyncio.wait([running])


def test_words_are_answered_and_the_history_keeps_what_sounded(
    gateway: Running, authority: Authority, identity: Identity, endpoint: OpenAiServer
) -> None:
    endpoint.words = ("[happy] The ", "moon. ", "Round.")

    async def story() -> None:
        async with linked(gateway, authority, identity) as link:
            items = [item async for item in link.ask(Question(1, "What is that?", "en"))]
            assert "".join(item.text for item in items if isinstance(item, Say)) == "The moon. Round."
            assert [item.emotion.value for item in items if isinstance(item, Express)] == ["happy"]
            link.spoken(1, "The moon.", cut_off=True)
            assert [item async for item in link.ask(Question(2, "Go on", "en"))]

    asyncio.run(story())
    told = [line["content"] for line in endpoint.asked[-1]["messages"][1:]]
    assert told == ["What is that?", "The moon.", "Go on"]


def test_tools_of_the_device_are_known_to_the_gateway(
    gateway: Running, authority: Authority, identity: Identity, endpoint: OpenAiServer
) -> None:
    endpoint.calls = [("gesture", '{"gesture": "nod"}'), ("set_volume", '{"change": -10}')]

    async def story() -> None:
        async with linked(gateway, authority, identity) as link:
            items = [item async for item in link.ask(Question(1, "Do you agree?", "en"))]
            assert Perform(Gesture.NOD) in items
            assert SetVolume(change=-10) in items

    asyncio.run(story())
    results = [line["content"] for line in endpoint.asked[-1]["messages"] if line["role"] == "tool"]
    assert len(results) == 2


def test_what_is_spoken_is_heard_and_answered_in_sound(
    gateway: Running, authority: Authority, identity: Identity, endpoint: OpenAiServer
) -> None:
    endpoint.words = ("Round. ", "It shines.")

    async def story() -> None:
        async with linked(gateway, authority, identity, Wish(sends_sound=True, wants_sound=True)) as link:
            listening = link.listen()
            for _ in range(40):
                listening.feed(Frame(b"\x10\x20" * 320, 0.0))
            heard = await listening.finish()
            assert heard.text == "what is the moon"
            items = [item async for item in link.ask(Question(1, heard.text, "en", heard_as=heard.heard_as))]
            spoken = [item for item in items if isinstance(item, Spoken)]
            assert "".join(item.text for item in spoken).split() == ["Round.", "It", "shines."]
            assert sum(item.audio.duration_s for item in spoken) > 0.5

    asyncio.run(story())
