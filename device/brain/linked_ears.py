"""Ears of both minds: sound goes to System 2 where it may, and to the recogniser on board at the same time.

So a link that dies in the middle of an utterance costs nothing: what was heard on board counts then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from device.config import Use
from device.contracts import Frame, Transcript
from device.errors import NoSystem2, StageError, TwomindsError
from device.ports import Listening, SpeechToText, System2

log = logging.getLogger(__name__)

BETTER_WITHIN_S: Final = 0.4
"""So long is System 2's transcript waited for once ours is there: about what a person takes for a pause."""
INSTEAD_WITHIN_S: Final = 2.0
"""So long where ours has no words."""


class LinkedEars:
    """The `SpeechToText` port. Sound is sent only while `health.hears` and a person lets System 2 be used."""

    def __init__(self, system_two: System2, on_board: SpeechToText, use: Callable[[], Use]) -> None:
        """`on_board` listens to everything; where there is no recogniser, one that hears nothing."""
        self._system_two = system_two
        self._on_board = on_board
        self._use = use

    @property
    def name(self) -> str:
        return self._on_board.name

    def listen(self) -> Listening:
        ours = self._on_board.listen()
        if not self._may_send():
            return ours
        try:
            return _Both(ours, self._system_two.listen(), self._may_send)
        except NoSystem2 as error:
            log.warning("System 2 does not hear this: %s", error)
            return ours

    async def close(self) -> None:
        await self._on_board.close()

    def _may_send(self) -> bool:
        return self._use() != "never" and self._system_two.health.hears


class _Both:
    """One utterance, heard twice."""

    def __init__(self, ours: Listening, theirs: Listening, may_send: Callable[[], bool]) -> None:
        self._ours = ours
        self._theirs = theirs
        self._may_send = may_send
        self._sending = True

    def feed(self, frame: Frame) -> None:
        self._ours.feed(frame)
        self._sending = self._sending and self._may_send()
        if self._sending:
            try:
                self._theirs.feed(frame)
            except TwomindsError as error:
                log.warning("System 2 hears no more of this: %s", error)
                self._sending = False

    @property
    def partial(self) -> str:
        return self._ours.partial or (self._theirs.partial if self._sending else "")

    async def finish(self) -> Transcript:
        """System 2's transcript if it is there in time, else ours. Raises what ours did if neither is.

        Of a System 2 that does not tell its words, ours count, and it is asked about the sound that it heard.
        """
        if not self._sending:
            return await self._ours.finish()
        async with asyncio.TaskGroup() as group:
            ours = group.create_task(_outcome(self._ours), name="ears on board")
            theirs = group.create_task(_outcome(self._theirs), name="System 2's ears")
            try:
                heard = await _better(ours, theirs)
            finally:
                ours.cancel()
                theirs.cancel()
        if isinstance(heard, Exception):
            raise heard
        return heard

    async def abandon(self) -> None:
        try:
            await self._theirs.abandon()
        finally:
            await self._ours.abandon()


_Heard = Transcript | Exception


async def _outcome(listening: Listening) -> _Heard:
    """A transcript, or why there is none: a task of a group never raises."""
    try:
        return await listening.finish()
    except Exception as error:
        if not isinstance(error, StageError):
            log.error("ears failed in a way they should not", exc_info=error)
        return error


async def _better(ours: asyncio.Task[_Heard], theirs: asyncio.Task[_Heard]) -> _Heard:
    await asyncio.wait({ours, theirs}, return_when=asyncio.FIRST_COMPLETED)
    if not theirs.done():
        await asyncio.wait({theirs}, timeout=BETTER_WITHIN_S if _has_words(ours) else INSTEAD_WITHIN_S)
    if _has_words(theirs):
        return theirs.result()
    heard = await ours
    far = theirs.result() if theirs.done() else None
    if not isinstance(far, Transcript):
        return heard
    if far.heard_as is None:  # nobody spoke, which is more than we know
        return far if isinstance(heard, Exception) else heard
    if isinstance(heard, Transcript) and heard.text.strip():
        return replace(heard, heard_as=far.heard_as)
    return heard  # without words that can be judged, nobody is asked


def _has_words(ears: asyncio.Task[_Heard]) -> bool:
    heard = ears.result() if ears.done() else None
    return isinstance(heard, Transcript) and bool(heard.text.strip())
