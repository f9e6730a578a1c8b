"""What every test of the cache of replies can ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.device.replies.kept_replies import Cache


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)
