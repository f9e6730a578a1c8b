"""How long things are kept: what is older than the settings allow is erased, at the start and every hour."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from device.errors import TwomindsError

log = logging.getLogger(__name__)

EVERY_S: Final = 3600.0
DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One part, and how long what it has may be kept."""

    part: str
    days: float
    forget_before: Callable[[float], Awaitable[int]]
    """Erase for good what came before (lived seconds); how much.

    Raises OSError, sqlite3.Error, TwomindsError.
    """


async def keep_to(rules: Sequence[Rule], lived: Callable[[], float]) -> None:
    """Until cancelled. What cannot be erased now is tried again an hour later. `lived`: lived seconds."""
    while True:
        for rule in rules:
            await _apply(rule, lived())
        await asyncio.sleep(EVERY_S)


async def _apply(rule: Rule, now_s: float) -> None:
    try:
        gone = await rule.forget_before(now_s - rule.days * DAY_S)
    except (OSError, sqlite3.Error, TwomindsError) as error:
        log.error("%s older than %g days cannot be erased: %s", rule.part, rule.days, error)
        return
    if gone:
        log.info("%s older than %g days: %d erased", rule.part, rule.days, gone)
