"""The gateway's services without a process: the scripted mind, and stores on a file that goes away."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator

from gateway.composition import open_services
from gateway.present import Present
from gateway.services import Services
from gateway.settings import Settings


@contextlib.contextmanager
def services(settings: Settings | None = None) -> Iterator[tuple[Services, Present]]:
    """For what is looked at and not run."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        opening = open_services(settings or Settings(data=folder), {})
        given = runner.run(opening.__aenter__())
        try:
            yield given, Present(given)
        finally:
            runner.run(opening.__aexit__(None, None, None))
