"""The doctor calls a real server on loopback, and says of every trouble what it is and what to do."""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import VerifyKey
from websockets.asyncio.server import ServerConnection, serve

from device.config import Settings, System2
from device.doctor_link import REGISTER, WITHIN_S, look
from device.egress import install_guard
from device.finding import Finding, Machine, State
from device.link import native as n
from device.panel.certificate import kept_certificate
from provisioning.identity import identity_file, own_identity

Handler = Callable[[ServerConnection], Awaitable[None]]


@pytest.fixture(autouse=True)
def no_guard() -> Iterator[None]:
    yield
    install_guard(None)


@contextmanager
def gateway(handle: Handler, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[str]:
    """Where it listens, in a loop and a thread of its own: the doctor has a loop itself."""
    ready, told = threading.Event(), list[str]()

    async def serving() -> None:
        stop = asyncio.Event()
        async with serve(handle, "127.0.0.1", 0, ssl=tls, close_timeout=0.2, **options) as server:
            scheme = "wss" if tls else "ws"
            told.append(f"{scheme}://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/")
            stopping.append(lambda: loop.call_soon_threadsafe(stop.set))
            loop = asyncio.get_running_loop()
            ready.set()
            await stop.wait()

    stopping = list[Callable[[], object]]()
    thread = threading.Thread(target=lambda: asyncio.run(serving()))
    thread.start()
    assert ready.wait(10)
    try:
        yield told[0]
    finally:
        stopping[0]()
        thread.join()


async def lets_in(socket: ServerConnection) -> None:
    """As a gateway does it: the proof is checked with the device's own key, for this host and connection."""
    hello = await greeted(socket)
    signed = n.signed_text("a nonce", socket.request.headers["Host"], hello.websocket_id)  # type: ignore[union-attr]
    VerifyKey(decoded(hello.device.public_key)).verify(signed, decoded(hello.auth.signature))
    await socket.send(n.encode(n.Started(session_id="s1", device=1)))
    await socket.wait_closed()


async def knows_nobody(socket: ServerConnection) -> None:
    await greeted(socket)
    await socket.send(n.encode(n.Refusal(code="not_registered", message="Device x is not registered.")))
    await socket.close(4403)


async def echoes(socket: ServerConnection) -> None:
    await socket.send("hello, whoever you are")
    await socket.wait_closed()


async def wants_the_native_dialect(socket: ServerConnection) -> None:
    if socket.subprotocol != n.PROTOCOL:
        await socket.close(4403)
    await socket.wait_closed()


async def greets_nobody(socket: ServerConnection) -> None:
    await socket.wait_closed()


async def greeted(socket: ServerConnection) -> n.Hello:
    await socket.send(n.encode(n.Challenge(nonce="a nonce")))
    hello = n.from_device(await socket.recv())
    assert isinstance(hello, n.Hello)
    return hello


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def found(
    home: Path, url: str, *, greets: bool = True, within_s: float = WITHIN_S, **settings: str
) -> Finding:
    """What the doctor says of a device with a key."""
    env = {"HOME": str(home)}
    own_identity(identity_file(env))
    wanted = Settings(system2=System2(url=url, **settings))  # type: ignore[arg-type]
    return look(Machine(wanted, (), None, env), greets=greets, within_s=within_s)


NOBODY = "ws://127.0.0.1:1/"
"""A port that is for the system alone, and that nobody uses."""


def test_a_gateway_that_knows_this_device_is_well_and_its_round_trip_is_told(tmp_path: Path) -> None:
    with gateway(lets_in) as url:
        finding = found(tmp_path, url)
    assert finding.state is State.OK, finding
    assert finding.detail.startswith("127.0.0.1 greets this device; round trip ")


def test_by_tls_it_has_to_be_trusted(tmp_path: Path) -> None:
    certificate = kept_certificate(tmp_path / "tls", ("localhost", "127.0.0.1"), datetime.now(UTC))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.file, certificate.key_file)
    with gateway(lets_in, tls) as url:
        trusted = found(tmp_path, url, ca_file=str(certificate.file))
        strange = found(tmp_path, url)
    assert trusted.state is State.OK, trusted
    assert trusted.detail.startswith("127.0.0.1 by TLS greets this device")
    assert strange.state is State.PROBLEM
    assert "signed by nobody whom this device trusts: see system2.ca_file" in strange.detail


def test_one_that_does_not_know_this_device_is_told_with_what_registers_it(tmp_path: Path) -> None:
    with gateway(knows_nobody) as url:
        finding = found(tmp_path, url)
    assert finding.state is State.PROBLEM
    assert "register it there" in finding.detail
    assert "Device x is not registered." in finding.detail
    assert finding.fix == REGISTER


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        (NOBODY, "is System 2 running?"),
        ("wss://no-such-host.invalid/", "no-such-host.invalid cannot be found"),
        ("https://gateway.example/", "write it like wss://gateway.example/v1/device"),
        ("ws://gateway.example/", "Write it with wss://"),
    ],
    ids=["nobody there", "no such host", "no WebSocket", "in clear"],
)
def test_what_cannot_be_reached_says_why(tmp_path: Path, url: str, detail: str) -> None:
    finding = found(tmp_path, url)
    assert finding.state is State.PROBLEM
    assert detail in finding.detail
    assert finding.fix == "", "registering it would not help"
    assert not finding.needed, "the device answers by itself"


def test_a_server_that_is_no_system_2_is_told(tmp_path: Path) -> None:
    with gateway(echoes) as url:
        assert "broke the rules" in found(tmp_path, url).detail


def test_one_that_never_greets_is_waited_for_so_long_and_no_longer(tmp_path: Path) -> None:
    with gateway(greets_nobody) as url:
        finding = found(tmp_path, url, within_s=0.5)
    assert (finding.detail, finding.fix) == (
        "127.0.0.1 did not answer within 0.5 s.",
        "is the gateway running?",
    )


@pytest.mark.parametrize(
    ("handle", "changes", "spoken"),
    [
        (wants_the_native_dialect, {"greets": False}, [n.PROTOCOL]),
        (greets_nobody, {"dialect": "fastrtc"}, None),
    ],
)
def test_where_the_agent_runs_or_the_dialect_has_no_greeting_it_is_only_pinged(
    tmp_path: Path, handle: Handler, changes: dict[str, bool | str], spoken: list[str] | None
) -> None:
    with gateway(handle, subprotocols=spoken) as url:
        finding = found(tmp_path, url, **changes)  # type: ignore[arg-type]
    assert finding.state is State.OK, finding
    assert finding.detail.startswith("127.0.0.1 takes connections; round trip ")


def test_a_device_without_a_key_is_not_given_one_by_looking(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    finding = look(Machine(Settings(system2=System2(url=NOBODY)), (), None, env), greets=True)
    assert "no key yet: twominds identity" in finding.detail
    assert not identity_file(env).exists()


def test_without_system_2_nothing_is_wrong(tmp_path: Path) -> None:
    finding = look(Machine(Settings(), (), None, {"HOME": str(tmp_path)}), greets=True)
    assert (finding.state, finding.needed) == (State.MISSING, False)
    assert "system2.url" in finding.fix
