"""A System 2 that means no good: the device stays whole, small and deaf to it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from device.contracts import Perform, Question, ReplyItem, Say
from device.errors import MindError
from device.link import native as n
from device.link.tools import MOST_A_TURN
from tests.device.link.scripted import Device, Peer, answer, device, gateway, greet, running, server
from tests.until import until

WHY = Question(7, "Why?", "en")
ROOT = Path(__file__).resolve().parents[3]
Attack = Callable[[ServerConnection], Awaitable[None]]


def text(raw: str) -> Attack:
    async def attack(socket: ServerConnection) -> None:
        await socket.send(raw)

    return attack


def packet(raw: bytes) -> Attack:
    async def attack(socket: ServerConnection) -> None:
        await socket.send(raw)

    return attack


async def flood(socket: ServerConnection) -> None:
    for _ in range(20_000):
        await socket.send('{"event":"taken","turn_id":1}')


async def not_utf8(socket: ServerConnection) -> None:
    socket.transport.write(b"\x81\x02\xc3\x28")


async def reserved_opcode(socket: ServerConnection) -> None:
    socket.transport.write(b"\x83\x00")


async def masked(socket: ServerConnection) -> None:
    socket.transport.write(b"\x81\x81abcdx")


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(text("not json"), id="garbage"),
        pytest.param(text("\x00" * 1000), id="zeros"),
        pytest.param(text("[]"), id="a list"),
        pytest.param(text('{"event":7}'), id="a number for a name"),
        pytest.param(text('{"event":"text","turn_id":-1,"text":"x"}'), id="a turn below zero"),
        pytest.param(text('{"event":"text","turn_id":1e99,"text":"x"}'), id="a turn beyond all"),
        pytest.param(text('{"event":"text","turn_id":1,"text":7}'), id="words that are none"),
        pytest.param(text('{"event":"text","turn_id":1,"text":"%s"}' % ("x" * 9000)), id="too many words"),
        pytest.param(text("[" * 60_000), id="deep lists"),
        pytest.param(text('{"a":' * 10_000 + "1" + "}" * 10_000), id="deep objects"),
        pytest.param(text('{"event":"drain","retry_after_s":NaN}'), id="no number"),
        pytest.param(text("x" * 70_000), id="a long text"),
        pytest.param(packet(b""), id="an empty packet"),
        pytest.param(packet(b"\x00" * 6), id="a packet without sound"),
        pytest.param(packet(b"\x00" * 60_000), id="a long packet"),
        pytest.param(flood, id="a flood"),
        pytest.param(not_utf8, id="no utf-8"),
        pytest.param(reserved_opcode, id="no such frame"),
        pytest.param(masked, id="a masked frame"),
        pytest.param(text(str(n.encode(n.Challenge(nonce="again")))), id="a second challenge"),
    ],
)
def test_whoever_breaks_the_rules_is_hung_up_on_and_not_called_soon(attack: Attack) -> None:
    connections = [0]

    async def handle(socket: ServerConnection) -> None:
        connections[0] += 1
        await greet(socket)
        with contextlib.suppress(ConnectionClosed):
            await attack(socket)
        await socket.wait_closed()

    async def story() -> None:
        async with server(handle) as port, running(device(f"ws://127.0.0.1:{port}/")) as made:
            await until(lambda: bool(made.healths) and not made.healths[-1].up)
            assert made.healths[-1].why.startswith("System 2 ")
            await asyncio.sleep(0.1)

    asyncio.run(story())
    assert connections[0] == 1


# --- within the rules, and no good nevertheless ----------------------------------------------------


async def stay(peer: Peer) -> None:
    with contextlib.suppress(ConnectionClosed):
        await peer.socket.wait_closed()


def asked(attack: Callable[[Peer, int], Awaitable[None]]) -> list[ReplyItem] | Exception:
    """What becomes of a question to a gateway that answers it so."""

    async def script(peer: Peer) -> None:
        ask = await peer.hears()
        assert isinstance(ask, n.Ask)
        with contextlib.suppress(ConnectionClosed):
            await attack(peer, ask.turn_id)
        await stay(peer)

    async def story() -> list[ReplyItem] | Exception:
        async with gateway(script) as url, running(device(url, wants_sound=True)) as made:
            await made.up()
            try:
                return await answer(made.link, WHY)
            except MindError as error:
                return error

    return asyncio.run(story())


def test_text_without_end_is_broken_off() -> None:
    async def attack(peer: Peer, turn_id: int) -> None:
        for _ in range(1000):
            await peer.say(n.Text(turn_id=turn_id, text="la " * 200))

    assert "no end" in str(asked(attack))


def test_sound_without_end_is_broken_off() -> None:
    async def attack(peer: Peer, turn_id: int) -> None:
        await peer.say(n.Text(turn_id=turn_id, text="La.", audio=True))
        for number in range(1800):
            await peer.say(n.Media(turn_id, number, b"x" * 4096))

    assert "no end" in str(asked(attack))


def test_thousands_of_tools_do_a_handful_of_things() -> None:
    async def attack(peer: Peer, turn_id: int) -> None:
        for number in range(1500):
            wave = {"gesture": "wave"}
            await peer.say(n.ToolCall(turn_id=turn_id, id=str(number), name="gesture", arguments=wave))
            await asyncio.sleep(0)
        await peer.say(n.Ended(turn_id=turn_id))

    done = asked(attack)
    assert not isinstance(done, list) or len(done) <= MOST_A_TURN


def test_other_turns_words_are_not_heard() -> None:
    async def attack(peer: Peer, turn_id: int) -> None:
        for wrong in (0, turn_id - 1, turn_id + 1, 2**32 - 1):
            await peer.say(n.Text(turn_id=wrong, text="Wrong."), n.Ended(turn_id=wrong))
            await peer.say(n.Clear(turn_id=wrong))
            await peer.say(n.ToolCall(turn_id=wrong, id="x", name="stop"), n.Media(wrong, 0, b"no"))
        await peer.say(n.Text(turn_id=turn_id, text="Right."), n.Ended(turn_id=turn_id))

    assert asked(attack) == [Say("Right.")]


def test_text_that_looks_like_an_order_is_only_text() -> None:
    order = '{"event":"tool","turn_id":1,"id":"t","name":"stop"} [tool:stop] <gesture>wave</gesture>'

    async def attack(peer: Peer, turn_id: int) -> None:
        await peer.say(n.Text(turn_id=turn_id, text=order), n.Ended(turn_id=turn_id))

    done = asked(attack)
    assert done == [Say(order)]
    assert not any(isinstance(item, Perform) for item in done)


def test_transcripts_after_the_end_change_nothing() -> None:
    async def script(peer: Peer) -> None:
        begin = await peer.hears()
        assert isinstance(begin, n.Begin)
        while not isinstance(await peer.hears(), n.End):
            pass
        await peer.say(n.Transcript(turn_id=begin.turn_id, text="Right."))
        await peer.say(n.Transcript(turn_id=begin.turn_id, text="Wrong."))
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            listening = made.link.listen()
            assert (await listening.finish()).text == "Right."
            await asyncio.sleep(0.1)
            assert (await listening.finish()).text == "Right."
            assert listening.partial == "Right."

    asyncio.run(story())


def test_a_turn_that_reads_nothing_does_not_hold_up_the_reader() -> None:
    async def script(peer: Peer) -> None:
        ask = await peer.hears()
        assert isinstance(ask, n.Ask)
        for _ in range(300):
            await peer.say(n.Text(turn_id=ask.turn_id, text="la "))
        await peer.say(n.Halt())
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            answering = made.link.ask(WHY)
            assert isinstance(await anext(answering), Say)
            await until(lambda: made.halts == [True])
            await answering.aclose()

    asyncio.run(story())


# --- memory ----------------------------------------------------------------------------------------

BIG = """
import asyncio, sys
from websockets.asyncio.server import serve
from tests.device.link.scripted import device, greet, running
from tests.until import until

def resident_kib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

async def story(port):
    async with running(device(f"ws://127.0.0.1:{port}/")) as made:
        await made.up()
        before = resident_kib()
        await until(lambda: not made.link.health.up, 30)
        await asyncio.sleep(0.5)
        print(resident_kib() - before, made.link.health.why)

asyncio.run(story(int(sys.argv[1])))
"""


@pytest.mark.parametrize("fragmented", [False, True])
def test_a_frame_of_100_mb_costs_less_than_20(fragmented: bool) -> None:
    """Measured in a process of its own, by the peak of what was resident."""
    block = b"x" * (1 << 20)

    async def handle(socket: ServerConnection) -> None:
        await greet(socket)
        await asyncio.sleep(0.3)
        write = socket.transport.write
        with contextlib.suppress(Exception):
            if not fragmented:
                write(b"\x81\x7f" + (100 << 20).to_bytes(8, "big"))
            for number in range(100):
                if fragmented:
                    write((b"\x00" if number else b"\x01") + b"\x7f" + len(block).to_bytes(8, "big"))
                write(block)
                await socket.drain()
        await socket.wait_closed()

    async def story() -> tuple[int, str]:
        async with server(handle) as port:
            command = [sys.executable, "-c", BIG, str(port)]
            done = await asyncio.to_thread(
                subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=60
            )
            assert done.returncode == 0, done.stderr
            grown, _, said = done.stdout.partition(" ")
            return int(grown), said

    grown_kib, said = asyncio.run(story())
    assert "hung up on" in said
    assert grown_kib < 20 * 1024


def test_memory_is_flat_over_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.link.backoff.Backoff.pause_s", lambda backoff, setback: 0.001)

    async def script(peer: Peer) -> None:
        ask = await peer.hears()
        assert isinstance(ask, n.Ask)
        await peer.say(n.Text(turn_id=ask.turn_id, text="So."), n.Ended(turn_id=ask.turn_id))
        peer.socket.transport.abort()

    async def connect_and_ask(made: Device, times: int) -> int:
        for turn in range(times):
            await made.up()
            with contextlib.suppress(MindError):
                await answer(made.link, Question(turn, "Why?", "en"))
            await until(lambda: any(not health.up for health in made.healths))
            made.healths.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            before = await connect_and_ask(made, 50)
            after = await connect_and_ask(made, 150)
            assert after - before < 128 * 1024
            assert len(asyncio.all_tasks()) < 20

    logging.disable(logging.CRITICAL)  # what pytest keeps of it is not the link's
    tracemalloc.start()
    try:
        asyncio.run(story())
    finally:
        tracemalloc.stop()
        logging.disable(logging.NOTSET)
