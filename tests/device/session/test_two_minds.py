"""Whole turns in which System 2 may answer, in virtual time."""

from __future__ import annotations

from device.brain.recogniser import Recogniser
from device.contracts import Mind
from device.record import Stage, TurnRecord
from tests.device.session.rig import Device
from tests.device.session.two_minds import TwoMinds

PREFERS = {"use": lambda: "prefer"}


async def one_turn(device: Device) -> TurnRecord:
    await device.say()
    return await device.turn()


def first_sound_ms(record: TurnRecord) -> float:
    return record.stages_ms[Stage.FIRST_AUDIO.value]


def test_system_2_answers_a_turn(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, settled=PREFERS)
    record = minds.device().play(one_turn)
    assert record.spoken == "Far away it is noon. Lunch is at one."
    assert record.route is not None
    assert record.route.mind is Mind.SYSTEM_2
    assert record.falls == []
    assert minds.system_2 is not None
    assert [question.text for question in minds.system_2.questions] == [minds.asked]
    assert minds.system_2.closed == 1
