"""Whole turns in which System 2 may answer, in virtual time."""

from __future__ import annotations

from device.brain.recogniser import Recogniser
from device.contracts import Mind
from device.record import Stage, TurnRecord
from tests.device.session.rig import Device
from tests.device.session.two_minds import TwoMinds
from tests.fakes import FakeSystem2

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


def test_the_mind_with_the_first_good_clause_is_heard(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, asked="my socks and the wardrobe", system_2=FakeSystem2(first_s=1.0))
    record = minds.device().play(one_turn)
    assert record.spoken == "On board we think it was Leo."
    assert record.route is not None
    assert (record.route.mind, record.route.rival) == (Mind.SYSTEM_1, Mind.SYSTEM_1)
    assert record.falls == ["system_1: System 1 had the first good clause"]
    assert minds.system_2 is not None
    assert minds.system_2.closed == 1
