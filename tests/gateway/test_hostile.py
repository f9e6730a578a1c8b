"""Devices that mean no good, or are broken: each is hung up on, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.link import native as n
from tests.gateway.native_device import NativeDevice, Talk, dialled, raw
from tests.gateway.process import Running, running_gateway

DEEP = '{"event":"said","turn_id":1,"text":' + "[" * 5000 + "]" * 5000 + "}"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(
        tmp_path_factory.mktemp("gateway"),
        limits__questions_per_minute=100000,
        limits__connects_per_minute=1000,
        limits__write_s=1,
        limits__unproven=10,
        scripted__word_ms=0,
    ) as running:
        yield running


def memory_kb(gateway: Running) -> int:
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def narrow(gateway: Running) -> socket.socket:
    """A connection for which the kernel keeps next to nothing that is not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, _, port = gateway.host.partition(":")
    client.connect((host, int(port)))
    return client


def connections(gateway: Running) -> int:
    with gateway.rest() as rest:
        page = rest.get("/metrics").text
    return int(float(re.findall(r"^gateway_connections (.*)$", page, re.MULTILINE)[0]))


@pytest.mark.parametrize(
    "frame",
    [
        "garbage",
        "",
        "[]",
        "{}",
        b"",
        b"\0\0\0\1\0",
        DEEP,
        raw({"event": "ask"}),
        raw({"event": "ask", "turn_id": -1}),
        raw({"event": "ask", "turn_id": 1, "text": ["a"]}),
        raw({"event": "ask", "turn_id": 1, "text": "a" * 9000}),
        b"\0" * 5000,
    ],
    ids=lambda frame: repr(frame[:24]),
)
def test_what_breaks_the_rules_ends_the_connection(gateway: Running, frame: str | bytes) -> None:
    async def story() -> int:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.socket.send(frame)
            return (await talk.closed())[0]

    assert asyncio.run(story()) == 4400


@pytest.mark.parametrize("proved", [False, True])
def test_a_frame_of_100_megabytes_is_not_taken_in(gateway: Running, proved: bool) -> None:
    async def story() -> int:
        device = NativeDevice()
        before_kb = memory_kb(gateway)
        opening = device.connected(gateway.device_url) if proved else dialled(gateway.device_url)
        async with opening as talk:
            sending = asyncio.ensure_future(talk.socket.send(b"\0" * 100_000_000))
            code, _ = await talk.closed()
            await asyncio.wait([sending])
            assert sending.exception() is not None
            assert memory_kb(gateway) - before_kb < 20_000
            return code

    assert asyncio.run(story()) in (1009, 1006), "too big; or the socket was closed before that could be said"


def test_what_is_not_known_is_passed_over(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.socket.send(json.dumps({"event": "dance", "turn_id": 1}))
            await talk.socket.send(json.dumps({"event": "ask", "turn_id": 1, "text": "Hi", "colour": "blue"}))
            assert (await talk.until(n.Ended))[1].reason == "done"

    asyncio.run(story())


def test_messages_of_turns_that_are_not_under_way_do_nothing(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.send(
                n.Clear(turn_id=7),
                n.End(turn_id=7),
                n.Media(7, 0, b"\0"),
                n.Said(turn_id=7, text="never asked"),
                n.ToolResult(turn_id=7, id="t1", ok=True),
                n.Ack(id="nobody's"),
            )
            await talk.ask(1, "Still there?")

    asyncio.run(story())


def test_a_thousand_turns_at_once_leave_the_newest_alone(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:

            async def ask_all() -> None:
                for turn_id in range(1000):
                    await talk.send(n.Ask(turn_id=turn_id, text="Tell me a long story"))

            async with asyncio.TaskGroup() as group:
                group.create_task(ask_all())
                ended: list[n.Ended] = []
                while not ended or ended[-1].turn_id < 999:
                    ended.append((await talk.until(n.Ended))[1])
            assert [one.turn_id for one in ended] == list(range(1000))

    asyncio.run(story())


def test_who_never_reads_is_hung_up_on_and_costs_no_memory(gateway: Running) -> None:
    async def ask_on(talk: Talk) -> None:
        for turn_id in range(1_000_000):
            await talk.send(n.Ask(turn_id=turn_id, text="a" * 7900))
            await asyncio.sleep(0.01)  # so that the answer comes before the next question ends it

    async def gone() -> None:
        while connections(gateway):  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.2)

    async def story() -> None:
        device = NativeDevice()
        before_kb = memory_kb(gateway)
        async with device.connected(gateway.device_url, sock=narrow(gateway)) as talk:
            talk.socket.transport.pause_reading()
            asking = asyncio.ensure_future(ask_on(talk))
            assert connections(gateway) == 1
            await asyncio.wait_for(gone(), 15)
            assert memory_kb(gateway) - before_kb < 20_000
            asking.cancel()
            await asyncio.wait([asking])
            talk.socket.transport.abort()
        async with device.connected(gateway.device_url) as talk:
            await talk.ask(1, "Others are served")

    asyncio.run(story())


def test_who_does_not_prove_itself_takes_no_place_from_the_others_for_long(gateway: Running) -> None:
    async def story() -> list[int]:
        codes = []
        async with asyncio.TaskGroup() as group:
            held = asyncio.Event()

            async def hold() -> None:
                async with dialled(gateway.device_url):
                    await held.wait()

            for _ in range(10):
                group.create_task(hold())
            await asyncio.sleep(0.5)
            async with dialled(gateway.device_url) as talk:
                codes.append((await talk.closed())[0])
            held.set()
        await asyncio.sleep(0.2)
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.ask(1, "Hello")
        return codes

    assert asyncio.run(story()) == [4429]
