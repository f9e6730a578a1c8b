"""Kept replies as ready sound: rendered while nobody needs the voice, the most used first."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from device.brain.chunker import in_clauses
from device.contracts import Audio, Spoken
from device.errors import TwomindsError

LOOK_AGAIN_S: Final = 3600.0
"""How often it is looked for what has expired, or can be rendered now, where nothing was learned."""
OPEN_AGAIN_S: Final = 60.0
"""How often a disk that failed is tried again."""
MOST_FAILURES: Final = 3
"""After so many replies in a row that cannot be rendered the rest waits."""


class Cache(Protocol):
    """What is asked of `Replies`."""

    changed: asyncio.Event

    async def open(self) -> bool: ...

    async def tidy(self) -> None: ...

    async def unrendered(self, most: int) -> list[tuple[int, str]]: ...

    async def keep_sound(self, reply_id: int, clauses: Sequence[Spoken]) -> None: ...


class Voice(Protocol):
    """See `KeptVoice.render`."""

    async def render(self, clause: str, idle: Callable[[], bool]) -> Audio | None: ...


async def keep_ready(replies: Cache, voice: Voice, idle: Callable[[], bool]) -> None:
    """Open the cache, and render what has no sound yet, but only while `idle()`. Until cancelled.

    Also takes away what has expired. A press breaks a clause off at once; it is made anew later.
    """
    while True:
        replies.changed.clear()
        if opened := await replies.open():
            await replies.tidy()
            with contextlib.suppress(OSError, sqlite3.Error, TwomindsError):  # told
                await _render_missing(replies, voice, idle)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_S if opened else OPEN_AGAIN_S):
                await replies.changed.wait()


async def _render_missing(replies: Cache, voice: Voice, idle: Callable[[], bool]) -> None:
    failed: set[int] = set()
    while len(failed) < MOST_FAILURES:
        missing = await replies.unrendered(len(failed) + 1)
        todo = next(((reply_id, text) for reply_id, text in missing if reply_id not in failed), None)
        if todo is None:
            return
        reply_id, text = todo
        clauses = await _rendered(text, voice, idle)
        if clauses:
            await replies.keep_sound(reply_id, clauses)
        else:
            failed.add(reply_id)


async def _rendered(text: str, voice: Voice, idle: Callable[[], bool]) -> list[Spoken]:
    """The clauses in which a reply is spoken; none if one of them cannot be rendered."""
    spoken = []
    for clause in in_clauses(text):
        audio = await voice.render(clause, idle)
        if audio is None:
            return []
        spoken.append(Spoken(clause, audio))
    return spoken
