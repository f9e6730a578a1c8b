"""While the person speaks, the mind takes in what was said before."""

from __future__ import annotations

import asyncio

import pytest

from device.contracts import Mind, Say
from tests.device.session.rig import Device
from tests.fakes import FakeBrain

REPLY = [Say("One two three four five six.")]


def test_it_begins_at_the_press_with_what_was_said_so_far() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        await device.turn()
        device.brain.prepared.clear()
        device.session.press()
        await device.until(lambda: len(device.brain.prepared) == 1, within_s=0.5)
        assert len(device.brain.requests) == 1
        assert [line.text for line in device.brain.prepared[0]] == ["hello", "One two three four five six."]

    Device(brain=FakeBrain(REPLY)).play(story)


def test_a_mind_that_is_never_ready_holds_up_neither_the_answer_nor_the_next_turn() -> None:
    async def story(device: Device) -> None:
        await device.say()
        record = await device.turn()
        assert record.spoken == "One two three four five six."
        assert record.stages_ms["first_audio"] < 500
        await device.say()
        assert (await device.turn(2)).spoken
        assert device.brain.ready == 0

    Device(brain=FakeBrain(REPLY, preparing_takes_s=1e6)).play(story)


@pytest.mark.parametrize(("mind", "ready"), [(Mind.SYSTEM_1, 1), (Mind.SKILL, 0)])
def test_it_goes_on_for_the_mind_that_answers_and_stops_when_a_skill_does(mind: Mind, ready: int) -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        await device.turn()
        assert device.brain.ready == ready

    Device(brain=FakeBrain(REPLY, mind=mind, preparing_takes_s=0.3, every_s=0.5)).play(story)


def test_a_barge_in_stops_it() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        await asyncio.sleep(0.5)
        device.session.stop()
        await device.turn()
        await asyncio.sleep(5)
        assert device.brain.ready == 0

    Device(brain=FakeBrain(REPLY, preparing_takes_s=2)).play(story)
