from __future__ import annotations

import pytest

from device.brain.clause import CLAUSE_PAUSE_MS, LONGEST_TEXT, SENTENCE_PAUSE_MS, pause_ms, words_to_say
from device.errors import TtsError


@pytest.mark.parametrize("words", ["That is all.", "Really?", 'He said: "Stop!"', "Well…", "(Yes.)", "So.’"])
def test_the_listener_may_breathe_behind_a_sentence(words: str) -> None:
    assert pause_ms(words) == SENTENCE_PAUSE_MS


@pytest.mark.parametrize("words", ["one moment,", "and so", "it is 3.5", "first:"])
def test_a_clause_goes_on_at_once(words: str) -> None:
    assert pause_ms(words) == CLAUSE_PAUSE_MS


def test_only_what_can_be_spoken_counts_towards_the_length() -> None:
    assert words_to_say("🙂" * (LONGEST_TEXT + 1) + "hello") == "hello"


def test_a_clause_that_is_too_long_is_refused() -> None:
    assert len(words_to_say("a" * LONGEST_TEXT)) == LONGEST_TEXT
    with pytest.raises(TtsError, match="split it"):
        words_to_say("a" * (LONGEST_TEXT + 1))
