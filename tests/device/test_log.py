"""What reaches the log of an error that quotes a person."""

from __future__ import annotations

import logging
import sys

from device.log import WordlessFormatter

SECRET = "my name is Ada"


def fail_deeply() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ExceptionGroup(SECRET, [ValueError(SECRET), OSError(SECRET)]) from error


def logged() -> str:
    """As `log.exception` would write it."""
    try:
        fail_deeply()
    except ExceptionGroup:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "turn %d failed", (7,), sys.exc_info())
        return WordlessFormatter("%(levelname)s %(message)s").format(record)
    raise AssertionError("nothing failed")


def test_kinds_and_places_of_errors_are_shown() -> None:
    shown = logged()
    assert shown.startswith("ERROR turn 7 failed\n")
    for told in ("KeyError", "ValueError", "OSError", "ExceptionGroup", "in fail_deeply"):
        assert told in shown


def test_their_words_are_not() -> None:
    assert SECRET not in logged()
