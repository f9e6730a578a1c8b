"""Nothing that the device has ready to say is stopped by its own gate, in any country.

Stock sentences are spoken without a verdict in the turn: it is here that they get one.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from hassil import sample_expression

from device.brain import spoken_forms, templates
from device.brain.chunker import ClauseSplitter
from device.brain.pack_files import paragraphs, sections
from device.brain.packs import PACKS
from device.brain.places import Places
from device.brain.safety.context import ReplyJudge
from device.brain.safety.gate import RuleGate, load_gate
from device.brain.safety.rules import load_contacts
from device.brain.skills import SKILLS, SkillContext
from device.contracts import Direction, Intent, Say
from training import clinc

HERE = PACKS / "en"
COUNTRIES = sorted(load_contacts())


def clauses(text: str) -> Iterable[str]:
    splitter = ClauseSplitter()
    return (*splitter.feed(text), *splitter.flush())


async def stopped(gate: RuleGate, text: str) -> list[str]:
    """The clauses of a reply that the gate does not let pass, and by which rule."""
    judge = ReplyJudge(gate)
    verdicts = [(clause, await judge.judge(clause)) for clause in clauses(text)]
    return [f"{clause!r}: {verdict.rule}" for clause, verdict in verdicts if not verdict.allowed]


def all_stopped(texts: Iterable[str], country: str = "") -> list[str]:
    gate = load_gate("en", country)

    async def all_of() -> list[str]:
        return [found for text in texts for found in await stopped(gate, text)]

    return asyncio.run(all_of())


def told(path: Path) -> Iterator[str]:
    return (" ".join(paragraph.lines) for paragraph in paragraphs(path))


def wordings(path: Path) -> Iterator[str]:
    return (line for lines in sections(path).values() for line in lines)


def replies(context: SkillContext, intent: Intent, times: int = 4) -> Iterator[str]:
    """What a skill says, in as many wordings as come up."""
    for _ in range(times):
        items = SKILLS[intent.name](intent, context)
        yield "".join(item.text for item in items if isinstance(item, Say))


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("name", ["jokes.txt", "facts.txt", "stories.txt"])
def test_everything_that_can_be_told_passes(name: str, country: str) -> None:
    texts = list(told(HERE / name))
    assert len(texts) >= 10
    assert all_stopped(texts, country) == []


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize(
    "name", ["stock.txt", "small_talk.txt", "timers.txt", "openings.txt", "promises.txt"]
)
def test_every_ready_sentence_passes_alone(name: str, country: str) -> None:
    gate = load_gate("en", country)
    texts = list(wordings(HERE / name))
    assert len(texts) >= 20
    judged = [(text, asyncio.run(gate.judge(text, Direction.TO_SAY))) for text in texts]
    assert [(text, verdict.rule) for text, verdict in judged if not verdict.allowed] == []


def test_every_time_of_day_and_place_passes(context: SkillContext) -> None:
    times = [spoken_forms.clock(time(hour, minute)) for hour in range(24) for minute in range(60)]
    places = {place.name: place for place in Places("en")._by_name.values()}
    texts = [f"It is {at}." for at in times]
    for place in places.values():
        texts += replies(context, Intent("time", {"place": place.name, "zone": place.zone}), 1)
    assert all_stopped(texts) == []


def test_every_day_of_a_leap_year_passes() -> None:
    days = [spoken_forms.day(date(2028, 1, 1) + timedelta(days)) for days in range(366)]
    assert all_stopped(f"Today is {day}." for day in days) == []


def test_sums_pass_whatever_their_numbers(context: SkillContext) -> None:
    rng = random.Random(5)
    numbers = [
        "0",
        "1",
        "69",
        "100",
        "112",
        "420",
        "666",
        "911",
        "988",
        "1234567890",
        "123456789012",
        "0.0001",
    ]
    numbers += [str(rng.randint(0, 10 ** rng.randint(1, 15))) for _ in range(150)]
    texts = [
        text
        for number in numbers
        for sign in "+-×÷"
        for text in replies(
            context, Intent("arithmetic", {"sum": f"{number} {sign} {rng.choice(numbers)}"}), 1
        )
    ]
    assert all_stopped(texts) == []


def test_loudness_and_dice_pass_at_every_value(context: SkillContext) -> None:
    texts = [
        text for percent in range(101) for text in replies(context, Intent("volume", {"percent": percent}))
    ]
    for dice in range(1, 11):
        for sides in (2, 6, 20, 100, 1000):
            texts += replies(context, Intent("dice", {"dice": dice, "sides": sides}))
    assert all_stopped(texts) == []


def heard(text: str) -> str:
    """The category of what the gate has against a request; "" when it lets it pass."""
    return asyncio.run(load_gate_once().judge(text, Direction.HEARD)).category


@cache
def load_gate_once() -> RuleGate:
    return load_gate("en")


def test_every_kind_of_request_is_let_in() -> None:
    spoken = templates.for_text("en").intents
    sentences = [
        text
        for intent in spoken.intents.values()
        for block in intent.data
        for sentence in block.sentences
        for text in islice(
            sample_expression(sentence.expression, spoken.slot_lists, spoken.expansion_rules), 40
        )
    ]
    assert len(sentences) > 1000
    assert [text for text in sentences if heard(text)] == []


def test_crowd_written_requests_that_are_served_are_let_in_unless_they_swear(shared_data: Path) -> None:
    path = shared_data / "text" / "clinc150_train_val.json"
    served = [text for text, intent in clinc.read("train", path) if intent in clinc.SERVED]
    assert len(served) > 1000
    assert {heard(text) for text in served} <= {"", "profanity"}
