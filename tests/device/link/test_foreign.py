"""Servers of another dialect: sound without words, no end of an answer, a hook beside the socket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection

from device.contracts import FRAME_BYTES, Audio, Frame, Question, Transcript, Unworded
from device.errors import MindError, NoSystem2
from device.link import native as n
from device.link.address import hook_address
from device.link.dialect import Capabilities, Codec, Step, ToSystem2, Wire
from device.link.fastrtc import FastRtc
from device.link.hook import Hook
from device.link.link import Calls, Link
from device.link.setback import Setback
from device.link.turns import Rules
from tests import virtual_time
from tests.device.link.scripted import PLAIN, CountedWay, answer, device, running, server
from tests.device.link.test_refusals import Scripted
from tests.until import until

ADULTS = Rules(hears=True, guardian=False)
WHY = Question(7, "Why?", "en")
QUIET_S = 0.2


class Wordless:
    """Started as soon as it is open; everything that comes is sound of the turn under way."""

    subprotocol: str | None = None
    quiet_s: float | None = QUIET_S
    longest_frame_bytes = 1 << 16

    def __init__(self, *, hook: bool = False) -> None:
        self._hook = hook
        self._turn_id: int | None = None
        self._number = 0

    @property
    def capabilities(self) -> Capabilities:
        codec = Codec("mulaw", 8000, 60)
        return Capabilities(True, True, False, True, False, False, False, False, codec, codec)

    def opened(self) -> Step:
        return Step(words=(n.Started(session_id="s"),))

    def received(self, frame: Wire) -> Step:
        assert isinstance(frame, bytes)
        if self._turn_id is None:
            return Step()
        self._number += 1
        return Step(words=(n.Media(self._turn_id, self._number - 1, frame),))

    def send(self, message: ToSystem2) -> Step:
        if isinstance(message, n.Ask):
            self._turn_id, self._number = message.turn_id, 0
            posts = ({"text": message.text},) if self._hook else ()
            return Step(frames=(message.text,), posts=posts)
        if isinstance(message, n.Clear):
            self._turn_id = None
        return Step()

    def quiet(self) -> Step:
        if self._turn_id is None or not self._number:
            return Step()
        return Step(words=(n.Ended(turn_id=self._turn_id),))


async def echo(socket: ServerConnection) -> None:
    async for _ in socket:
        await socket.send(b"ab")
        await socket.send(b"cd")


def test_sound_without_words_is_heard_where_that_is_allowed_until_it_falls_quiet() -> None:
    async def story() -> None:
        async with server(echo) as port:
            made = device(f"ws://127.0.0.1:{port}/", rules=ADULTS, dialect=lambda session: Wordless())
            async with running(made):
                await made.up()
                sound = [Unworded(Audio(b"abcd", 8000))]
                for _ in range(2):
                    began_s = asyncio.get_running_loop().time()
                    assert await answer(made.link, WHY) == sound
                    assert asyncio.get_running_loop().time() - began_s >= QUIET_S

    asyncio.run(story())


def test_guardian_mode_does_not_even_call_a_system_2_without_words() -> None:
    connections = [0]

    async def count(socket: ServerConnection) -> None:
        connections[0] += 1

    async def story() -> None:
        async with server(count) as port:
            made = device(
                f"ws://127.0.0.1:{port}/", rules=Rules(hears=True), dialect=lambda session: Wordless()
            )
            async with running(made):
                await until(lambda: bool(made.healths))
                assert "does not play it" in made.link.health.why
                with pytest.raises(NoSystem2, match="does not play it"):
                    await answer(made.link, WHY)

    asyncio.run(story())
    assert connections == [0]


def test_a_slow_server_that_acknowledges_nothing_is_not_taken_for_silent() -> None:
    async def late(socket: ServerConnection) -> None:
        async for _ in socket:
            await asyncio.sleep(0.8)
            await socket.send(b"ab")

    async def story() -> None:
        async with server(late) as port:
            made = device(f"ws://127.0.0.1:{port}/", rules=ADULTS, dialect=lambda session: Wordless())
            async with running(made):
                await made.up()
                assert await answer(made.link, WHY) == [Unworded(Audio(b"ab", 8000))]
                assert all(health.up for health in made.healths)

    asyncio.run(story())


def test_a_server_that_takes_no_questions_any_more_is_called_anew() -> None:
    """As one whose handler has died, while its socket lives on."""
    calls = [0]

    async def dial(subprotocol: str | None, longest_frame_bytes: int) -> Scripted:
        calls[0] += 1
        return Scripted(Setback("never"), lasts_s=1e9, greets=False)

    async def story() -> None:
        link = Link(
            dial,
            lambda session: Wordless(),
            PLAIN,
            ADULTS,
            Calls(lambda: None, lambda health: None),
            CountedWay(),
            clock=lambda: asyncio.get_running_loop().time(),
        )
        async with asyncio.TaskGroup() as group:
            run = group.create_task(link.run())
            await asyncio.sleep(1)
            for turn in range(2):
                assert calls == [1]
                asking = group.create_task(answer(link, Question(turn, "Why?", "en")))
                await asyncio.sleep(1.5)
                asking.cancel()
                await asyncio.wait([asking])
            await asyncio.sleep(2)
            assert calls == [2]
            assert link.health.up
            run.cancel()

    virtual_time.run(story())


# --- sound that nobody asked for ---------------------------------------------------------------------


async def fastrtc(socket: ServerConnection) -> None:
    """Answers every utterance by itself, whether anybody wants it or not: each in bytes of its number."""
    utterances: asyncio.Queue[int] = asyncio.Queue()

    async def answers() -> None:
        while True:
            number = await utterances.get()
            await socket.send('{"type":"log","data":"response_starting"}')
            for _ in range(30):
                payload = base64.b64encode(bytes([number, 0])).decode()
                await socket.send(json.dumps({"event": "media", "media": {"payload": payload}}))
                await asyncio.sleep(0.005)

    speaking, heard, spoke = asyncio.ensure_future(answers()), 0, False
    async for frame in socket:
        message = json.loads(frame)
        if message["event"] == "ping":
            await socket.send('{"event":"pong"}')
        elif message["event"] == "media":
            silent = set(base64.b64decode(message["media"]["payload"])) == {0xFF}
            if silent and spoke:
                heard += 1
                utterances.put_nowait(heard)
            spoke = not silent
    speaking.cancel()


async def spoken(link: Link) -> Transcript:
    listening = link.listen()
    for number in range(10):
        listening.feed(Frame(b"\1\0" * (FRAME_BYTES // 2), 0.02 * number))
    return await listening.finish()


def test_an_answer_that_nobody_asked_for_is_never_heard() -> None:
    async def story() -> None:
        async with server(fastrtc) as port:
            made = device(f"ws://127.0.0.1:{port}/", rules=ADULTS, dialect=lambda session: FastRtc("ws-1"))
            async with running(made):
                await made.up()
                first = await spoken(made.link)
                assert (first.text, first.heard_as) == ("", 1)
                await asyncio.sleep(0.05)
                made.link.spoken(7, "It is noon.", cut_off=True)
                with pytest.raises(NoSystem2):
                    await answer(made.link, Question(7, "", "en", heard_as=1))
                second = await spoken(made.link)
                items = await answer(made.link, Question(8, "", "en", heard_as=second.heard_as))
                sound = b"".join(item.audio.pcm for item in items if isinstance(item, Unworded))
                assert sound == 30 * b"\2\0"

    asyncio.run(story())


# --- the hook --------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def http(status: bytes, bodies: list[dict[str, str]]) -> AsyncIterator[int]:
    """Answers every POST with a status; its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        bodies.append(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    serving = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield serving.sockets[0].getsockname()[1]
    finally:
        serving.close()


def hooked(port: int, hook_port: int) -> tuple[Link, CountedWay]:
    way = CountedWay()
    made = device(f"ws://127.0.0.1:{port}/", rules=ADULTS, dialect=lambda session: Wordless(hook=True))
    made.link._hook = Hook(hook_address(f"http://127.0.0.1:{hook_port}/input_hook"), way)
    return made.link, way


@contextlib.asynccontextmanager
async def kept(link: Link) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        run = group.create_task(link.run())
        try:
            yield
        finally:
            run.cancel()


def test_what_its_program_waits_for_is_posted_permitted_and_counted_as_words() -> None:
    bodies: list[dict[str, str]] = []

    async def story() -> None:
        async with server(echo) as port, http(b"200 OK", bodies) as hook_port:
            link, way = hooked(port, hook_port)
            async with kept(link):
                await until(lambda: link.health.up)
                assert await answer(link, WHY) == [Unworded(Audio(b"abcd", 8000))]
                await until(lambda: bodies == [{"text": "Why?"}])
                assert way.opened == 1
                assert way.sent_bytes == {"text": len('{"text":"Why?"}')}

    asyncio.run(story())


@pytest.mark.parametrize(("status", "says"), [(b"500 No", "status 500"), (b"302 Elsewhere", "status 302")])
def test_a_hook_that_does_not_take_what_it_is_sent_is_said(status: bytes, says: str) -> None:
    async def story() -> None:
        async with server(echo) as port, http(status, []) as hook_port:
            link, _ = hooked(port, hook_port)
            async with kept(link):
                await until(lambda: link.health.up)
                with contextlib.suppress(MindError, NoSystem2):
                    await answer(link, WHY)
                await until(lambda: says in link.health.why)

    asyncio.run(story())


def test_a_hook_that_is_not_there_is_said() -> None:
    async def story() -> None:
        async with server(echo) as port:
            async with http(b"200 OK", []) as hook_port:
                pass
            link, _ = hooked(port, hook_port)
            async with kept(link):
                await until(lambda: link.health.up)
                with contextlib.suppress(MindError, NoSystem2):
                    await answer(link, WHY)
                await until(lambda: "cannot be reached" in link.health.why)

    asyncio.run(story())


def test_a_dialect_that_needs_a_hook_says_so_where_there_is_none() -> None:
    async def story() -> None:
        async with server(echo) as port:
            made = device(
                f"ws://127.0.0.1:{port}/", rules=ADULTS, dialect=lambda session: Wordless(hook=True)
            )
            async with running(made):
                await made.up()
                with contextlib.suppress(MindError, NoSystem2):
                    await answer(made.link, WHY)
                await until(lambda: "hook_url" in made.link.health.why)

    asyncio.run(story())
