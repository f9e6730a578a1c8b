"""What racing two minds saves, in virtual time: `python -m bench.minds_race`.

The real race and the real fall between minds that are sleeps. How long the sleeps are is drawn from what
others measured of such minds, not from ours; what is measured here is what the joining makes of them.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import statistics
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

from bench.figure import Figure, percentile
from device.brain.cascade import Attempt, cascade
from device.brain.evasions import load
from device.brain.race import race
from device.config import Deadlines
from device.contracts import Mind, ReplyItem, Say
from device.pipeline import close
from tests.virtual_time import run

TURNS: Final = 500
FAR_P50_S, FAR_P90_S = 1.3, 3.0
"""Cloud voice agents from the end of the words to the first sound, as published for LiveKit's cascades
(P50 1.2 to 1.4 s, P90 3.0 s); log-normal between."""
NEAR_P50_S, NEAR_SPREAD = 0.7, 0.2
"""A first clause of 8 tokens from a model of 1 B parameters at 12 tokens/s, a Raspberry Pi 5 as its memory
bandwidth has it; give or take a fifth."""
EVADES: Final = 0.3
"""The share of System 1's answers that say nothing; assumed."""
_TO_P90: Final = 1.2816
"""Standard deviations from the median to the 90th percentile of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Luck:
    """How long both minds would take in one turn, and whether System 1 would only evade."""

    far_s: float
    near_s: float
    evades: bool


def draw(rng: random.Random, evades: float) -> Luck:
    sigma = math.log(FAR_P90_S / FAR_P50_S) / _TO_P90
    near_s = NEAR_P50_S * rng.uniform(1 - NEAR_SPREAD, 1 + NEAR_SPREAD)
    return Luck(rng.lognormvariate(math.log(FAR_P50_S), sigma), near_s, rng.random() < evades)


def minds_race() -> list[Figure]:
    """Of the same turns: the race, System 2 with its fall, and System 1, until the first clause is there."""
    logging.disable(logging.WARNING)  # each fall is logged
    try:
        return [figure for evades in (0.0, EVADES) for figure in _figures(evades)]
    finally:
        logging.disable(logging.NOTSET)


def _figures(evades: float) -> list[Figure]:
    rng = random.Random(5)
    turns = [draw(rng, evades) for _ in range(TURNS)]
    raced = [_first_clause_s(_raced, luck) for luck in turns]
    far = [_first_clause_s(_far, luck) for luck in turns]
    near = [_first_clause_s(_near, luck) for luck in turns]
    share = f"{evades:.0%} evasions"
    how = (
        f"{TURNS} turns in virtual time; System 2 {FAR_P50_S} s (p90 {FAR_P90_S} s), System 1 {NEAR_P50_S} s "
        f"± {NEAR_SPREAD:.0%}, which evades in {evades:.0%} of them"
    )
    return [
        _ratio(f"race ÷ System 2 with its fall, {share}", raced, far, how),
        _ratio(f"race ÷ System 1 alone, {share}", raced, near, how),
        Figure(f"first clause of a race, {share}, p50", statistics.median(raced), "s", None, how),
        Figure(f"first clause of a race, {share}, p90", percentile(raced, 90), "s", None, how),
        Figure(f"System 2 with its fall, {share}, p50", statistics.median(far), "s", None, how),
        Figure(f"System 2 with its fall, {share}, p90", percentile(far, 90), "s", None, how),
    ]


def _ratio(name: str, raced: list[float], alone: list[float], how: str) -> Figure:
    pairs = statistics.median(a / b for a, b in zip(raced, alone, strict=True))
    return Figure(name, pairs, "×", None, f"median of paired ratios; {how}")


def _first_clause_s(ask: Callable[[Luck], AsyncIterator[ReplyItem]], luck: Luck) -> float:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        began_s, items = loop.time(), ask(luck)
        try:
            async for item in items:
                if isinstance(item, Say):
                    return loop.time() - began_s
        finally:
            await close(items)
        raise AssertionError("a mind that always answers did not")

    return run(story())


def _raced(luck: Luck) -> AsyncIterator[ReplyItem]:
    evasions = load("en")

    async def good(clause: str) -> bool:
        return not evasions.evades(clause)

    return race(_attempts(luck), good)


def _far(luck: Luck) -> AsyncIterator[ReplyItem]:
    return cascade(_attempts(luck), Deadlines().next_words_s)


def _near(luck: Luck) -> AsyncIterator[ReplyItem]:
    return cascade(_attempts(luck)[1:], Deadlines().next_words_s)


def _attempts(luck: Luck) -> list[Attempt]:
    limits = Deadlines()
    near = "I do not know. " if luck.evades else "It is blue. "
    return [
        Attempt(Mind.SYSTEM_2, lambda: _mind(luck.far_s, "Light scatters. "), limits.system2_words_s),
        Attempt(Mind.SYSTEM_1, lambda: _mind(luck.near_s, near), limits.first_words_s),
    ]


async def _mind(first_s: float, text: str) -> AsyncIterator[ReplyItem]:
    await asyncio.sleep(first_s)
    yield Say(text)
    yield Say("So it is.")


if __name__ == "__main__":
    for figure in minds_race():
        print(figure.as_line())
