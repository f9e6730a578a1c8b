"""What counts as spoken when a reply is cut off, and what is taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.simulated import SimulatedSpeaker
from device.brain.safety.context import ReplyJudge
from device.config import Deadlines
from device.contracts import Hush, Mind, Reply, ReplyItem, Route, Say
from device.errors import MindError
from device.notices import Board
from device.record import Kind, TurnRecord
from device.speaking import Span, Speaking, spoken_part
from tests.fakes import FakeGate, FakeVoice
from tests.virtual_time import run

SPANS = [Span("One two three.", 0.0, 1.0), Span(" Four five six.", 1.0, 2.0)]


@pytest.mark.parametrize(
    ("played_s", "spoken"),
    [
        (0.0, ""),
        (0.1, ""),
        (0.3, "One"),
        (0.99, "One two"),
        (0.9999, "One two three."),
        (1.0, "One two three."),
        (1.5, "One two three. Four"),
        (2.0, "One two three. Four five six."),
        (99.0, "One two three. Four five six."),
    ],
)
def test_whole_clauses_and_whole_words_that_sounded_count(played_s: float, spoken: str) -> None:
    assert spoken_part(SPANS, played_s) == spoken


@given(st.lists(st.text("ab ", min_size=1), max_size=5), st.floats(0, 10), st.floats(0, 10))
def test_more_sound_never_means_fewer_words(texts: list[str], one_s: float, other_s: float) -> None:
    spans = [Span(text, float(number), number + 1.0) for number, text in enumerate(texts)]
    less, more = sorted((one_s, other_s))
    assert len(spoken_part(spans, less)) <= len(spoken_part(spans, more))


# --- what is taken back ----------------------------------------------------------------------------

FIVE = Say("One two three four five.", ends=True)
"""Half a second of the fake voice."""
ROUTE = Route(Mind.SYSTEM_2, "a test")


class Told:
    """A reply whose items come at their times, spoken to its end."""

    def __init__(self, items: list[tuple[float, ReplyItem]], voice: FakeVoice | None = None) -> None:
        self.voice = voice or FakeVoice()
        self.error: MindError | None = None
        run(self._spoken(items))

    async def _spoken(self, items: list[tuple[float, ReplyItem]]) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()

        async def coming() -> AsyncIterator[ReplyItem]:
            for at_s, item in items:
                await asyncio.sleep(began_s + at_s - loop.time())
                yield item

        self.record = TurnRecord(1, Kind.TYPED, loop.time, "2026-03-03T12:00:00.000Z")
        speaker = SimulatedSpeaker()
        speaking = Speaking(
            speaker.begin(1),
            self.voice,
            ReplyJudge(FakeGate()),
            lambda act: None,
            self.record,
            Board(),
            Deadlines(),
            speaker.silence,
        )
        try:
            async with asyncio.TaskGroup() as group:
                await speaking.say(Reply(Mind.SYSTEM_2, coming()), ROUTE, group)
        except* MindError as errors:
            [self.error] = errors.exceptions  # type: ignore[assignment]
            await speaking.say_vetted("Sorry.", ROUTE)
        await speaking.drain()
        self.took_s = loop.time() - began_s
        speaking.note_spoken()
        self.sounded_s = speaker.sound().duration_s


def test_what_lies_in_the_speaker_already_is_taken_back_too() -> None:
    told = Told([(0.0, FIVE), (0.0, FIVE), (0.75, Hush()), (0.8, Say("More."))])
    assert told.sounded_s == pytest.approx(0.75)
    assert told.took_s == pytest.approx(0.75)
    assert told.record.spoken == "One two three four five. One two"
    assert told.record.spoken_s == pytest.approx(0.75)
    assert told.error is None
    assert "More." not in told.voice.texts


def test_clauses_that_wait_for_their_voice_are_taken_back() -> None:
    told = Told([(0.0, FIVE), *[(0.1, FIVE)] * 3, (0.5, Hush())], FakeVoice(first_takes_s=0.3))
    assert told.voice.texts == [FIVE.text] * 2
    assert told.sounded_s == pytest.approx(0.2)


@pytest.mark.parametrize("at_s", [0.0, 0.1])
def test_an_answer_that_was_taken_back_before_it_began_is_none_and_the_person_is_told(at_s: float) -> None:
    told = Told([(0.0, FIVE), (at_s, Hush())], FakeVoice(first_takes_s=0.3))
    assert told.error is not None
    assert told.record.spoken == "Sorry."
