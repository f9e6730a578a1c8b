"""TLS: verified by the system's authorities or a private one, and every failure said in words."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection

from device.contracts import Question, Say
from device.link import native as n
from tests.device.link.certificates import Authority
from tests.device.link.scripted import answer, device, greet, running, server
from tests.until import until

AUTHORIZATIONS: list[str | None] = []


async def answering(socket: ServerConnection) -> None:
    assert socket.request is not None
    AUTHORIZATIONS.append(socket.request.headers.get("Authorization"))
    peer = await greet(socket)
    ask = await peer.hears()
    assert isinstance(ask, n.Ask)
    await peer.say(n.Text(turn_id=ask.turn_id, text="So."), n.Ended(turn_id=ask.turn_id))
    await socket.wait_closed()


def why(tls: ssl.SSLContext, ca_file: Path | str) -> str:
    """What the link says of a server with this certificate."""

    async def story() -> str:
        async with server(answering, tls) as port:
            made = device(f"wss://127.0.0.1:{port}/", ca_file=str(ca_file))
            async with running(made):
                await until(lambda: bool(made.healths), 15)
                assert not made.link.health.up
                return made.link.health.why

    return asyncio.run(story())


def test_a_private_authority_can_be_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def story() -> None:
        async with server(answering, authority.server()) as port:
            made = device(f"wss://127.0.0.1:{port}/", ca_file=str(authority.file))
            async with running(made):
                await made.up()
                assert await answer(made.link, Question(1, "Why?", "en")) == [Say("So.")]

    asyncio.run(story())


def test_an_authority_that_nobody_trusts_is_refused(tmp_path: Path) -> None:
    tls = Authority(tmp_path).server()
    assert "see system2.ca_file" in why(tls, "")
    assert "see system2.ca_file" in why(tls, Authority(tmp_path, "another").file)


def test_another_host_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    assert "another address" in why(authority.server("127.0.0.2"), authority.file)
    assert "another" in why(authority.server("gateway.example"), authority.file)


@pytest.mark.parametrize(("age_days", "says"), [(30, "has expired"), (-30, "not valid yet")])
def test_a_certificate_out_of_its_time_is_refused(tmp_path: Path, age_days: int, says: str) -> None:
    authority = Authority(tmp_path)
    said = why(authority.server(age_days=age_days), authority.file)
    assert says in said
    assert "clock" in said


def test_a_server_without_tls_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def story() -> None:
        async with server(answering) as port:
            made = device(f"wss://127.0.0.1:{port}/", ca_file=str(authority.file))
            async with running(made):
                await until(lambda: bool(made.healths), 15)
                why = made.link.health.why
                assert "does not speak TLS" in why or "ws:// or wss://" in why

    asyncio.run(story())


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_an_authority_that_cannot_be_read_is_said_to_be_that(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    assert "holds no certificates" in why(Authority(tmp_path).server(), file)


def test_a_key_is_sent_as_a_bearer_token(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    key = tmp_path / "key"
    key.write_text("s3cret\n")
    key.chmod(0o600)
    AUTHORIZATIONS.clear()

    async def story() -> None:
        async with server(answering, authority.server()) as port:
            url = f"wss://127.0.0.1:{port}/"
            async with running(device(url, ca_file=str(authority.file), key_file=str(key))) as made:
                await made.up()

    asyncio.run(story())
    assert AUTHORIZATIONS == ["Bearer s3cret"]


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        ("s3cret", 0o644, "chmod 600"),
        ("", 0o600, "no key"),
        ("two words", 0o600, "no key"),
        ("lines\r\nX-Evil: 1", 0o600, "no key"),
        ("schlüssel", 0o600, "cannot be read"),
        (None, 0o600, "cannot be read"),
    ],
)
def test_a_key_that_cannot_be_used_is_said_and_not_sent(
    tmp_path: Path, content: str | None, mode: int, says: str
) -> None:
    key = tmp_path / "key"
    if content is not None:
        key.write_text(content, "utf-8")
        key.chmod(mode)
    AUTHORIZATIONS.clear()

    async def story() -> None:
        async with server(answering) as port:
            made = device(f"ws://127.0.0.1:{port}/", key_file=str(key))
            async with running(made):
                await until(lambda: bool(made.healths), 15)
                assert says in made.link.health.why
                assert "s3cret" not in made.link.health.why

    asyncio.run(story())
    assert AUTHORIZATIONS == []
