"""The device channel the other way: what System 2 reports is taken, and acknowledged each time."""

from __future__ import annotations

import asyncio

from device.contracts import Question
from device.link import native as n
from device.link.channel import AGAIN_S, MOST_TO_TAKE, Taken
from device.link.turns import Rules
from tests.device.link.scripted import Peer, answer, device, gateway, running
from tests.until import until


class Peers:
    """A script that says its words once, and keeps the acknowledgements."""

    def __init__(self, *words: n.FromSystem2) -> None:
        self._words = words
        self.acks: list[n.Ack] = []

    async def __call__(self, peer: Peer) -> None:
        await peer.say(*self._words)
        while True:
            word = await peer.hears()
            if isinstance(word, n.Ack):
                self.acks.append(word)


def test_what_becomes_of_a_report_is_for_the_taker_to_say() -> None:
    taken: list[n.Report] = []

    async def takes(report: n.Report) -> Taken:
        known = report.id in [other.id for other in taken]
        taken.append(report)
        return "dup" if known else "ok"

    report = n.Report(op="answer", id="r1", body={"question_id": "q1", "text": "It is."})
    script = Peers(report, report)

    async def story() -> None:
        async with gateway(script) as url, running(device(url, takes=takes)):
            await until(lambda: len(script.acks) == 2)

    asyncio.run(story())
    assert taken == [report, report]
    assert [(ack.id, ack.status) for ack in script.acks] == [("r1", "ok"), ("r1", "dup")]


def test_more_reports_than_can_be_taken_are_to_come_again() -> None:
    goes_on = asyncio.Event()

    async def takes(report: n.Report) -> Taken:
        await goes_on.wait()
        return "ok"

    script = Peers(*(n.Report(op="answer", id=f"r{number}") for number in range(MOST_TO_TAKE + 5)))

    async def story() -> None:
        async with gateway(script) as url, running(device(url, takes=takes)):
            await until(lambda: len(script.acks) >= 4)
            assert {(ack.status, ack.retry_after_s) for ack in script.acks} == {("retry", AGAIN_S)}
            goes_on.set()
            await until(lambda: len(script.acks) == MOST_TO_TAKE + 5)

    asyncio.run(story())
    assert [ack.status for ack in script.acks].count("ok") in (MOST_TO_TAKE, MOST_TO_TAKE + 1)


async def answers(peer: Peer) -> None:
    """Anything that it is asked."""
    while True:
        word = await peer.hears()
        if isinstance(word, n.Ask):
            await peer.say(n.Text(turn_id=word.turn_id, text="Yes."), n.Ended(turn_id=word.turn_id))


def test_every_question_that_leaves_is_told_as_system_2_knows_it() -> None:
    async def story() -> None:
        async with gateway(answers) as url, running(device(url)) as made:
            await made.up()
            assert not made.asked
            await answer(made.link, Question(7, "Is it?", "en"))
            await answer(made.link, Question(8, "And this?", "en"))
            assert len({ref.split()[0] for ref in made.asked}) == 1
            assert [ref.split()[1] for ref in made.asked] == ["1", "2"]

    asyncio.run(story())


def test_sound_that_leaves_is_told_once_also_when_it_is_asked_about() -> None:
    async def story() -> None:
        async with gateway(answers) as url, running(device(url, rules=Rules(hears=True))) as made:
            await made.up()
            hearing = made.link.listen()
            assert [ref.split()[1] for ref in made.asked] == ["1"]
            await hearing.abandon()
            assert len(made.asked) == 1

    asyncio.run(story())


def test_a_link_says_whether_it_takes_reports() -> None:
    async def story() -> None:
        async with gateway(answers) as url, running(device(url)) as made:
            assert not made.link.takes_reports
            await made.up()
            assert made.link.takes_reports

    asyncio.run(story())
