"""The curve of false accepts against misses, drawn as SVG."""

from __future__ import annotations

from collections.abc import Sequence

from bench.speech.curve import Point

LEFT, TOP, SIZE = 60, 20, 300
MOST = 0.4
"""Both axes run from 0 to this share; more is drawn at the edge."""
GOAL_ACCEPTED, GOAL_MISSED = 0.10, 0.15


def picture(points: Sequence[Point]) -> str:
    """Missed commands (up) at each share of off-grammar speech accepted (right); the goal is green."""
    people = [(point.false_accepts, 1 - point.kept_people) for point in points]
    synthetic = [(point.false_accepts, 1 - point.kept_synthetic) for point in points]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + SIZE + 170}" height="{TOP + SIZE + 50}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{LEFT + SIZE + 170}" height="{TOP + SIZE + 50}" fill="#fff"/>',
        _goal(),
        f'<rect x="{LEFT}" y="{TOP}" width="{SIZE}" height="{SIZE}" fill="none" stroke="#888"/>',
        *(_ticks(share) for share in (0.0, 0.1, 0.2, 0.3, 0.4)),
        _line(people, "#06c"),
        _line(synthetic, "#c60"),
        _text(LEFT + SIZE / 2, TOP + SIZE + 40, "off-grammar speech accepted", "middle"),
        _text(LEFT + SIZE + 10, TOP + 20, "commands of people missed", colour="#06c"),
        _text(LEFT + SIZE + 10, TOP + 40, "synthetic ones missed", colour="#c60"),
        _text(LEFT + SIZE + 10, TOP + 60, "goal", colour="#383"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _at(accepted: float, missed: float) -> tuple[float, float]:
    return LEFT + SIZE * min(accepted / MOST, 1), TOP + SIZE * (1 - min(missed / MOST, 1))


def _goal() -> str:
    x, y = _at(0, GOAL_MISSED)
    width, height = SIZE * GOAL_ACCEPTED / MOST, SIZE * GOAL_MISSED / MOST
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" fill="#cec"/>'


def _ticks(share: float) -> str:
    x, y = _at(share, share)
    return _text(x, TOP + SIZE + 18, f"{share:.0%}", "middle") + _text(LEFT - 8, y + 4, f"{share:.0%}", "end")


def _line(places: Sequence[tuple[float, float]], colour: str) -> str:
    path = " ".join("{:.1f},{:.1f}".format(*_at(*place)) for place in places)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "#000") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
