"""The link ends when it is told to, at whatever moment; and it does not end by itself at any other."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from device.contracts import Question
from device.errors import MindError, NoSystem2
from device.link import dialling
from device.link import native as n
from device.link.connection import Socket
from device.link.dialect import Wire
from device.link.link import Calls, Link
from device.link.native_dialect import NativeDialect, Wish
from device.link.setback import Setback, of_close
from device.link.turns import Rules
from device.supervise import supervise
from tests import virtual_time
from tests.device.link.scripted import (
    LONG_S,
    PLAIN,
    CountedWay,
    Peer,
    Signer,
    answer,
    device,
    greet,
    server,
)
from tests.until import until

Dial = Callable[[str | None, int], Awaitable[Socket]]


class Lasting:
    """A socket that greets, stays until it is broken, and takes its time to close."""

    def __init__(self) -> None:
        greeting: list[n.FromSystem2] = [n.Challenge(nonce="x"), n.Started(session_id="s")]
        self._frames = [n.encode(word) for word in greeting]
        self.broken = asyncio.Event()

    async def send(self, frame: Wire) -> None: ...

    async def receive(self) -> Wire:
        if self._frames:
            return self._frames.pop(0)
        await self.broken.wait()
        raise of_close(None, "")

    async def ping(self) -> float:
        return 0.01

    async def close(self) -> None:
        await asyncio.sleep(0.01)


def link_by(dial: Dial) -> Link:
    return Link(
        dial,
        lambda session: NativeDialect(Wish(), Signer(), "gateway.example", session),
        PLAIN,
        Rules(),
        Calls(lambda: None, lambda health: None),
        CountedWay(),
    )


@pytest.mark.parametrize("steps", range(12))
def test_being_told_to_end_while_the_connection_is_lost_ends_it(steps: int) -> None:
    """So many steps of the event loop after the loss."""
    socket: list[Lasting] = []

    async def dial(subprotocol: str | None, longest_frame_bytes: int) -> Socket:
        socket.append(Lasting())
        return socket[-1]

    async def story() -> None:
        task = asyncio.create_task(supervise("the link", link_by(dial).run, lambda part, why: None))
        await asyncio.sleep(1)
        socket[0].broken.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=60)
        assert task.cancelled()
        assert len(socket) == 1

    virtual_time.run(story())


def test_a_loss_in_the_moment_of_being_told_to_end_changes_nothing() -> None:
    """The gateway goes down while the device does."""
    socket: list[Lasting] = []

    async def dial(subprotocol: str | None, longest_frame_bytes: int) -> Socket:
        socket.append(Lasting())
        return socket[-1]

    async def story() -> None:
        task = asyncio.create_task(link_by(dial).run())
        await asyncio.sleep(1)
        task.cancel()
        socket[0].broken.set()
        await asyncio.wait([task], timeout=60)
        assert task.cancelled()

    virtual_time.run(story())


def test_a_network_that_swallows_everything_after_a_loss_is_tried_again_until_it_comes_back() -> None:
    """Each try runs into its own time limit, as many as there are losses before."""
    tries = itertools.count()

    async def dial(subprotocol: str | None, longest_frame_bytes: int) -> Socket:
        if next(tries) in (0, 1, 6):
            return Lasting()
        try:
            async with asyncio.timeout(10):
                await asyncio.Event().wait()
        except TimeoutError as error:
            raise Setback("Nothing comes back.") from error
        raise AssertionError

    async def story() -> None:
        sockets: list[Lasting] = []

        async def keeping(subprotocol: str | None, longest_frame_bytes: int) -> Socket:
            socket = await dial(subprotocol, longest_frame_bytes)
            assert isinstance(socket, Lasting)
            sockets.append(socket)
            return socket

        link = link_by(keeping)
        task = asyncio.create_task(link.run())
        for known in (1, 2):
            await until(lambda known=known: len(sockets) == known and link.health.up, 60)  # type: ignore[misc]
            sockets[-1].broken.set()
            await asyncio.sleep(0.1)
        await until(lambda: link.health.up or task.done(), 600)
        assert link.health.up
        task.cancel()
        await asyncio.wait([task], timeout=60)
        assert task.cancelled()

    virtual_time.run(story())


@pytest.mark.parametrize("seed", range(4))
def test_at_any_moment_of_its_life_with_a_real_server_it_ends_when_it_is_told_to(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it dials, greets, is answered, is hung up on, waits to try again."""
    monkeypatch.setattr(dialling, "GOODBYE_S", 0.05)
    chance = random.Random(seed)

    async def serve(socket: ServerConnection) -> None:
        if chance.random() < 0.2:
            return
        peer: Peer = await greet(socket)
        if chance.random() < 0.2:
            await peer.say(n.Drain(retry_after_s=0.01))
        with contextlib.suppress(ConnectionClosed):
            while isinstance(word := await peer.hears(), n.FromDevice):
                if isinstance(word, n.Ask):
                    await peer.say(n.Text(turn_id=word.turn_id, text="So. "))
                    if chance.random() < 0.5:
                        return
                    await peer.say(n.Ended(turn_id=word.turn_id))

    async def ask(link: Link) -> None:
        for turn_id in itertools.count(1):
            with contextlib.suppress(MindError, NoSystem2):
                await answer(link, Question(turn_id, "Why?", "en"))
            await asyncio.sleep(0.001)

    async def story() -> None:
        async with server(serve) as port:
            for _ in range(50):
                link = device(f"ws://127.0.0.1:{port}/").link
                run = asyncio.create_task(supervise("the link", link.run, lambda part, why: None))
                asking = asyncio.create_task(ask(link))
                await asyncio.sleep(0.04 * chance.random())
                for task in (run, asking):
                    task.cancel()
                _, alive = await asyncio.wait([run, asking], timeout=LONG_S)
                assert not alive

    asyncio.run(story())


def test_a_server_that_stops_in_the_moment_of_being_told_to_end_holds_nothing_up() -> None:
    async def serve(socket: ServerConnection) -> None:
        await greet(socket)
        await socket.wait_closed()

    async def story() -> None:
        for _ in range(30):
            async with server(serve) as port:
                made = device(f"ws://127.0.0.1:{port}/")
                run = asyncio.create_task(made.link.run())
                await made.up()
            run.cancel()
            _, alive = await asyncio.wait([run], timeout=LONG_S)
            assert not alive

    asyncio.run(story())
