"""Why a connection ends: a close code, a word for programs, a sentence for a person."""

from __future__ import annotations

from dataclasses import dataclass

RESTARTS = 1012
BROKE_RULES = 4400
WRONG_PROOF = 4401
NOT_REGISTERED = 4403
NO_START = 4408
NEWER_CONNECTION = 4409
TOO_MANY = 4429


@dataclass(frozen=True, slots=True)
class Ending:
    """How the gateway ends a connection. docs/system-2.md has the table of the codes."""

    close_code: int
    code: str
    message: str
    retry_after_s: float | None = None


class Refused(Exception):
    """The connection is not wanted, or not any more."""

    def __init__(self, close_code: int, code: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.ending = Ending(close_code, code, message, retry_after_s)
