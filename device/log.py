"""The process's log: times, reasons and places in the code, and never what a person said or was told.

The words of an error are left out as well: whoever raised it may have quoted a person in it. They are
shown at DEBUG only, which a person has to ask for.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def set_up(level: int) -> None:
    """Once per process, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FORMAT) if level <= logging.DEBUG else WordlessFormatter(FORMAT))
    logging.basicConfig(level=level, handlers=[handler])


class WordlessFormatter(logging.Formatter):
    """Shows of an error its kind and where it was raised, and the same of what led to it."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's name
        return "\n".join(_described(ei[1])) if ei[1] else ""


def _described(error: BaseException) -> list[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_described(earlier), "which led to:"] if earlier else []
    places = "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    lines += [f"{type(error).__module__}.{type(error).__qualname__}, raised here:", places]
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            lines += ["made up of:", *_described(part)]
    return lines
