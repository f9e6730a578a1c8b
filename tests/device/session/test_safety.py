"""The gate stands in every turn's way, in both directions, and fails closed."""

from __future__ import annotations

import pytest

from device.contracts import (
    Audio,
    Ruling,
    Say,
    Spoken,
    Urgency,
)
from device.errors import SafetyError
from tests.device.session.rig import Device, announcement, stock_text
from tests.fakes import (
    FakeBrain,
    FakeGate,
)


def test_what_could_not_be_judged_is_not_spoken() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert device.voice.texts == ["I would rather not."]
        assert record.gate == "unknown"

    Device(
        gate=FakeGate(forbidden="noon", ruling=Ruling.UNKNOWN, category="", instead="I would rather not.")
    ).play(story)


def test_a_gate_that_breaks_lets_nothing_through() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken == stock_text("gate failed")
        assert device.brain.requests == []

    Device(gate=FakeGate(fails=SafetyError("No rules."))).play(story)


def test_an_announcement_passes_the_gate_too() -> None:
    async def story(device: Device) -> None:
        device.session.announce(announcement(Urgency.ALARM, "Something forbidden."))
        assert (await device.turn()).spoken == device.gate.instead

    Device().play(story)


def test_what_the_person_may_not_ask_is_redirected_and_no_mind_hears_it() -> None:
    async def story(device: Device) -> None:
        device.session.ask("something forbidden")
        record = await device.turn()
        assert record.spoken == device.gate.instead
        assert record.gate == "test"
        assert device.brain.requests == []
        device.session.ask("hello")
        await device.turn(2)
        remembered = " ".join(line.text for line in device.brain.requests[0].history)
        assert remembered == device.gate.instead

    Device().play(story)


def test_a_clause_that_may_not_be_said_is_replaced_and_ends_the_reply() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken == f"All is well. {device.gate.instead}"
        assert "forbidden" not in " ".join(device.voice.texts)

    Device(brain=FakeBrain([Say("All is well. This is forbidden stuff. And more of it.")])).play(story)


def test_a_phrase_broken_across_two_clauses_is_still_seen() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        assert (await device.turn()).spoken.endswith(device.gate.instead)

    gate = FakeGate(forbidden="well, do it")
    Device(brain=FakeBrain([Say("All is very well, do it now.")]), gate=gate).play(story)


def test_sound_with_its_transcript_is_judged_like_text() -> None:
    sound = Audio(b"\1\0" * 8000, 16_000)

    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken == f"From the cloud. {device.gate.instead}"

    items = [Spoken("From the cloud.", sound), Spoken("forbidden words", sound)]
    Device(brain=FakeBrain(items)).play(story)


def test_more_sound_of_a_clause_belongs_to_its_words() -> None:
    sound = Audio(b"\1\0" * 8000, 16_000)

    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken == "From the cloud."
        assert record.made == "From the cloud."
        assert record.spoken_s == pytest.approx(1.5)

    items = [Spoken("From the cloud.", sound), Spoken("", sound), Spoken("", sound)]
    Device(brain=FakeBrain(items)).play(story)


@pytest.mark.parametrize(
    "before", [[], [Say("My own words. ")], [Spoken("Mine.", Audio(b"", 16_000)), Say("And.")]]
)
def test_sound_whose_words_nobody_judged_is_not_played(before: list[Say | Spoken]) -> None:
    sound = Audio(b"\1\0" * 160_000, 16_000)

    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken_s < 5

    Device(brain=FakeBrain([*before, Spoken("", sound), Spoken(" ", sound)])).play(story)


@pytest.mark.parametrize(("ruling", "in_need"), [(Ruling.SUPPORT, "test"), (Ruling.REDIRECT, "")])
def test_that_somebody_may_be_in_need_stands_in_the_record(ruling: Ruling, in_need: str) -> None:
    async def story(device: Device) -> None:
        device.session.ask("something forbidden")
        assert (await device.turn()).in_need == in_need

    Device(gate=FakeGate(ruling=ruling)).play(story)


def test_what_a_mind_says_puts_nobody_in_need() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.gate == "test"
        assert record.in_need == ""

    Device(gate=FakeGate(forbidden="noon", ruling=Ruling.SUPPORT)).play(story)
