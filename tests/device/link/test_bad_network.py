"""The link through a network that delays, drops, half-closes, resets and slices."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from device.contracts import FRAME_BYTES, Frame, Question, Say, Spoken
from device.errors import MindError
from device.link import connection, dialling
from device.link import native as n
from tests.device.link.bad_network import Trouble, network
from tests.device.link.scripted import Device, Peer, answer, device, greet, running, server
from tests.until import until

WHY = Question(7, "Why?", "en")


async def answering(peer: Peer) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            word = await peer.hears()
            if isinstance(word, n.Ask):
                await peer.say(n.Taken(turn_id=word.turn_id), n.Text(turn_id=word.turn_id, text="So."))
                await peer.say(n.Ended(turn_id=word.turn_id))


@contextlib.asynccontextmanager
async def over(trouble: Trouble) -> AsyncIterator[Device]:
    """A device whose System 2 answers everything, beyond the bad network."""
    async with server(lambda socket: _served(socket)) as port, network(port, trouble) as way:  # noqa: SIM117
        async with running(device(f"ws://127.0.0.1:{way}/")) as made:
            yield made


async def _served(socket: object) -> None:
    await answering(await greet(socket))  # type: ignore[arg-type]


def test_messages_in_pieces_of_one_byte_are_understood() -> None:
    async def story() -> None:
        async with over(Trouble(slices=1)) as made:
            await made.up()
            assert await answer(made.link, WHY) == [Say("So.")]

    asyncio.run(story())


async def sound_as_it_sounds(peer: Peer, trouble: Trouble) -> None:
    """Answers with a clause whose packets come one every 60 ms, the ninth half a second late."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            word = await peer.hears()
            if not isinstance(word, n.Ask):
                continue
            await peer.say(n.Text(turn_id=word.turn_id, text="So it is.", audio=True))
            for number in range(20):
                trouble.late_s = lambda late=number == 8: 0.5 if late else 0.0  # type: ignore[misc]
                await peer.say(n.Media(word.turn_id, number, bytes(2880)))
                await asyncio.sleep(0.06)
            await peer.say(n.Ended(turn_id=word.turn_id))


async def heard(made: Device, turn_id: int) -> tuple[float, float]:
    """A whole answer: how long nothing sounded in its middle, and how much of it there was."""
    ends_s, silent_s, sound_s = 0.0, 0.0, 0.0
    async for item in made.link.ask(Question(turn_id, "Why?", "en")):
        assert isinstance(item, Spoken)
        now_s = asyncio.get_running_loop().time()
        silent_s += max(0.0, now_s - ends_s) if ends_s else 0.0
        ends_s = max(now_s, ends_s) + item.audio.duration_s
        sound_s += item.audio.duration_s
    return silent_s, sound_s


def test_what_a_network_delays_is_heard_with_a_gap_once_and_then_without() -> None:
    async def story() -> None:
        trouble = Trouble()

        async def served(socket: ServerConnection) -> None:
            await sound_as_it_sounds(await greet(socket), trouble)

        async with server(served) as port, network(port, trouble) as way:  # noqa: SIM117
            async with running(device(f"ws://127.0.0.1:{way}/", wants_sound=True)) as made:
                await made.up()
                first_gap_s, first_s = await heard(made, 1)
                second_gap_s, second_s = await heard(made, 2)
                assert [first_s, second_s] == pytest.approx([1.2, 1.2])
                assert first_gap_s > 0.25
                assert second_gap_s < 0.1

    asyncio.run(story())


def test_a_distant_system_2_is_measured_as_distant() -> None:
    async def story() -> None:
        async with over(Trouble(delay_s=0.1)) as made:
            await made.up()
            assert await answer(made.link, WHY) == [Say("So.")]
            health = made.link.health
            assert health.up
            assert health.round_trip_s is not None
            assert health.first_words_s is not None
            assert 0.2 <= health.round_trip_s < 1
            assert 0.2 <= health.first_words_s < 1

    asyncio.run(story())


@pytest.mark.parametrize("how", ["reset", "half_close"])
def test_a_connection_that_is_cut_is_seen_at_once_and_made_anew(how: str) -> None:
    async def story() -> None:
        trouble = Trouble()
        async with over(trouble) as made:
            await made.up()
            getattr(trouble, how)()
            await until(lambda: not made.link.health.up, 3)
            await made.up()
            assert await answer(made.link, WHY) == [Say("So.")]

    asyncio.run(story())


def test_a_dead_link_is_seen_within_40_s() -> None:
    """By the constants, and by the same code with shorter ones below."""
    assert connection.PING_EVERY_S + connection.PING_S + dialling.GOODBYE_S <= 40
    assert dialling.UNACKNOWLEDGED_S <= 40


def test_a_link_that_swallows_everything_is_found_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PING_EVERY_S", 0.2)
    monkeypatch.setattr(connection, "PING_S", 0.3)

    async def story() -> None:
        trouble = Trouble()
        async with over(trouble) as made:
            await made.up()
            trouble.swallows = True
            asking = asyncio.ensure_future(answer(made.link, WHY))
            await until(lambda: "is dead" in made.link.health.why, 4)
            with pytest.raises(MindError, match="lost in the middle"):
                await asking
            trouble.swallows = False
            await made.up()

    asyncio.run(story())


def test_sound_that_does_not_get_through_is_dropped_and_the_link_found_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full buffer must not keep the pings from finding out."""
    monkeypatch.setattr(connection, "PING_EVERY_S", 0.3)
    monkeypatch.setattr(connection, "PING_S", 0.5)

    async def story() -> None:
        trouble = Trouble()
        async with over(trouble) as made:
            await made.up()
            listening = made.link.listen()
            trouble.stalls = True
            running_now = made.link._running
            assert running_now is not None
            for number in range(60_000):
                listening.feed(Frame(b"x" * FRAME_BYTES, 0.02 * number))
                if number % 500 == 0:
                    await asyncio.sleep(0)
            assert running_now.dropped > 10_000
            await until(lambda: "is dead" in made.link.health.why, 6)

    asyncio.run(story())
