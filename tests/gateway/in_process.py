"""The gateway's services without a process: the scripted mind, and stores on a file that goes away."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any

from gateway.composition import open_services
from gateway.present import Present
from gateway.services import Services
from gateway.settings import Settings


@contextlib.contextmanager
def services(**tables: Any) -> Iterator[tuple[Services, Present]]:
    """With these tables of the settings (`limits=Limits(…)`)."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        opening = open_services(Settings(data=folder, **tables), {})
        given = runner.run(opening.__aenter__())
        try:
            yield given, Present(given)
        finally:
            runner.run(opening.__aexit__(None, None, None))
