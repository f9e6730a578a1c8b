"""One stop, in real time and from real threads, with everything else hung in turn."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable

import pytest

from bench.rig import Rig, rig
from device.contracts import Gesture, LinkHealth, Perform, ReplyItem, Say, StopEverything
from device.link import native
from device.link.address import socket_address
from device.link.dialling import Dialler
from device.link.link import Calls, Link
from device.link.native_dialect import NativeDialect, Wish
from device.link.turns import Rules
from device.session import Session
from device.stop import LONGEST_SILENCE_S, Deadman, StopLatch
from tests.device.link.scripted import PLAIN, CountedWay, Peer, Signer, gateway
from tests.fakes import FakeBrain, FakeStt, FakeVoice

BY_S = 0.1
LONG_REPLY: list[ReplyItem | Exception] = [
    Perform(Gesture.DANCE),
    *[Say("One two three four five six seven eight. ")] * 20,
]


class Halted:
    """Whatever can be halted: when it was, and in which thread."""

    def __init__(self) -> None:
        self.at_s: list[float] = []
        self.threads: list[str] = []

    def __call__(self) -> None:
        self.at_s.append(time.monotonic())
        self.threads.append(threading.current_thread().name)


def test_the_latch_reaches_everything_though_one_part_fails() -> None:
    latch, first, last = StopLatch(), Halted(), Halted()

    def broken() -> None:
        raise OSError("no such device")

    for part in (first, broken, last):
        latch.reaches(part)
    latch.pull()
    latch.pull()
    assert len(first.at_s) == len(last.at_s) == 2
    assert latch.pulled
    latch.release()
    assert not latch.pulled


# --- with the loop alive ---

HUNG = {
    "nothing": lambda: (FakeStt(), FakeBrain(LONG_REPLY), FakeVoice()),
    "the recogniser": lambda: (FakeStt(hangs=True), FakeBrain(LONG_REPLY), FakeVoice()),
    "the mind": lambda: (FakeStt(), FakeBrain(LONG_REPLY, hangs_after=3), FakeVoice()),
    "the voice": lambda: (FakeStt(), FakeBrain(LONG_REPLY), FakeVoice(hangs_after_words=5)),
    "all of them": lambda: (FakeStt(hangs=True), FakeBrain(hangs_after=0), FakeVoice(hangs=True)),
}


def from_a_thread(act: Callable[[], None]) -> None:
    """As a pin's edge comes: from a thread that is not the loop's."""
    threading.Thread(target=act, daemon=True).start()


SOURCES: dict[str, Callable[[Rig, asyncio.AbstractEventLoop], None]] = {
    "button": lambda device, loop: from_a_thread(device.session.latch.pull),
    "page or command": lambda device, loop: device.session.stop(),
    "press": lambda device, loop: device.session.press(),
    "voice": lambda device, loop: device.session._act(StopEverything()),
}


@pytest.mark.parametrize("hung", HUNG)
@pytest.mark.parametrize("source", SOURCES)
def test_every_source_stops_everything_whatever_hangs(hung: str, source: str) -> None:
    async def story() -> float:
        halted = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with rig(*HUNG[hung]()) as device:
            device.session.press()
            await asyncio.sleep(0.05)
            device.session.release()
            await asyncio.sleep(0.6)

            def told() -> None:
                loop.call_soon_threadsafe(halted.set)

            device.session.latch.reaches(told)
            began_s = time.monotonic()
            SOURCES[source](device, loop)
            await asyncio.wait_for(halted.wait(), 5)
            took_s = time.monotonic() - began_s
            if source != "button":  # by its thread it silences a sound card, which is not here
                sounded_s = device.speaker.sound().duration_s
                await asyncio.sleep(0.2)
                assert device.speaker.sound().duration_s == sounded_s
            device.session.stop()
            return took_s

    assert asyncio.run(story()) < BY_S


@pytest.mark.parametrize("hung", HUNG)
def test_system_2_stops_everything_from_afar_whatever_hangs(hung: str) -> None:
    async def story() -> float:
        halted, called = asyncio.Event(), asyncio.Event()

        async def script(peer: Peer) -> None:
            await called.wait()
            await peer.say(native.Halt())
            await peer.socket.wait_closed()

        async with gateway(script) as url, rig(*HUNG[hung]()) as device, linked(url, device.session):
            device.session.press()
            await asyncio.sleep(0.05)
            device.session.release()
            await asyncio.sleep(0.6)
            device.session.latch.reaches(halted.set)
            began_s = time.monotonic()
            called.set()
            await asyncio.wait_for(halted.wait(), 5)
            took_s = time.monotonic() - began_s
            sounded_s = device.speaker.sound().duration_s
            await asyncio.sleep(0.2)
            assert device.speaker.sound().duration_s == sounded_s
            return took_s

    assert asyncio.run(story()) < BY_S


@contextlib.asynccontextmanager
async def linked(url: str, session: Session) -> AsyncIterator[None]:
    """A device's own link, joined to its session, and up."""
    up, address, way = asyncio.Event(), socket_address(url), CountedWay()

    def changed(health: LinkHealth) -> None:
        session.linked(health)
        if health.up:
            up.set()

    def dialect(resume: str) -> NativeDialect:
        return NativeDialect(Wish(), Signer(), address.host_header, resume)

    calls = Calls(session.stop, changed)
    link = Link(Dialler(address, way), dialect, PLAIN, Rules(), calls, way)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(link.run())
        await asyncio.wait_for(up.wait(), 5)
        yield
        running.cancel()


# --- with the loop stuck ---


def test_with_the_loop_stuck_the_button_stops_by_its_own_thread() -> None:
    latch, halted = StopLatch(), Halted()
    latch.reaches(halted)
    pressed_s: list[float] = []

    def button() -> None:
        time.sleep(0.2)
        pressed_s.append(time.monotonic())
        latch.pull()

    async def stuck() -> None:
        threading.Thread(target=button, name="button").start()
        time.sleep(0.8)  # noqa: ASYNC251 - the loop stands still, that is the point

    ended_s = time.monotonic()
    asyncio.run(stuck())
    assert halted.threads == ["button"]
    assert halted.at_s[0] - pressed_s[0] < BY_S
    assert halted.at_s[0] - ended_s < 0.6, "while the loop was still stuck"


def test_the_deadman_halts_when_the_loop_stands_still_and_not_before() -> None:
    async def story() -> tuple[int, float, int]:
        halted = Halted()
        deadman = Deadman(halted)
        deadman.start()
        for _ in range(10):
            await asyncio.sleep(0.05)
            deadman.beat()
        alive = len(halted.at_s)
        stuck_s = time.monotonic()
        time.sleep(0.7)  # noqa: ASYNC251
        deadman.beat()
        await asyncio.sleep(0.2)
        deadman.beat()
        deadman.end()
        assert halted.threads == ["deadman"]
        return alive, halted.at_s[0] - stuck_s, deadman.halts

    alive, after_s, halts = asyncio.run(story())
    assert (alive, halts) == (0, 1)
    assert after_s == pytest.approx(LONGEST_SILENCE_S, abs=0.2)


def test_the_deadman_tries_again_when_the_robot_cannot_be_halted() -> None:
    tries: list[float] = []
    halted = threading.Event()

    def halt() -> None:
        tries.append(time.monotonic())
        if len(tries) < 3:
            raise OSError("no route to the robot")
        halted.set()

    deadman = Deadman(halt)
    deadman.start()
    assert halted.wait(5), "no heartbeat, and nothing halted"
    deadman.end()
    assert (len(tries), deadman.halts) == (3, 1)


def test_the_deadman_leaves_no_thread_behind() -> None:
    deadman = Deadman(Halted())
    deadman.start()
    deadman.end()
    assert "deadman" not in {thread.name for thread in threading.enumerate()}
