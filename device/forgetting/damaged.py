"""Copies of databases that were set aside as damaged: nobody can look into them, so they go whole."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from cache.database import DAMAGED

PART: Final = "damaged files"


class DamagedFiles:
    """Of one state directory."""

    def __init__(self, state: Path) -> None:
        self._state = state

    async def forget(self, since_s: float | None) -> int:
        """Remove them all, whenever their rows are from; how many files. Raises OSError."""
        return await asyncio.to_thread(self._remove)

    def _remove(self) -> int:
        files = list(self._state.glob(f"*{DAMAGED}*"))
        for file in files:
            file.unlink(missing_ok=True)
        return len(files)
