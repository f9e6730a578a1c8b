"""A server and a store for every test that wants them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.server import FileServer
from tests.models.toys import Rig


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


@pytest.fixture
def rig(server: FileServer, tmp_path: Path) -> Rig:
    return Rig(server, tmp_path)
