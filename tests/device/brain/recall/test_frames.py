"""Ways to ask for one thing are brought into one, and a line that is no frame is told."""

from __future__ import annotations

import pytest

from device.brain.recall.frames import Frames, alternatives

FRAMES = Frames(
    (
        "how old (do|does) * (get|become) -> lifespan *",
        "what (is|are) * *ing for -> why * *",
        "* has how many * -> count *2 *1",
        "how long (do you|do i) (have to)? <bake|fry> * -> time * *",
        "(in)? what year did * -> when *",
        "how old do cats get -> never reached",
    )
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("how old do big dogs get", "lifespan big dogs"),
        ("how old does a cat become", "lifespan a cat"),
        ("how old do cats get", "lifespan cats"),
        ("what are wolves howling for", "why wolves howling"),
        ("a week has how many days", "count days a week"),
        ("how long do i have to bake bread", "time bake bread"),
        ("how long do you fry an egg", "time fry an egg"),
        ("in what year did it end", "when it end"),
        ("what year did it end", "when it end"),
        ("how old do", "how old do"),
        ("", ""),
    ],
)
def test_the_first_frame_that_fits_counts(said: str, meant: str) -> None:
    assert " ".join(FRAMES.rewritten(tuple(said.split()))) == meant


@pytest.mark.parametrize("line", ["how old is *", "-> *", "what is * -> why", "what is it -> why *"])
def test_a_line_that_is_no_frame_is_told(line: str) -> None:
    with pytest.raises(ValueError, match=r"->|how old"):
        Frames((line,))


def test_a_line_with_choices_stands_for_all_of_them() -> None:
    assert alternatives("(my|our) (big)? dog") == ["my big dog", "my dog", "our big dog", "our dog"]
