from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from device.start_screen import HEIGHT, WIDTH, Part, PartState, render

URL = ("http://127.0.0.1:8137/#token=k7mp-3xqr-tq9w-v4hd",)
NETWORK = (*URL, "https://192.0.2.7:8138/#token=k7mp-3xqr-tq9w-v4hd", "its fingerprint:", "AB:CD", "EF:01")
line = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2000, exclude_categories=["C", "Z"]), max_size=120
)
parts = st.builds(Part, line, st.sampled_from(PartState), line, line)


@given(st.lists(parts, max_size=40), st.sampled_from([URL, NETWORK, ()]))
def test_it_always_fits_one_screen(parts: list[Part], url: tuple[str, ...]) -> None:
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
    assert f"Talk:  {URL[0]}" in shown.splitlines()
    assert "twominds ask" in shown


def test_every_line_of_the_address_is_there_whatever_else_has_to_go() -> None:
    many = [Part(f"part {n}", PartState.SIMULATED, "x", "hint") for n in range(30)]
    shown = render(many, NETWORK).splitlines()
    assert [line.strip() for line in shown if line[7:] in NETWORK] == [f"Talk:  {NETWORK[0]}", *NETWORK[1:]]


def test_without_a_page_there_is_no_address() -> None:
    assert "http" not in render([], ())


def test_parts_come_before_hints_and_what_is_hidden_is_said() -> None:
    many = [Part(f"part {n}", PartState.SIMULATED, "x", "hint") for n in range(15)]
    shown = render(many, URL)
    assert all(part.name in shown for part in many)
    assert "and 14 more: twominds doctor" in render(many * 2, URL)
