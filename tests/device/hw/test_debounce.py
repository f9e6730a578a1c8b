"""A contact that bounces counts once, at once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from device.hw.debounce import Debounce

WINDOW_S = 0.025
LEVELS = st.lists(st.tuples(st.floats(0.0, 0.05), st.booleans()), max_size=60)


def test_the_first_edge_counts_at_once_and_its_bounces_do_not() -> None:
    contact = Debounce(down=False, window_s=WINDOW_S)
    assert contact.edge(True, 1.0) == ((True, 1.0),)
    for after_ms in range(1, 20):
        assert contact.edge(after_ms % 2 == 0, 1.0 + after_ms / 1000) == ()
    assert contact.rest(True, 1.0 + WINDOW_S) == ()
    assert contact.edge(False, 1.5) == ((False, 1.5),)


def test_a_contact_let_go_within_the_window_counts_when_somebody_looks() -> None:
    contact = Debounce(down=False, window_s=WINDOW_S)
    contact.edge(True, 1.0)
    assert contact.edge(False, 1.01) == ()
    assert contact.rest(False, contact.until_s) == ((False, 1.0 + WINDOW_S),)


def test_a_press_counts_even_if_nobody_looked_after_the_one_before() -> None:
    """The event loop, whose timer looks, may hang; the stop must work all the same."""
    contact = Debounce(down=False, window_s=WINDOW_S)
    contact.edge(True, 1.0)
    contact.edge(False, 1.01)
    assert contact.edge(True, 2.0) == ((False, 1.0 + WINDOW_S), (True, 2.0))


def test_without_a_window_every_edge_counts() -> None:
    contact = Debounce(down=False, window_s=0.0)
    edges = [contact.edge(down, 1.0) for down in (True, False, True)]
    assert edges == [((True, 1.0),), ((False, 1.0),), ((True, 1.0),)]


@given(st.booleans(), LEVELS)
def test_edges_take_turns_in_order_of_time_and_no_two_lie_within_a_window(
    down: bool, levels: list[tuple[float, bool]]
) -> None:
    contact = Debounce(down, WINDOW_S)
    edges: list[tuple[bool, float]] = []
    now_s = 0.0
    for passes_s, level in levels:
        now_s += passes_s
        edges += contact.edge(level, now_s)
    assert [edge[0] for edge in edges] == [
        not down if place % 2 == 0 else down for place in range(len(edges))
    ]
    times = [edge[1] for edge in edges]
    assert all(later - earlier >= WINDOW_S - 1e-9 for earlier, later in pairwise(times))


@given(LEVELS)
def test_once_at_rest_and_looked_at_it_counts_as_what_it_is(levels: list[tuple[float, bool]]) -> None:
    contact = Debounce(down=False, window_s=WINDOW_S)
    now_s = 0.0
    for passes_s, level in levels:
        now_s += passes_s
        contact.edge(level, now_s)
    rest = levels[-1][1] if levels else False
    for _ in range(2):
        contact.rest(rest, max(now_s, contact.until_s))
    assert contact.down is rest
