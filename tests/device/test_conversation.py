"""What is remembered of what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from device.contracts import Line, Who
from device.conversation import LINES_KEPT, Conversation, Said


def test_lines_without_words_are_not_remembered() -> None:
    conversation = Conversation()
    conversation.add([Line(Who.PERSON, ""), Line(Who.DEVICE, "Hello.")])
    assert conversation.history == (Line(Who.DEVICE, "Hello."),)


def test_only_the_last_lines_are_kept_oldest_first() -> None:
    conversation = Conversation()
    conversation.add(Line(Who.PERSON, str(number)) for number in range(LINES_KEPT + 5))
    assert [line.text for line in conversation.history] == [str(5 + n) for n in range(LINES_KEPT)]


class Told:
    """Keeps nothing; notes what it was asked to forget."""

    def __init__(self, there: int) -> None:
        self.there = there
        self.since: list[float | None] = []

    def keep(self, said: Sequence[Said]) -> None: ...

    async def forget(self, since_s: float | None) -> int:
        self.since.append(since_s)
        return self.there

    async def forget_before(self, before_s: float) -> int:
        return 0


def test_what_ended_since_then_is_forgotten_however_early_its_turn_began() -> None:
    now_s, keeping = [100.0], Told(there=5)
    conversation = Conversation((), keeping, lambda: now_s[0])
    for now_s[0] in (100.0, 200.0):
        conversation.add([Line(Who.PERSON, f"at {now_s[0]:.0f}")], now_s[0] - 30.0)
    assert asyncio.run(conversation.forget(200.0)) == 5
    assert conversation.history == (Line(Who.PERSON, "at 100"),)
    assert keeping.since == [200.0]


def test_the_last_exchange_began_with_the_last_turn_in_which_a_person_spoke() -> None:
    conversation = Conversation((Said(Line(Who.PERSON, "hello"), 5.0, 9.0),), None, lambda: 100.0)
    assert conversation.last_exchange_s == 5.0
    conversation.add([Line(Who.PERSON, "what time is it"), Line(Who.DEVICE, "noon")], 90.0)
    conversation.add([Line(Who.DEVICE, "Your alarm.")], 95.0)
    assert conversation.last_exchange_s == 90.0
    asyncio.run(conversation.forget(None))
    assert conversation.last_exchange_s is None
