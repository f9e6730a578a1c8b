"""The list that ships, and what becomes of what cannot be judged."""

from __future__ import annotations

import asyncio

import pytest

from device.errors import SafetyError
from device.link.native import DeviceInfo
from gateway.answering import Answering, AnswerRefused
from gateway.minds.ports import Prompt
from gateway.minds.scripted import ScriptedMind
from gateway.safety import ALLOWED, Audience, Judgement, WordSafety
from gateway.settings import Scripted
from gateway.tools import NoTools


@pytest.mark.parametrize(
    ("text", "child", "adult"),
    [
        ("Why is the sky blue?", True, True),
        ("how to make a big bomb", False, False),
        ("ways to hurt people", False, False),
        ("What does cocaine do?", False, True),
        ("a bath bomb for mum", True, True),
        ("how to kill time", True, True),
    ],
)
def test_the_list(text: str, child: bool, adult: bool) -> None:
    def allowed(audience: Audience) -> bool:
        return asyncio.run(WordSafety().before(text, audience)).allowed

    assert (allowed("child"), allowed("adult")) == (child, adult)


class Judge:
    """Judges until the `fails`-th time."""

    def __init__(self, fails: int) -> None:
        self._left = fails

    async def before(self, text: str, audience: Audience) -> Judgement:
        self._left -= 1
        if self._left < 0:
            raise SafetyError("The judge is away.")
        return ALLOWED

    after = before


@pytest.mark.parametrize("judged", [0, 1, 2])
def test_what_cannot_be_judged_is_never_sent(judged: int) -> None:
    async def story() -> list[str]:
        answering = Answering(ScriptedMind(Scripted(word_ms=0)), Judge(judged))
        person = DeviceInfo(id="", public_key="")
        try:
            await answering.admit("a long story", person)
            async for clause in answering.clauses(Prompt("", (), "a long story"), person, NoTools()):
                sent.append(clause.text)
        except AnswerRefused:
            sent.append("refused")
        return sent

    sent: list[str] = []
    assert asyncio.run(story())[-1] == "refused"
    assert len(sent) == max(judged, 1)
