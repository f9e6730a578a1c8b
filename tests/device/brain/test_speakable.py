from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.brain.speakable import speakable


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("It is 21 °C, that costs £3.50!", "It is 21 °C, that costs £3.50!"),
        ("3 < 5 and 5 > 3", "3 < 5 and 5 > 3"),
        ("Zoë's café – “yes”, she said…", "Zoë's café – “yes”, she said…"),
        ("# Title\n- *one*\n- `two`", "Title - one - two"),
        ("see [the page](http://example.org/a_b)", "see the page"),
        ("a <b>bold</b> word", "a bold word"),
        ("❤️ you 👩‍👩‍👧 all 👍🏽", "you all"),
        ("[[h@'loU]]", "h@'loU"),
        ("one\u2028two\tthree", "one two three"),
        ("?!", ""),
        ("", ""),
    ],
)
def test_words_stay_and_the_rest_goes(text: str, spoken: str) -> None:
    assert speakable(text) == spoken


@given(st.text())
def test_nothing_is_left_that_an_engine_could_take_for_a_command(text: str) -> None:
    spoken = speakable(text)
    assert "[[" not in spoken
    assert spoken.isprintable()
    assert speakable(spoken) == spoken
    spoken.encode()


@given(st.text("abcdefghij ,.!?'0123456789", max_size=80))
def test_plain_words_are_left_as_they_are(text: str) -> None:
    assert speakable(text) in (" ".join(text.split()), "")
    if any(map(str.isalnum, text)):
        assert speakable(text) == " ".join(text.split())
