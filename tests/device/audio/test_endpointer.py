from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from device.audio.endpointer import SPEECH_MS, Ending, Endpointer
from device.config import Talk
from device.contracts import FRAME_MS

PATIENCE_MS, LONGEST_MS, BEGIN_MS = 900, 30_000, 6_000
ONSET = SPEECH_MS // FRAME_MS

runs = st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=20)
"""Speech and silence in turns, in frames."""


def verdicts(pieces: list[tuple[bool, int]]) -> list[bool]:
    return [speech for speech, count in pieces for _ in range(count)]


def endings(endpointer: Endpointer, frames: list[bool]) -> list[tuple[int, Ending]]:
    """What it said, and at which frame."""
    said = [(index, endpointer.step(speech)) for index, speech in enumerate(frames)]
    return [(index, ending) for index, ending in said if ending is not None]


def toggle(frames: list[bool], longest_ms: int = LONGEST_MS) -> list[tuple[int, Ending]]:
    return endings(Endpointer(PATIENCE_MS, longest_ms, BEGIN_MS), frames)


def speech_and_then(pieces: list[tuple[bool, int]]) -> list[bool]:
    return verdicts([(True, 20), *pieces])


class TestHeldButton:
    @given(runs)
    def test_only_the_limit_ends_it(self, pieces: list[tuple[bool, int]]) -> None:
        frames = verdicts(pieces)
        said = endings(Endpointer(None, LONGEST_MS), frames)
        limit = LONGEST_MS // FRAME_MS
        assert said == ([(limit - 1, Ending.LIMIT)] if len(frames) >= limit else [])

    @given(runs, st.integers(20, 5_000))
    def test_the_limit_always_ends_it(self, pieces: list[tuple[bool, int]], longest_ms: int) -> None:
        frames = verdicts([*pieces, (False, 300)])
        ((at, ending),) = endings(Endpointer(None, longest_ms), frames)
        assert ending is Ending.LIMIT
        assert at * FRAME_MS < longest_ms <= (at + 1) * FRAME_MS


class TestToggle:
    @given(runs)
    def test_it_ends_at_most_once(self, pieces: list[tuple[bool, int]]) -> None:
        assert len(toggle(verdicts(pieces))) <= 1

    @given(runs)
    def test_it_always_ends(self, pieces: list[tuple[bool, int]]) -> None:
        assert len(toggle(verdicts([*pieces, (False, BEGIN_MS // FRAME_MS)]))) == 1

    @given(runs)
    def test_it_never_ends_on_speech_or_before_patience_is_over(self, pieces: list[tuple[bool, int]]) -> None:
        frames = speech_and_then(pieces)
        for at, ending in toggle(frames, longest_ms=10**6):
            assert ending is Ending.SILENCE
            patience = frames[at + 1 - PATIENCE_MS // FRAME_MS : at + 1]
            assert not patience[-1]
            assert not any(all(patience[i : i + ONSET]) for i in range(len(patience) - ONSET + 1))

    @given(st.integers(1, PATIENCE_MS // FRAME_MS - 1), st.integers(1, 20))
    def test_pauses_within_patience_do_not_end_it(self, pause: int, times: int) -> None:
        assert toggle(speech_and_then([(False, pause), (True, 5)] * times)) == []

    def test_it_ends_exactly_when_patience_is_over(self) -> None:
        assert toggle(speech_and_then([(False, 100)])) == [(20 + 44, Ending.SILENCE)]

    def test_a_word_that_begins_as_patience_ends_is_waited_for(self) -> None:
        assert toggle(speech_and_then([(False, 44), (True, 10)])) == []

    def test_clicks_do_not_prolong_it(self) -> None:
        ((at, ending),) = toggle(speech_and_then([(False, 10), (True, 2)] * 20))
        assert ending is Ending.SILENCE
        assert at < 20 + PATIENCE_MS // FRAME_MS + 12

    def test_a_detector_that_flickers_does_not_end_it(self) -> None:
        assert toggle(speech_and_then([(True, 2), (False, 1)] * 300)) == []

    def test_nobody_who_speaks_ends_it(self) -> None:
        assert toggle([False] * 400) == [(BEGIN_MS // FRAME_MS - 1, Ending.NOTHING)]

    def test_somebody_who_begins_at_the_last_moment_is_heard(self) -> None:
        assert toggle(verdicts([(False, BEGIN_MS // FRAME_MS - 1), (True, 10)])) == []

    def test_speech_without_end_reaches_the_limit(self) -> None:
        assert toggle([True] * 2000) == [(LONGEST_MS // FRAME_MS - 1, Ending.LIMIT)]


class TestHeardSpeech:
    @given(st.lists(st.tuples(st.integers(1, ONSET - 1), st.integers(ONSET, 50)), max_size=20))
    def test_clicks_are_no_speech(self, clicks: list[tuple[int, int]]) -> None:
        endpointer = Endpointer(None, 10**6)
        endings(
            endpointer, verdicts([run for click, quiet in clicks for run in ((True, click), (False, quiet))])
        )
        assert not endpointer.heard_speech

    @given(runs)
    def test_a_run_of_voice_anywhere_is_speech(self, pieces: list[tuple[bool, int]]) -> None:
        endpointer = Endpointer(None, 10**6)
        endings(endpointer, verdicts([*pieces, (True, ONSET)]))
        assert endpointer.heard_speech


def test_the_settings_say_how_a_person_talks() -> None:
    quiet_after_speech = speech_and_then([(False, 200)])
    assert endings(Endpointer.for_talk(Talk(mode="hold")), quiet_after_speech) == []
    ((at, ending),) = endings(Endpointer.for_talk(Talk(mode="toggle", patience_s=1.5)), quiet_after_speech)
    assert (at, ending) == (20 + 74, Ending.SILENCE)
