"""Forgetting by word of mouth: told once it is done, as far as it is; everything is asked for twice."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from device.brain.minds import Minds
from device.brain.onboard import OnboardBrain
from device.brain.recogniser import Recogniser
from device.contracts import Erased, ErasureReport, Request, Say, Sent

DONE = ErasureReport((Erased("conversation", 2),))
FAILED = ErasureReport((Erased("conversation", 0, "the disk is full"),))
SENT = (Sent("turn", "s 1", "wss://gateway.example", "2026-03-03T15:05:00+00:00"),)


class Forgetful:
    """Notes what it was asked, and says what it is told to."""

    def __init__(self, report: ErasureReport = DONE) -> None:
        self.report = report
        self.asked: list[str | float] = []

    async def forget_last_exchange(self) -> ErasureReport:
        self.asked.append("that")
        return self.report

    async def forget_last(self, seconds: float) -> ErasureReport:
        self.asked.append(seconds)
        return self.report

    async def forget_everything(self) -> ErasureReport:
        self.asked.append("everything")
        return self.report

    def wish(self, last_s: float | None) -> None:
        raise AssertionError("a person who asks aloud waits for what comes of it")


class Talk:
    def __init__(self, recogniser: Recogniser, forgetting: Forgetful | None) -> None:
        self.brain = OnboardBrain(
            recogniser=recogniser,
            language="en",
            now=lambda: datetime(2026, 3, 3, 15, 5, tzinfo=ZoneInfo("Europe/Paris")),
            monotonic=lambda: 0.0,
            rng=random.Random(1),
            gestures=[],
            volume=lambda: 50,
            name="Pip",
            minds=Minds(),
            forgetting=forgetting,
        )

    def ask(self, text: str, *, certain: bool = True) -> str:
        async def whole() -> str:
            request = Request(1, text, "en", certain)
            items = self.brain.reply(request, self.brain.route(request)).items
            return "".join([item.text async for item in items if isinstance(item, Say)])

        return asyncio.run(whole())


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Forget that.", "that"),
        ("Forget what I just said.", "that"),
        ("Forget the last five minutes.", 300.0),
        ("Delete everything from the last 2 hours.", 7200.0),
        ("Forget the last half hour.", 1800.0),
    ],
)
def test_what_is_meant_is_forgotten_and_then_told(
    recogniser: Recogniser, text: str, asked: str | float
) -> None:
    forgetful = Forgetful()
    assert "forgotten" in Talk(recogniser, forgetful).ask(text)
    assert forgetful.asked == [asked]


def test_everything_is_forgotten_only_after_a_yes(recogniser: Recogniser) -> None:
    forgetful = Forgetful()
    talk = Talk(recogniser, forgetful)
    assert talk.ask("Delete everything you know about me.").startswith("Shall I forget everything")
    talk.ask("no")
    talk.ask("Forget everything.")
    talk.ask("what time is it")
    assert talk.ask("yes").startswith(("All right", "Good", "Okay"))
    assert forgetful.asked == []
    talk.ask("Forget everything.")
    assert "no alarm" in talk.ask("yes")
    assert forgetful.asked == ["everything"]


def test_minutes_that_were_not_heard_for_certain_are_asked_for_first(recogniser: Recogniser) -> None:
    forgetful = Forgetful()
    talk = Talk(recogniser, forgetful)
    assert "forget the last five minutes" in talk.ask("forget the last five minutes", certain=False)
    assert forgetful.asked == []
    talk.ask("yes", certain=False)
    assert forgetful.asked == [300.0]


def test_that_is_forgotten_at_once_however_it_was_heard(recogniser: Recogniser) -> None:
    forgetful = Forgetful()
    Talk(recogniser, forgetful).ask("forget that", certain=False)
    assert forgetful.asked == ["that"]


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (FAILED, "not forget all of it yet"),
        (ErasureReport(DONE.parts, SENT, asked_back=True), "asked that it is forgotten there"),
        (ErasureReport(DONE.parts, SENT), "cannot take that back"),
        (ErasureReport(FAILED.parts, SENT, asked_back=True), "not forget all of it yet"),
    ],
)
def test_what_is_not_gone_is_not_said_to_be(
    recogniser: Recogniser, report: ErasureReport, words: str
) -> None:
    assert words in Talk(recogniser, Forgetful(report)).ask("forget that")


def test_where_nothing_is_kept_it_says_so(recogniser: Recogniser) -> None:
    assert "nothing to forget" in Talk(recogniser, None).ask("forget that")
