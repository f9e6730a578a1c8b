"""Who is let in, and with which code everybody else is not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from device.link import native as n
from tests.gateway.native_device import NativeDevice, Talk, dialled
from tests.gateway.process import Running, running_gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Nobody is registered by himself; a minute has six connections and five questions."""
    with running_gateway(
        tmp_path_factory.mktemp("gateway"),
        enrolment="closed",
        limits__handshake_s=0.4,
        limits__connects_per_minute=6,
        limits__questions_per_minute=5,
        limits__reports_per_minute=5,
        limits__watch_s=0.1,
    ) as running:
        yield running


def registered(gateway: Running, **info: str) -> NativeDevice:
    device = NativeDevice(**info)
    with gateway.rest() as rest:
        rest.post("/v1/devices", json={"public_key": device.public_key}).raise_for_status()
    return device


async def refused(gateway: Running, make: object) -> tuple[int, str]:
    """How the gateway ends a connection that begins with what `make(talk, nonce)` gives."""
    async with dialled(gateway.device_url) as talk:
        challenge = await talk.next(n.Challenge)
        await talk.send(make(talk, challenge.nonce))  # type: ignore[operator]
        return await talk.closed()


def test_a_registered_device_is_let_in(gateway: Running) -> None:
    async def story() -> None:
        async with registered(gateway).connected(gateway.device_url) as talk:
            assert talk.started.session_id
            assert talk.started.device == 1

    asyncio.run(story())


def test_an_unknown_device_is_told_its_name_and_how_it_is_registered(gateway: Running) -> None:
    device = NativeDevice()
    code, sentence = asyncio.run(refused(gateway, lambda talk, nonce: device.hello(nonce, talk.host)))
    assert code == 4403
    assert device.id in sentence
    assert f"devices add {device.public_key}" in sentence


def test_a_proof_that_was_made_for_another_gateway_is_refused(gateway: Running) -> None:
    device = registered(gateway)
    code, sentence = asyncio.run(
        refused(gateway, lambda talk, nonce: device.hello(nonce, "other.example:443"))
    )
    assert code == 4401
    assert "other.example" in sentence


def test_a_proof_of_an_earlier_connection_is_refused(gateway: Running) -> None:
    device = registered(gateway)
    assert asyncio.run(refused(gateway, lambda talk, nonce: device.hello("earlier", talk.host)))[0] == 4401


def test_a_proof_for_another_connection_of_the_same_nonce_is_refused(gateway: Running) -> None:
    device = registered(gateway)

    def relayed(talk: Talk, nonce: str) -> n.Hello:
        auth = device.hello(nonce, talk.host).auth
        return device.hello(nonce, talk.host, auth=auth, websocket_id="mine")

    assert asyncio.run(refused(gateway, relayed))[0] == 4401


def test_the_name_of_another_device_is_refused(gateway: Running) -> None:
    device, other = registered(gateway), registered(gateway)

    def posing(talk: Talk, nonce: str) -> n.Hello:
        info = n.DeviceInfo(id=other.id, public_key=device.public_key)
        return device.hello(nonce, talk.host, device=info)

    assert asyncio.run(refused(gateway, posing))[0] == 4401


@pytest.mark.parametrize("key", ["", "no base64!", "AAAA", "A" * 43, "é" * 43])
def test_what_is_no_key_is_refused(gateway: Running, key: str) -> None:
    device = NativeDevice()

    def keyless(talk: Talk, nonce: str) -> n.Hello:
        return device.hello(nonce, talk.host, device=n.DeviceInfo(id=device.id, public_key=key))

    assert asyncio.run(refused(gateway, keyless))[0] == 4401


def test_who_says_nothing_is_hung_up_on(gateway: Running) -> None:
    async def story() -> tuple[int, str]:
        async with dialled(gateway.device_url) as talk:
            return await talk.closed()

    assert asyncio.run(story())[0] == 4408


@pytest.mark.parametrize(
    "begins",
    [
        b"",
        b"GET /v1/health/live HTTP/1.1\r\nHost: a\r\n",
        b"GET /v1/health/live HTTP/1.1\r\nHost: a\r\n\r\nGE",
    ],
)
def test_a_socket_that_asks_for_nothing_is_hung_up_on(gateway: Running, begins: bytes) -> None:
    host, port = gateway.host.split(":")
    with (
        socket.create_connection((host, int(port)), timeout=20) as held,
        contextlib.suppress(ConnectionError),
    ):
        held.sendall(begins)
        while held.recv(1000):
            pass


def test_who_begins_with_something_else_breaks_the_rules(gateway: Running) -> None:
    assert asyncio.run(refused(gateway, lambda talk, nonce: n.Ask(turn_id=1, text="Hello?")))[0] == 4400


def test_a_second_start_breaks_the_rules(gateway: Running) -> None:
    device = registered(gateway)

    async def story() -> tuple[int, str]:
        async with device.connected(gateway.device_url) as talk:
            await talk.send(device.hello("", talk.host))
            return await talk.closed()

    assert asyncio.run(story())[0] == 4400


def test_a_revoked_device_is_hung_up_on_and_not_let_in_again_until_it_is_registered_anew(
    gateway: Running,
) -> None:
    device = registered(gateway)

    async def story() -> tuple[int, str]:
        async with device.connected(gateway.device_url) as talk:
            with gateway.rest() as rest:
                rest.post(f"/v1/devices/{device.id}/revoke").raise_for_status()
            assert (await talk.closed())[0] == 4403
        again = await refused(gateway, lambda talk, nonce: device.hello(nonce, talk.host))
        with gateway.rest() as rest:
            rest.post("/v1/devices", json={"public_key": device.public_key}).raise_for_status()
        async with device.connected(gateway.device_url) as talk:
            await talk.ask(1, "Hello")
        return again

    code, sentence = asyncio.run(story())
    assert code == 4403
    assert "revoked" in sentence


def test_the_newest_connection_of_a_device_wins(gateway: Running) -> None:
    device = registered(gateway)

    async def story() -> None:
        async with (
            device.connected(gateway.device_url) as older,
            device.connected(gateway.device_url) as newer,
        ):
            assert (await older.closed())[0] == 4409
            await newer.ask(1, "Still here?")

    asyncio.run(story())


def test_who_connects_too_often_is_told_when_to_come_back(gateway: Running) -> None:
    device = registered(gateway)

    async def story() -> tuple[int, n.Refusal]:
        while True:
            came = await refused_or_in(device)
            if came is not None:
                return came

    async def refused_or_in(device: NativeDevice) -> tuple[int, n.Refusal] | None:
        async with dialled(gateway.device_url) as talk:
            challenge = await talk.next(n.Challenge)
            await talk.send(device.hello(challenge.nonce, talk.host))
            first = await talk.receive()
            if isinstance(first, n.Started):
                return None
            assert isinstance(first, n.Refusal)
            return (await talk.closed())[0], first

    code, refusal = asyncio.run(story())
    assert code == 4429
    assert refusal.retry_after_s is not None
    assert 0 < refusal.retry_after_s <= 60
    assert "come back in" in refusal.message


def test_who_asks_too_often_is_hung_up_on(gateway: Running) -> None:
    device = registered(gateway)

    async def story() -> tuple[int, str]:
        async with device.connected(gateway.device_url) as talk:
            for turn_id in range(12):  # the minute may change once in between
                await talk.send(n.Ask(turn_id=turn_id, text="And now?"))
            return await talk.closed()

    assert asyncio.run(story())[0] == 4429


def test_who_reports_too_often_is_asked_to_do_it_later(gateway: Running) -> None:
    device = registered(gateway)

    async def story() -> list[n.Ack]:
        async with device.connected(gateway.device_url) as talk:
            for number in range(12):
                await talk.send(n.Report(op="message", id=str(number)))
            return [await talk.next(n.Ack) for _ in range(12)]

    acks = asyncio.run(story())
    later = [ack for ack in acks if ack.status == "retry"]
    assert later
    assert all(0 < ack.retry_after_s <= 60 for ack in later)
    assert {ack.status for ack in acks} == {"ok", "retry"}


@pytest.mark.parametrize("options", [{"origin": "http://page.example"}, {"subprotocols": None}])
def test_what_is_no_device_does_not_get_a_websocket(gateway: Running, options: dict[str, object]) -> None:
    async def story() -> None:
        async with dialled(gateway.device_url, **options):
            pass

    with pytest.raises(InvalidStatus, match="403"):
        asyncio.run(story())


def test_a_device_of_this_machine_is_not_registered_where_enrolment_is_closed(gateway: Running) -> None:
    device = NativeDevice()
    asyncio.run(refused(gateway, lambda talk, nonce: device.hello(nonce, talk.host)))
    with gateway.rest() as rest:
        assert device.id not in [one["id"] for one in rest.get("/v1/devices").json()]
