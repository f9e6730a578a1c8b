"""A device that leaves everything to System 2."""

from __future__ import annotations

import pytest

from device.brain.only_system_two import FarEars, FarMind
from device.config import Deadlines, Use
from device.contracts import Frame, LinkHealth, Mind, Question, ReplyItem, Request, Say
from device.errors import NoSystem2, StageTimeout
from tests.fakes import FakeStt, FakeSystem2
from tests.virtual_time import run

REQUEST = Request(3, "why is the sky blue", "en", True, heard_as=3)


def answer(far: FakeSystem2, use: Use = "auto") -> list[ReplyItem]:
    mind = FarMind(far, lambda: use, Deadlines())

    async def story() -> list[ReplyItem]:
        return [item async for item in mind.reply(REQUEST, mind.route(REQUEST)).items]

    return run(story())


def test_system_2_answers_everything() -> None:
    far = FakeSystem2((Say("Light scatters."),))
    assert answer(far) == [Say("Light scatters.")]
    assert far.questions == [Question(3, "why is the sky blue", "en", heard_as=3)]
    assert far.closed == 1


def test_it_is_waited_for_as_long_as_for_any_mind() -> None:
    assert answer(FakeSystem2((Say("Late."),), first_s=7.9)) == [Say("Late.")]
    far = FakeSystem2((Say("Too late."),), first_s=8.1)
    with pytest.raises(StageTimeout):
        answer(far)
    assert far.closed == 1


def test_its_being_away_is_told_at_once() -> None:
    with pytest.raises(NoSystem2):
        answer(FakeSystem2(health=LinkHealth(up=False)))


def test_what_a_person_keeps_on_board_is_not_sent() -> None:
    far = FakeSystem2()
    with pytest.raises(NoSystem2):
        answer(far, "never")
    assert far.questions == []
    assert FarMind(far, lambda: "never", Deadlines()).route(REQUEST).mind is Mind.SYSTEM_2


@pytest.mark.parametrize(
    ("hears", "use", "sent"), [(True, "auto", True), (False, "auto", False), (True, "never", False)]
)
def test_sound_is_sent_only_with_leave(hears: bool, use: Use, sent: bool) -> None:
    ears = FakeStt("why")
    linked = FarEars(FakeSystem2(health=LinkHealth(up=True, hears=hears), ears=ears), lambda: use)

    async def story() -> str:
        listening = linked.listen()
        listening.feed(Frame(bytes(640), 0.0))
        return (await listening.finish()).text

    if sent:
        assert run(story()) == "why"
    else:
        with pytest.raises(NoSystem2):
            run(story())
    assert bool(ears.listenings) is sent
