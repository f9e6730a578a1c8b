"""What counts as spoken when a reply is cut off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.speaking import Span, spoken_part

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
