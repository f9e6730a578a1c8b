"""Servers that do not want the device: retried for ever, never hot, and said in words that help."""

from __future__ import annotations

import asyncio
import contextlib
import http
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from device.contracts import LinkHealth, Question, Say
from device.errors import NoSystem2
from device.link import connection, dialling
from device.link import native as n
from device.link.dialect import Wire
from device.link.link import Calls, Link
from device.link.native_dialect import NativeDialect, Wish
from device.link.setback import Pace, Setback, of_close, of_status
from device.link.turns import Rules
from tests import virtual_time
from tests.device.link.scripted import (
    PLAIN,
    CountedWay,
    Signer,
    answer,
    device,
    greet,
    running,
    server,
)
from tests.until import until

HOUR_S = 3600.0
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


# --- real handshakes -------------------------------------------------------------------------------


async def why(url: str, **options: str) -> str:
    """What the link says after the first try."""
    made = device(url, **options)  # type: ignore[arg-type]
    async with running(made):
        await until(lambda: bool(made.healths), 15)
        with pytest.raises(NoSystem2):
            await answer(made.link, Question(1, "Why?", "en"))
        return made.link.health.why


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "key_file"),
        (403, "register it"),
        (404, "url right"),
        (429, "comes back later"),
        (503, "status 503"),
    ],
)
def test_a_refused_handshake_is_said_in_words(status: int, says: str) -> None:
    def refuse(socket: ServerConnection, request: Request) -> Response:
        return socket.respond(http.HTTPStatus(status), "no")

    async def story() -> None:
        async with server(greet_only, process_request=refuse) as port:
            assert says in await why(f"ws://127.0.0.1:{port}/")

    asyncio.run(story())


async def greet_only(socket: ServerConnection) -> None:
    await greet(socket)


def test_a_redirect_is_not_followed_elsewhere() -> None:
    def redirect(socket: ServerConnection, request: Request) -> Response:
        response = socket.respond(http.HTTPStatus.FOUND, "")
        response.headers["Location"] = "ws://192.0.2.1/elsewhere"
        return response

    async def story() -> None:
        async with server(greet_only, process_request=redirect) as port:
            assert "points elsewhere" in await why(f"ws://127.0.0.1:{port}/")

    asyncio.run(story())


def test_nobody_there_is_said_in_words() -> None:
    async def story() -> None:
        async with server(greet_only) as port:
            pass
        assert "Nobody takes connections" in await why(f"ws://127.0.0.1:{port}/")

    asyncio.run(story())


@contextlib.asynccontextmanager
async def raw(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await serve(reader, writer)
        writer.transport.abort()

    serving = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(serving.close)
        yield serving.sockets[0].getsockname()[1]


def test_a_server_that_never_accepts_the_handshake_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialling, "OPENING_S", 0.3)

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def story() -> None:
        async with raw(mute) as port:
            assert "cannot be reached" in await why(f"ws://127.0.0.1:{port}/")

    asyncio.run(story())


@pytest.mark.parametrize(
    "greeting", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"\x00" * 9000]
)
def test_what_is_no_system_2_is_said_to_be_none(greeting: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(greeting)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def story() -> None:
        async with raw(other) as port:
            said = await why(f"ws://127.0.0.1:{port}/")
            assert "is no System 2" in said or "broke off" in said

    asyncio.run(story())


def test_a_server_that_does_not_greet_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "GREETING_S", 0.3)

    async def mute(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async def story() -> None:
        async with server(mute) as port:
            assert "did not greet" in await why(f"ws://127.0.0.1:{port}/")

    asyncio.run(story())


def test_what_a_gateway_says_before_it_hangs_up_is_passed_on() -> None:
    async def refuse(socket: ServerConnection) -> None:
        await socket.send(n.encode(n.Refusal(code="revoked", message="This device was revoked.")))
        await socket.close(4403)

    async def story() -> None:
        async with server(refuse) as port:
            said = await why(f"ws://127.0.0.1:{port}/")
            assert "register it there" in said
            assert "“This device was revoked.”" in said

    asyncio.run(story())


def test_the_sentence_that_was_sent_is_quoted_and_not_the_word_of_the_close_beside_it() -> None:
    async def refuse(socket: ServerConnection) -> None:
        await socket.send(n.encode(n.Refusal(code="not_registered", message="Type: devices add KEY")))
        await socket.close(4403, "not_registered")

    async def story() -> None:
        async with server(refuse) as port:
            said = await why(f"ws://127.0.0.1:{port}/")
            assert said.endswith("It says: “Type: devices add KEY”")
            assert said.count("It says") == 1

    asyncio.run(story())


def test_a_gateway_that_says_when_to_come_back_is_not_called_before() -> None:
    def full() -> Scripted:
        socket = Scripted(of_close(4429, "too_many"), greets=False)
        refusal = n.Refusal(code="too_many", message="There are too many.", retry_after_s=1200.0)
        socket.say(n.Challenge(nonce="x"), refusal)
        return socket

    times, healths = over_hours(full, 3)
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 1200
    assert healths[-1].why.endswith("It says: “There are too many.”")


def test_a_server_that_accepts_and_closes_is_not_asked_without_end() -> None:
    connections = [0]

    async def accept(socket: ServerConnection) -> None:
        connections[0] += 1
        await greet(socket)
        await socket.close()

    async def story() -> None:
        async with server(accept) as port, running(device(f"ws://127.0.0.1:{port}/", chance=0.99)):
            await asyncio.sleep(2.5)

    asyncio.run(story())
    assert connections[0] == 2


# --- an hour of it, in virtual time ----------------------------------------------------------------


class Scripted:
    """A socket that greets or not, and ends when it is told to."""

    def __init__(self, end: Setback | None, lasts_s: float = 0.0, greets: bool = True) -> None:
        greeting: list[n.FromSystem2] = [n.Challenge(nonce="x"), n.Started(session_id="s")]
        self._frames = [n.encode(word) for word in greeting if greets]
        self._end = end
        self._lasts_s = lasts_s
        self._sent: asyncio.Queue[Wire] = asyncio.Queue()

    def say(self, *words: n.FromSystem2) -> None:
        self._frames += [n.encode(word) for word in words]

    async def send(self, frame: Wire) -> None:
        self._sent.put_nowait(frame)

    async def receive(self) -> Wire:
        if self._frames:
            return self._frames.pop(0)
        if self._end is not None:
            await asyncio.sleep(self._lasts_s)
            raise self._end
        while not isinstance(word := n.from_device(await self._sent.get()), n.Ask):
            pass
        self._frames = [
            n.encode(n.Text(turn_id=word.turn_id, text="So.")),
            n.encode(n.Ended(turn_id=word.turn_id)),
        ]
        return n.encode(n.Taken(turn_id=word.turn_id))

    async def ping(self) -> float:
        return 0.01

    async def close(self) -> None:
        await asyncio.sleep(0)


def over_hours(tries: Callable[[], Scripted], hours: float = 1.0) -> tuple[list[float], list[LinkHealth]]:
    """When it tried in so many hours, in seconds from the first; and what it said."""
    times: list[float] = []
    healths: list[LinkHealth] = []

    async def story() -> None:
        loop = asyncio.get_running_loop()

        async def dial(subprotocol: str | None, longest_frame_bytes: int) -> Scripted:
            times.append(loop.time())
            return tries()

        async with asyncio.TaskGroup() as group:
            run = group.create_task(linked(dial, healths).run())
            await asyncio.sleep(hours * HOUR_S)
            run.cancel()

    virtual_time.run(story())
    return [when - times[0] for when in times], healths


def linked(dial: Callable[[str | None, int], Awaitable[Scripted]], healths: list[LinkHealth]) -> Link:
    return Link(
        dial,
        lambda session: NativeDialect(Wish(), Signer(), "gateway.example", session),
        PLAIN,
        Rules(),
        Calls(lambda: None, healths.append),
        CountedWay(),
        chance=random.Random(5).random,
        clock=lambda: asyncio.get_running_loop().time(),
    )


def raising(setback: Setback) -> Callable[[], Scripted]:
    def fail() -> Scripted:
        raise setback

    return fail


@pytest.mark.parametrize(
    ("tries", "at_least", "at_most"),
    [
        pytest.param(raising(of_status(401, "")), 12, 40, id="401"),
        pytest.param(raising(of_status(403, "")), 12, 40, id="403"),
        pytest.param(raising(of_status(429, "")), 12, 40, id="429"),
        pytest.param(raising(of_status(429, "600")), 4, 7, id="429 with Retry-After"),
        pytest.param(raising(of_status(503, "")), 60, 140, id="503"),
        pytest.param(raising(Setback("no trust", Pace.LATER)), 12, 40, id="TLS"),
        pytest.param(raising(Setback("nobody there")), 60, 140, id="nobody"),
        pytest.param(lambda: Scripted(of_close(1000, ""), greets=False), 60, 140, id="accepted, closed"),
        pytest.param(lambda: Scripted(of_close(1000, "")), 60, 140, id="greeted, closed"),
        pytest.param(lambda: Scripted(of_close(1012, "")), 60, 140, id="restarting"),
        pytest.param(lambda: Scripted(of_close(4401, ""), greets=False), 12, 40, id="4401"),
        pytest.param(lambda: Scripted(of_close(4403, ""), greets=False), 12, 40, id="4403"),
        pytest.param(lambda: Scripted(of_close(4409, "")), 12, 40, id="4409"),
        pytest.param(lambda: Scripted(of_close(4429, "")), 12, 40, id="4429"),
        pytest.param(lambda: Scripted(of_close(None, ""), lasts_s=5), 55, 130, id="dies after 5 s"),
    ],
)
def test_an_hour_of_refusals_is_no_hot_loop_and_no_giving_up(
    tries: Callable[[], Scripted], at_least: int, at_most: int
) -> None:
    times, healths = over_hours(tries)
    assert at_least <= len(times) <= at_most
    assert all(later - earlier >= 0.5 for earlier, later in itertools.pairwise(times))
    assert not healths[-1].up
    assert healths[-1].why.endswith((".", "?")) or healths[-1].why in ("no trust", "nobody there")


def test_a_connection_that_lasts_makes_the_next_pause_short() -> None:
    times, _ = over_hours(lambda: Scripted(of_close(None, ""), lasts_s=60), 0.5)
    gaps = [later - earlier - 60 for earlier, later in itertools.pairwise(times)]
    assert len(gaps) > 20
    assert max(gaps) <= 1.0


def test_it_recovers_alone_after_hours_of_refusals() -> None:
    healths: list[LinkHealth] = []
    tried = [0]

    async def dial(subprotocol: str | None, longest_frame_bytes: int) -> Scripted:
        tried[0] += 1
        if asyncio.get_running_loop().time() < 1000 + 3 * HOUR_S:
            raise of_status(403, "")
        return Scripted(None)

    async def story() -> None:
        link = linked(dial, healths)
        async with asyncio.TaskGroup() as group:
            run = group.create_task(link.run())
            await asyncio.sleep(3 * HOUR_S + 301)
            assert link.health.up
            assert await answer(link, Question(1, "Why?", "en")) == [Say("So.")]
            run.cancel()

    virtual_time.run(story())
    assert [health.up for health in healths].count(True) >= 1


def test_an_hour_of_idling_keeps_one_connection_and_says_little() -> None:
    times, healths = over_hours(lambda: Scripted(None))
    assert len(times) == 1
    assert healths[-1].up
    assert len(healths) <= 3


class Dead(Scripted):
    """Greets, and then nothing comes through in either direction, and nobody says so."""

    def __init__(self, answers: int) -> None:
        super().__init__(Setback("never"), lasts_s=1e9)
        self._answers = answers

    async def ping(self) -> float:
        if self._answers == 0:
            await asyncio.Event().wait()
        self._answers -= 1
        return 0.01

    async def close(self) -> None:
        await asyncio.sleep(dialling.GOODBYE_S)


@pytest.mark.parametrize("answers", [0, 1, 5])
def test_a_dead_link_is_known_within_40_s_and_dialled_anew(answers: int) -> None:
    """With the times as they are; it dies in the moment after a ping came back, which is the worst."""
    healths: list[LinkHealth] = []
    dialled = [0]

    async def dial(subprotocol: str | None, longest_frame_bytes: int) -> Scripted:
        dialled[0] += 1
        return Dead(answers) if dialled[0] == 1 else Scripted(None)

    async def story() -> None:
        link = linked(dial, healths)
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            run = group.create_task(link.run())
            await until(lambda: link.health.up, 60)
            died_s = loop.time() + connection.PING_EVERY_S * max(0, answers - 1)
            await until(lambda: not link.health.up, 300)
            assert loop.time() - died_s <= 40
            assert "dead" in link.health.why
            await until(lambda: link.health.up, 60)
            assert dialled[0] == 2
            run.cancel()

    virtual_time.run(story())


# --- a System 2 that is connected and silent -------------------------------------------------------


class Silent(Scripted):
    """Greets, answers pings, and never takes a question."""

    def __init__(self) -> None:
        super().__init__(Setback("never"), lasts_s=1e9)


def test_a_silent_system_2_is_known_as_silent_within_half_a_second_and_tried_again() -> None:
    healths: list[LinkHealth] = []

    async def dial(subprotocol: str | None, longest_frame_bytes: int) -> Scripted:
        return Silent()

    async def story() -> None:
        link = linked(dial, healths)
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            run = group.create_task(link.run())
            await asyncio.sleep(1)
            asked_s = loop.time()
            asking = group.create_task(answer(link, Question(1, "Why?", "en")))
            await until(lambda: not link.health.up)
            assert loop.time() - asked_s <= 0.52
            assert "does not answer" in link.health.why
            await asyncio.sleep(1)
            asking.cancel()
            await asyncio.wait([asking])
            first_words_s = link.health.first_words_s
            assert first_words_s is not None
            assert first_words_s >= 2.9
            await until(lambda: link.health.up, 60)
            assert 15 <= loop.time() - asked_s <= 16
            run.cancel()

    virtual_time.run(story())
