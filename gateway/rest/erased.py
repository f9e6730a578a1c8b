"""What became of erasing something."""

from __future__ import annotations

from pydantic import BaseModel


class Erased(BaseModel):
    """How many rows were removed."""

    rows: int
