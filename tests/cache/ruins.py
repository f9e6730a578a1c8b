"""Pages of a database in ruins."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

PAGE = 4096
RUBBISH = b"\x5a"


def ruin_in_use(file: Path) -> None:
    """All but its first page, so that whoever has it open meets them at the next call."""
    with closing(sqlite3.connect(file)) as database:  # what somebody else has written, nobody remembers
        database.execute("CREATE TABLE elsewhere (number INTEGER)")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as writing:
        writing.seek(PAGE)
        writing.write(RUBBISH * (file.stat().st_size - PAGE))
