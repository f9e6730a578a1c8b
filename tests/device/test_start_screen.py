from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from device.start_screen import HEIGHT, WIDTH, Part, PartState, render

URL = "http://127.0.0.1:8137"
line = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2000, exclude_categories=["C", "Z"]), max_size=120
)
parts = st.builds(Part, line, st.sampled_from(PartState), line, line)


@given(st.lists(parts, max_size=40), st.sampled_from([URL, None]))
def test_it_always_fits_one_screen(parts: list[Part], url: str | None) -> None:
    lines = render(parts, url).split("\n")
    assert len(lines) < HEIGHT
    assert all(len(line) <= WIDTH for line in lines)


def test_each_part_has_its_mark_and_who_serves_it() -> None:
    shown = render(
        [
            Part("microphone", PartState.SIMULATED, "a recording", "make it so"),
            Part("STT", PartState.REAL, "pocketsphinx"),
            Part("robot", PartState.ABSENT, "none"),
        ],
        URL,
    ).splitlines()
    assert " ~ microphone  a recording" in shown
    assert "               → make it so" in shown
    assert " ✓ STT         pocketsphinx" in shown
    assert " ✗ robot       none" in shown


def test_it_says_where_to_talk() -> None:
    shown = render([], URL)
    assert URL in shown
    assert "twominds ask" in shown


def test_without_a_page_there_is_no_address() -> None:
    assert "http" not in render([], None)


def test_parts_come_before_hints_and_what_is_hidden_is_said() -> None:
    many = [Part(f"part {n}", PartState.SIMULATED, "x", "hint") for n in range(15)]
    shown = render(many, URL)
    assert all(part.name in shown for part in many)
    assert "and 14 more: twominds doctor" in render(many * 2, URL)
