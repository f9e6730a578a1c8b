"""What is said of questions that are to be found out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from device.brain.skills import SKILLS, WAITING, SkillContext
from device.contracts import Intent, News, Promised, Say
from device.errors import OutboxError


@dataclass
class FakePromises:
    """Does as it is told, and notes what was wanted."""

    becomes: Promised = Promised.KEPT
    news: News = News.NONE
    waiting: bool = True
    fails: bool = False
    wanted: list[object] = field(default_factory=list)

    def found(self, question: str) -> bool:
        return False

    def has(self, question: str) -> bool:
        return False

    async def promise(self, question: str, language: str) -> Promised:
        self._note((question, language))
        return self.becomes

    def asked(self, question: str = "") -> News:
        return self.news

    async def forget(self, *, everything: bool) -> None:
        self._note(everything)

    def _note(self, wanted: object) -> None:
        self.wanted.append(wanted)
        if self.fails:
            raise OutboxError("The disk is full.")


def said(context: SkillContext, promises: FakePromises | None, intent: Intent) -> str:
    here = replace(context, promises=promises)
    if intent.name in WAITING:
        items = asyncio.run(_waited(here, intent))
    else:
        items = SKILLS[intent.name](intent, here)
    return "".join(item.text for item in items if isinstance(item, Say))


async def _waited(context: SkillContext, intent: Intent) -> tuple[object, ...]:
    return await WAITING[intent.name](intent, context)


ASKED = Intent("find_out", {"question": "who won"})


@pytest.mark.parametrize(
    ("promises", "words"),
    [
        (FakePromises(), "I will find out and tell you."),
        (FakePromises(Promised.ALREADY), "I have not forgotten that"),
        (FakePromises(Promised.TOO_MANY), "I have enough to find out already"),
        (FakePromises(fails=True), "I cannot make a note of that"),
        (None, "I cannot make a note of that"),
    ],
)
def test_a_promise_is_given_only_where_it_is_kept(
    context: SkillContext, promises: FakePromises | None, words: str
) -> None:
    assert said(context, promises, ASKED).startswith(words)
    assert promises is None or promises.wanted == [("who won", "en")]


@pytest.mark.parametrize(
    ("news", "words"),
    [
        (News.FOUND, "Yes, there is something."),
        (News.OPEN, "I have no answer yet"),
        (News.EXPIRED, "I could not find it out in time"),
        (News.NONE, "There is nothing that I am finding out"),
    ],
)
def test_who_asks_is_told_how_it_stands(context: SkillContext, news: News, words: str) -> None:
    assert said(context, FakePromises(news=news), Intent("found_out")).startswith(words)


def test_without_promises_there_is_no_news(context: SkillContext) -> None:
    assert said(context, None, Intent("found_out")).startswith("There is nothing")


@pytest.mark.parametrize(
    ("promises", "slots", "words"),
    [
        (FakePromises(), {}, "All right, I have forgotten your question."),
        (FakePromises(), {"everything": 1}, "All right, I have forgotten all your questions."),
        (FakePromises(fails=True), {}, "I could not erase that just now"),
        (FakePromises(waiting=False), {}, "There is nothing that I am finding out"),
        (None, {}, "There is nothing that I am finding out"),
    ],
)
def test_a_question_is_said_to_be_forgotten_only_where_it_is(
    context: SkillContext, promises: FakePromises | None, slots: dict[str, int], words: str
) -> None:
    assert said(context, promises, Intent("forget_question", slots)).startswith(words)
    if promises is not None:
        assert promises.wanted == ([bool(slots)] if promises.waiting else [])
