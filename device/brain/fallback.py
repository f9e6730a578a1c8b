"""Several engines for one purpose, best first: one that fails rests, and the next one serves meanwhile."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from device.contracts import Audio, Emotion, Prompt
from device.errors import StageError
from device.pipeline import close, each_within
from device.ports import LanguageModel, TextToSpeech

log = logging.getLogger(__name__)

REST_S = 60.0
"""How long an engine that failed is not asked, unless it is the last."""
UNBOUNDED_S = 3600.0
"""Whoever reads the pieces has a bound of their own."""


class _Engine(Protocol):
    @property
    def name(self) -> str: ...

    async def close(self) -> None: ...


EngineT = TypeVar("EngineT", bound=_Engine)
PieceT = TypeVar("PieceT")


class _Engines(Generic[EngineT]):
    """Who is asked now."""

    def __init__(self, engines: Sequence[EngineT], first_piece_s: float, clock: Callable[[], float]) -> None:
        """`engines`, at least one, best first; one that gives nothing for `first_piece_s` has failed."""
        self._all = tuple(engines)
        self._first_piece_s = first_piece_s
        self._clock = clock
        self._rests_until_s = [0.0] * len(self._all)

    @property
    def name(self) -> str:
        """Of the engine that is asked first now."""
        return self._awake()[0].name

    async def close(self) -> None:
        for engine in self._all:
            await engine.close()

    async def _first_to_begin(
        self, start: Callable[[EngineT], AsyncIterator[PieceT]]
    ) -> AsyncIterator[PieceT]:
        """The pieces of the first engine that gives one; once it has begun, its failure is final.

        Raises StageError.
        """
        for engine in self._awake():
            is_last = engine is self._all[-1]
            first_s = UNBOUNDED_S if is_last else self._first_piece_s
            pieces = each_within(start(engine), engine.name, first_s, UNBOUNDED_S)
            begun = False
            try:
                async for piece in pieces:
                    begun = True
                    yield piece
                return
            except StageError as error:
                if begun or is_last:
                    raise
                self._rest(engine, error)
            finally:
                await close(pieces)

    def _rest(self, engine: EngineT, why: StageError) -> None:
        log.warning("%s failed and rests for %g s: %s", engine.name, REST_S, why)
        self._rests_until_s[self._all.index(engine)] = self._clock() + REST_S

    def _awake(self) -> list[EngineT]:
        now_s = self._clock()
        *better, last = zip(self._all, self._rests_until_s, strict=True)
        return [engine for engine, until_s in better if until_s <= now_s] + [last[0]]


class FallbackVoice(_Engines[TextToSpeech]):
    """The `TextToSpeech` port."""

    def synthesise(self, text: str, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Audio]:
        return self._first_to_begin(lambda voice: voice.synthesise(text, emotion))


class FallbackModel(_Engines[LanguageModel]):
    """The `LanguageModel` port."""

    async def prepare(self, prompt: Prompt) -> None:
        """The first that can gets ready; one that cannot would not answer either. Raises StageError."""
        for model in self._awake():
            try:
                await model.prepare(prompt)
                return
            except StageError as error:
                if model is self._all[-1]:
                    raise
                self._rest(model, error)

    def answer(self, prompt: Prompt) -> AsyncIterator[str]:
        return self._first_to_begin(lambda model: model.answer(prompt))
