"""The growth of lookups is measured and drawn, here of two small stores."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="needs matplotlib, which only draws: make test installs it")

from bench.reply_growth import draw, grown
from cache.replies import MOST_PER_TERM, MOST_TERMS


def test_two_sizes_are_measured_and_drawn(tmp_path: Path) -> None:
    small, large = grown((100, 400))
    assert (small.questions, large.questions) == (100, 400)
    assert 0 < large.exact_p50_ms <= large.exact_p99_ms
    assert 0 < large.near_p50_ms <= large.near_p99_ms
    assert 0 < large.most_rows_read <= MOST_TERMS * MOST_PER_TERM
    draw([small, large], tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
