"""Whole turns with a System 2 that tells no words: it hears sound, and answers in sound."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from device.brain.linked_ears import LinkedEars
from device.brain.only_system_two import FarEars, FarMind
from device.brain.recogniser import Recogniser
from device.config import Deadlines
from device.contracts import Audio, LinkHealth, Mind, Question, Unworded
from device.record import TurnRecord
from tests.device.session.rig import Device, stock_text
from tests.device.session.two_minds import TwoMinds
from tests.fakes import SOUND_HZ, FakeStt, FakeSystem2

WORLD = "who painted the mona lisa"
ANSWER = Audio(b"\1\0" * SOUND_HZ, SOUND_HZ)


@dataclass
class Wordless(FakeSystem2):
    """Hears everything as number 7."""

    def __post_init__(self) -> None:
        self.items = (Unworded(ANSWER), Unworded(ANSWER))
        self.health = LinkHealth(up=True, hears=True)
        self.ears = FakeStt("", heard_as=7)


async def one_turn(device: Device) -> TurnRecord:
    await device.say()
    return await device.turn()


def full(recogniser: Recogniser, asked: str) -> tuple[Device, Wordless]:
    """With ears and a mind on board, too."""
    far = Wordless()
    minds = TwoMinds(recogniser, asked, system_2=far)
    device = minds.device()
    device.stt = LinkedEars(far, FakeStt(asked), lambda: "auto")  # type: ignore[assignment]
    return device, far


def thin() -> tuple[Device, Wordless]:
    far = Wordless()
    ears, mind = FarEars(far, lambda: "auto"), FarMind(far, lambda: "auto", Deadlines())
    return Device(stt=ears, brain=mind), far  # type: ignore[arg-type]


def test_it_is_asked_about_what_it_heard_where_our_words_say_so(recogniser: Recogniser) -> None:
    device, far = full(recogniser, WORLD)
    record = device.play(one_turn)
    assert far.questions == [Question(record.turn_id, WORLD, "en", heard_as=7)]
    assert record.route is not None
    assert record.route.mind is Mind.SYSTEM_2
    assert (record.heard, record.spoken) == (WORLD, "")
    assert record.spoken_s == pytest.approx(2.0)
    assert device.voice.texts == []


@pytest.mark.parametrize(
    "asked", ["what time is it", "why does my friend tom have asthma", "something forbidden", ""]
)
def test_it_is_not_asked_where_our_words_do_not(recogniser: Recogniser, asked: str) -> None:
    """A skill, what tells about a person, what the gate refuses, and what nobody here understood."""
    device, far = full(recogniser, asked)
    record = device.play(one_turn)
    assert far.questions == []
    assert record.spoken


def test_in_thin_mode_it_answers_without_anybody_knowing_the_words() -> None:
    device, far = thin()
    record = device.play(one_turn)
    assert far.questions == [Question(record.turn_id, "", "en", heard_as=7)]
    assert record.spoken_s == pytest.approx(2.0)
    assert record.error == ""
    assert device.voice.texts == []
    assert device.conversation.history == ()


def test_in_thin_mode_words_that_were_told_to_be_none_are_not_understood() -> None:
    device, far = thin()
    far.ears.heard_as = None
    record = device.play(one_turn)
    assert far.questions == []
    assert record.spoken == stock_text("not understood")


def test_in_thin_mode_a_server_without_an_answer_is_told() -> None:
    device, far = thin()
    far.items = ()
    assert device.play(one_turn).spoken == stock_text("mind failed")


def test_a_barge_in_silences_sound_without_words(recogniser: Recogniser) -> None:
    device, far = full(recogniser, WORLD)

    async def story(device: Device) -> TurnRecord:
        await device.say()
        await device.until(lambda: device.speaker.sound().duration_s > 0.5)
        device.session.press()
        record = await device.turn()
        await asyncio.sleep(0.5)
        device.session.release()
        return record

    record = device.play(story)
    assert record.cut_off
    assert record.spoken_s < 1
    assert far.closed == 1
