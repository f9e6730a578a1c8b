"""The best engine that loads serves; what was tried in vain is told, and never stops the agent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from device.choosing import Chosen, choose
from device.errors import EngineMissing, NotInstalled, StageTimeout


def loader(outcome: str | Exception) -> Callable[[], Awaitable[str]]:
    async def load() -> str:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return load


def chosen(wanted: str, count: int = 1, **outcomes: str | Exception) -> Chosen[str]:
    loaders = {name: loader(outcome) for name, outcome in outcomes.items()}
    return asyncio.run(choose("STT", wanted, loaders, count))


ABSENT = EngineMissing("The model tiny is damaged: twominds models fetch tiny mends it")


NOT_YET = NotInstalled("No model is installed: make voice")


def test_what_nobody_has_installed_yet_is_no_fault_unless_it_was_asked_for() -> None:
    assert chosen("auto", best=NOT_YET, good="g") == Chosen(("g",), (), more_to_install=True)
    assert chosen("best", best=NOT_YET, good="g") == Chosen(("g",), (str(NOT_YET),))


def test_the_best_that_is_there_serves_and_nothing_is_said() -> None:
    assert chosen("auto", best="b", good="g") == Chosen(("b",))


def test_the_next_one_down_serves_where_the_best_is_missing_and_the_reason_is_kept() -> None:
    assert chosen("auto", best=ABSENT, good="g", plain="p") == Chosen(("g",), (str(ABSENT),))


def test_the_wanted_one_comes_first_and_the_others_stand_in_for_it() -> None:
    assert chosen("good", best="b", good="g") == Chosen(("g",))
    assert chosen("good", best="b", good=ABSENT) == Chosen(("b",), (str(ABSENT),))


def test_several_are_loaded_where_they_stand_in_for_each_other_later() -> None:
    assert chosen("auto", 2, best="b", good=ABSENT, plain="p") == Chosen(("b", "p"), (str(ABSENT),))


def test_none_at_all_is_no_error_here() -> None:
    assert chosen("auto", best=ABSENT) == Chosen((), (str(ABSENT),))


@pytest.mark.parametrize(
    ("wanted", "error", "level"),
    [
        ("auto", ABSENT, logging.WARNING),
        ("auto", StageTimeout("speech recogniser", 60), logging.WARNING),
        ("auto", RuntimeError("unheard of"), logging.ERROR),
    ],
)
def test_a_fault_is_logged(
    wanted: str, error: Exception, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert chosen(wanted, best=error, good="g").engines == ("g",)
    assert [record.levelno for record in caplog.records] == [level]


def test_a_library_that_breaks_in_an_unknown_way_is_named() -> None:
    assert chosen("auto", best=RuntimeError("?"), good="g").missed == (
        "best cannot be used: RuntimeError, see the log.",
    )
