"""A wish to forget, said or come from elsewhere, in the middle of a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from device.contracts import Line, Mind, Reply, ReplyItem, Request, Route, Say, Who
from device.forgetting.erasure import Erasure
from device.notices import LightState
from tests.device.session.rig import LONG, Device
from tests.fakes import FakeBrain


class Forgetful:
    """Answers with what it heard; when that is "forget that", it has it forgotten first."""

    def __init__(self) -> None:
        self.erasure: Erasure | None = None

    async def prepare(self, history: tuple[Line, ...]) -> None: ...

    def route(self, request: Request) -> Route:
        return Route(Mind.SKILL, "the echo")

    def reply(self, request: Request, route: Route) -> Reply:
        return Reply(Mind.SKILL, self._items(request.text))

    async def _items(self, text: str) -> AsyncIterator[ReplyItem]:
        if text == "forget that" and self.erasure:
            await self.erasure.forget_last_exchange()
        yield Say(f"You said {text}.")


def forgetting(device: Device, state: Path) -> Erasure:
    conversation = device.conversation
    parts = {"conversation": conversation.forget, "session": device.session.forget}
    return Erasure(parts, None, state, conversation.now, lambda: conversation.last_exchange_s)


async def typed(device: Device, *texts: str) -> None:
    for text in texts:
        device.session.ask(text)
        await device.turn(len(device.records) + 1)


def test_forget_that_takes_the_last_exchange_with_it_and_its_own_words(tmp_path: Path) -> None:
    brain = Forgetful()
    device = Device(brain=brain)

    async def story(device: Device) -> None:
        brain.erasure = forgetting(device, tmp_path)
        await typed(device, "a kettle", "a giraffe", "forget that")

    device.play(story)
    assert device.conversation.history == (
        Line(Who.PERSON, "a kettle"),
        Line(Who.DEVICE, "You said a kettle."),
    )
    assert [record.heard for record in device.records] == ["a kettle", "a giraffe", ""]
    assert (device.records[-1].made, device.records[-1].spoken) == ("", "")
    assert device.records[-1].spoken_s > 0  # it was said


def test_what_was_forgotten_is_not_said_again(tmp_path: Path) -> None:
    brain = Forgetful()
    device = Device(brain=brain)

    async def story(device: Device) -> None:
        brain.erasure = forgetting(device, tmp_path)
        await typed(device, "a giraffe", "forget that")
        device.session.repeat()
        await device.turn(3)

    device.play(story)
    assert device.records[-1].spoken == "Stock nothing to repeat."


def test_of_a_turn_that_goes_on_while_others_want_it_forgotten_nothing_is_kept(tmp_path: Path) -> None:
    device = Device(brain=FakeBrain(LONG))

    async def story(device: Device) -> None:
        device.session.ask("a giraffe")
        await device.until(lambda: LightState.SPEAKING in device.lights())
        await forgetting(device, tmp_path).forget_last(300.0)
        await device.turn()
        await typed(device, "a kettle")

    device.play(story)
    assert [line.text for line in device.conversation.history if line.who is Who.PERSON] == ["a kettle"]
    assert device.records[0].heard == device.records[0].spoken == ""
