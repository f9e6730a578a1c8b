"""System 1: the language model behind the skills, given a persona, a memory and the time."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from device.brain.persona import notes
from device.brain.tags import without_tags
from device.contracts import Line, Prompt, ReplyItem, Request
from device.errors import StageError
from device.ports import LanguageModel

log = logging.getLogger(__name__)


class SystemOne:
    """Answers what no skill does."""

    def __init__(self, model: LanguageModel, persona: str, now: Callable[[], datetime]) -> None:
        """`now` gives aware local time."""
        self._model = model
        self._persona = persona
        self._now = now

    async def prepare(self, history: tuple[Line, ...]) -> None:
        """Let the model take in who it is and what was said, before the next words are known.

        Whatever fails at that fails neither the turn nor the process.
        """
        try:
            await self._model.prepare(Prompt(self._persona, history, notes(self._now())))
        except StageError as error:  # the answer will meet the same trouble, and tell the person
            log.warning("the language model could not get ready: %s", error)
        except Exception:
            log.exception("the language model failed while it got ready")

    def answer(self, request: Request) -> AsyncIterator[ReplyItem]:
        """The reply, its tags turned into events. Raises MindError."""
        prompt = Prompt(self._persona, request.history, notes(self._now()), request.text)
        return without_tags(self._model.answer(prompt))
