"""What each LED shows when, pure: (look, time) → colours. Works for a ring and for a single LED.

Each pattern has a rhythm of its own, as a lighthouse has its character, so that it is known without
seeing colours, and without another to compare it with. On a ring some of them also move round.

Nothing flashes more than three times in any second, the limit for people with photosensitive epilepsy
(WCAG 2.2, 2.3.1); this holds for the sign of leaving content over any pattern, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from device.hw.looks import DARK, Look, Pattern, Rgb

LEAVING: Rgb = (1.0, 0.25, 0.75)
"""The colour that says: content is leaving this device."""
SIGN_S = 1.25
"""How long the sign takes on a single LED, and how long it is shown on a ring at the shortest."""
SIGN_EVERY_S = 4.0
SIGN_FLASHES_S = ((0.4, 0.55), (0.7, 0.85))
"""A quick pair, set apart by darkness before and after: no pattern has that."""
RING_FROM = 6
"""With fewer LEDs than this, a gap would not be seen as one: they all show what a single LED shows."""

STILL = frozenset({Pattern.STEADY, Pattern.DIM})


def frame(look: Look, t_s: float, count: int, leaving_s: float | None = None) -> tuple[Rgb, ...]:
    """The colours of `count` LEDs `t_s` after the look began, the sign of leaving content over them.

    `leaving_s`: how long ago content began to leave; None: nothing leaves.
    """
    levels = _RING[look.pattern](t_s, count) if _is_ring(look, count) else [_ONE[look.pattern](t_s)] * count
    red, green, blue = look.colour
    colours = [(red * level, green * level, blue * level) for level in levels]
    if leaving_s is None:
        return tuple(colours)
    return tuple(_ring_sign(colours) if count >= RING_FROM else _single_sign(colours, leaving_s))


def is_still(look: Look, count: int, leaving: bool) -> bool:
    """Whether it shows the same until something changes."""
    return look.pattern in STILL and (not leaving or count >= RING_FROM)


# --- the sign of leaving content -----------------------------------------------------------------


def _ring_sign(colours: list[Rgb]) -> list[Rgb]:
    """One LED in the sign's colour, and a gap on both sides of it."""
    return [LEAVING, DARK, *colours[2:-1], DARK]


def _single_sign(colours: list[Rgb], leaving_s: float) -> list[Rgb]:
    """Two flashes in the dark; then the look again, until the next."""
    since_s = leaving_s % SIGN_EVERY_S
    if since_s >= SIGN_S:
        return colours
    lit = any(begin_s <= since_s < end_s for begin_s, end_s in SIGN_FLASHES_S)
    return [LEAVING if lit else DARK] * len(colours)


# --- levels of a single LED, 0 to 1; each begins visibly -----------------------------------------


def _steady(t_s: float) -> float:
    return 1.0


def _dim(t_s: float) -> float:
    return 0.4


def _breathe(t_s: float) -> float:
    """Slowly down and up."""
    return 0.05 + 0.95 * _swing(t_s / 5.0)


def _rise(t_s: float) -> float:
    """Up, and cut off."""
    return 0.1 + 0.9 * (t_s / 1.5 % 1.0)


def _fall(t_s: float) -> float:
    """Struck like a bell, and dying away."""
    left = 1.0 - t_s / 3.0 % 1.0
    return left * left


def _pulse(t_s: float) -> float:
    """Down and up once a second."""
    return 0.1 + 0.9 * _swing(t_s)


def _flicker(t_s: float) -> float:
    """Never dark, and livelier than the others."""
    return 0.3 + 0.7 * _swing(t_s * 2.0)


def _blink(t_s: float) -> float:
    """On for as long as off."""
    return 1.0 if t_s % 1.2 < 0.6 else 0.0


def _flash(t_s: float) -> float:
    """Short and urgent."""
    return 1.0 if t_s % 0.5 < 0.15 else 0.0


def _wink(t_s: float) -> float:
    """On, with a short gap now and then."""
    return 1.0 if t_s % 3.0 < 2.5 else 0.0


def _swing(cycles: float) -> float:
    """From 1 to 0 and back, once a cycle."""
    return (1.0 + math.cos(2 * math.pi * cycles)) / 2


_ONE: Mapping[Pattern, Callable[[float], float]] = {
    Pattern.STEADY: _steady,
    Pattern.DIM: _dim,
    Pattern.BREATHE: _breathe,
    Pattern.RISE: _rise,
    Pattern.FALL: _fall,
    Pattern.SPIN: _pulse,
    Pattern.WAVE: _flicker,
    Pattern.BLINK: _blink,
    Pattern.FLASH: _flash,
    Pattern.WINK: _wink,
}


# --- levels of a ring, where it shows more than a single LED ------------------------------------


def _spinning(t_s: float, count: int) -> list[float]:
    """A comet: its head goes round, its tail fades over two fifths of the ring."""
    head = t_s / 1.2 % 1.0
    behind = [(head - place / count) % 1.0 for place in range(count)]
    return [max(0.0, 1.0 - distance / 0.4) ** 2 for distance in behind]


def _waving(t_s: float, count: int) -> list[float]:
    """Two humps go round; nothing is ever dark."""
    return [0.2 + 0.8 * _swing(2 * place / count - t_s / 0.8) for place in range(count)]


def _filling(t_s: float, count: int) -> list[float]:
    """One LED after another, until all are lit."""
    lit = (0.1 + 0.9 * (t_s / 1.5 % 1.0)) * count
    return [min(1.0, max(0.0, lit - place)) for place in range(count)]


def _draining(t_s: float, count: int) -> list[float]:
    """All are lit, and go out one after another."""
    lit = (1.0 - t_s / 3.0 % 1.0) * count
    return [min(1.0, max(0.0, lit - place)) for place in range(count)]


_RING: Mapping[Pattern, Callable[[float, int], list[float]]] = {
    Pattern.SPIN: _spinning,
    Pattern.WAVE: _waving,
    Pattern.RISE: _filling,
    Pattern.FALL: _draining,
}


def _is_ring(look: Look, count: int) -> bool:
    return count >= RING_FROM and look.pattern in _RING
