"""An engine that fails is replaced by the next one, rests for a while, and is then tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from device.brain.fallback import REST_S, FallbackModel, FallbackVoice
from device.contracts import Emotion, Prompt
from device.errors import MindError, TtsError
from tests.fakes import FakeModel, FakeVoice
from tests.virtual_time import run

PROMPT = Prompt("You are Pip.", (), text="hello")
T = TypeVar("T")


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def said(model: FallbackModel) -> str:
    return "".join([piece async for piece in model.answer(PROMPT)])


def play(story: Callable[[], Awaitable[T]]) -> T:
    async def whole() -> T:
        return await story()

    return run(whole())


def test_the_best_one_answers(clock: Clock) -> None:
    best, other = FakeModel(["best"], name="best"), FakeModel(["other"], name="other")
    both = FallbackModel([best, other], 2.0, clock)
    assert both.name == "best"
    assert play(lambda: said(both)) == "best"
    assert not other.prompts


@pytest.mark.parametrize("broken", [FakeModel(fails=MindError("gone"), name="broken"), FakeModel(hangs=True)])
def test_one_that_fails_or_hangs_before_its_first_piece_is_replaced_and_rests(
    broken: FakeModel, clock: Clock
) -> None:
    both = FallbackModel([broken, FakeModel(["other"], name="other")], 2.0, clock)
    assert play(lambda: said(both)) == "other"
    assert both.name == "other"
    assert play(lambda: said(both)) == "other"
    assert len(broken.prompts) == broken.closed == 1
    clock.now_s += REST_S
    broken.fails, broken.hangs = None, False
    assert play(lambda: said(both)) == "".join(broken.pieces)


def test_one_that_fails_midway_is_not_replaced_midway(clock: Clock) -> None:
    broken = FakeModel(["Once upon "], fails=MindError("gone"), fails_after=1)
    with pytest.raises(MindError, match="gone"):
        play(lambda: said(FallbackModel([broken, FakeModel()], 2.0, clock)))


def test_the_last_one_is_always_asked_and_its_error_is_told(clock: Clock) -> None:
    last = FakeModel(fails=MindError("also gone"))
    both = FallbackModel([FakeModel(fails=MindError("gone")), last], 2.0, clock)
    for times in (1, 2):
        with pytest.raises(MindError, match="also gone"):
            play(lambda: said(both))
        assert len(last.prompts) == times


def test_the_one_that_will_answer_gets_ready(clock: Clock) -> None:
    best, other = FakeModel(fails=MindError("gone")), FakeModel()
    both = FallbackModel([best, other], 2.0, clock)
    play(lambda: said(both))
    play(lambda: both.prepare(PROMPT))
    assert (len(best.prepared), len(other.prepared)) == (0, 1)


def test_one_that_cannot_get_ready_rests_and_the_next_one_gets_ready(clock: Clock) -> None:
    """A server that is off is found out while the person speaks, not when they wait for the answer."""
    gone, other = FakeModel(fails=MindError("gone")), FakeModel(["other"])
    both = FallbackModel([gone, other], 2.0, clock)
    play(lambda: both.prepare(PROMPT))
    assert len(other.prepared) == 1
    assert play(lambda: said(both)) == "other"
    assert not gone.prompts


def test_that_none_can_get_ready_is_told(clock: Clock) -> None:
    models = [FakeModel(fails=MindError("gone")), FakeModel(fails=MindError("also gone"))]
    with pytest.raises(MindError, match="also gone"):
        play(lambda: FallbackModel(models, 2.0, clock).prepare(PROMPT))


def test_closing_early_closes_the_engine(clock: Clock) -> None:
    model = FakeModel(["one", "two"])

    async def story() -> None:
        pieces = FallbackModel([model, FakeModel()], 2.0, clock).answer(PROMPT)
        assert await anext(pieces) == "one"
        await pieces.aclose()  # type: ignore[attr-defined]

    play(story)
    assert model.closed == 1


def test_a_voice_that_fails_is_replaced_in_the_same_mood(clock: Clock) -> None:
    broken = FakeVoice(fails_on=lambda text: TtsError("no voice"), name="broken")
    other = FakeVoice(name="other")

    async def story() -> int:
        voices = FallbackVoice([broken, other], 2.0, clock)
        return len([piece async for piece in voices.synthesise("Hello there.", Emotion.HAPPY)])

    assert play(story) == 2
    assert other.emotions == [Emotion.HAPPY]


def test_a_text_that_cannot_be_spoken_is_no_failure(clock: Clock) -> None:
    other = FakeVoice()

    async def story() -> int:
        voices = FallbackVoice([FakeVoice(silent=True), other], 2.0, clock)
        return len([piece async for piece in voices.synthesise("…")])

    assert play(story) == 0
    assert not other.texts
