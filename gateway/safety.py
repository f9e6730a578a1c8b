"""What judges questions and answers. Fails closed: what cannot be judged is refused."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Literal, Protocol

from openai import AsyncOpenAI, OpenAIError

from device.errors import SafetyError

Audience = Literal["child", "adult"]

REFUSAL = "I would rather not talk about that."


@dataclass(frozen=True, slots=True)
class Judgement:
    """May it be answered, or said? If not, `reason` is a sentence for the person."""

    allowed: bool
    reason: str = ""


ALLOWED = Judgement(True)
REFUSED = Judgement(False, REFUSAL)


class SafetyHook(Protocol):
    """Asked before a mind sees a question, and before a device gets a clause of the answer."""

    async def before(self, text: str, audience: Audience) -> Judgement:
        """Raises SafetyError when it cannot judge: the question is then refused."""
        ...

    async def after(self, clause: str, audience: Audience) -> Judgement:
        """Raises SafetyError when it cannot judge: the answer then ends."""
        ...


_NOBODY = re.compile(
    r"\b(?:(?:build|make|making)\s+an?\s+(?:\w+\s+)?(?:bomb|explosive|nerve agent)"
    r"|(?:ways|how)\s+to\s+(?:kill|poison|torture|hurt)\s+(?:\w+\s+)?(?:people|someone|somebody|myself|yourself|animals?)"
    r"|child\s+porn\w*)\b",
    re.IGNORECASE,
)
_NO_CHILD = re.compile(
    r"\b(?:porn\w*|sexual\s+intercourse|cocaine|heroin|methamphetamine|behead\w*|dismember\w*)\b",
    re.IGNORECASE,
)


class WordSafety:
    """A short list of what is never talked about: a last line, not a classifier. The device has its own."""

    async def before(self, text: str, audience: Audience) -> Judgement:
        return self._judge(text, audience)

    async def after(self, clause: str, audience: Audience) -> Judgement:
        return self._judge(clause, audience)

    def _judge(self, text: str, audience: Audience) -> Judgement:
        if _NOBODY.search(text) or (audience == "child" and _NO_CHILD.search(text)):
            return REFUSED
        return ALLOWED


class ModerationSafety:
    """The list, and then an endpoint's `moderations`; what it flags is refused."""

    def __init__(self, client: AsyncOpenAI, model: str, deadline_s: float) -> None:
        self._words = WordSafety()
        self._client = client
        self._model = model
        self._deadline_s = deadline_s

    async def before(self, text: str, audience: Audience) -> Judgement:
        return await self._judge(text, await self._words.before(text, audience))

    async def after(self, clause: str, audience: Audience) -> Judgement:
        return await self._judge(clause, await self._words.after(clause, audience))

    async def _judge(self, text: str, by_words: Judgement) -> Judgement:
        if not by_words.allowed:
            return by_words
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._client.moderations.create(input=text, model=self._model)
        except (OpenAIError, TimeoutError) as error:
            raise SafetyError("The moderation endpoint did not judge this.") from error
        if not answer.results:
            raise SafetyError("The moderation endpoint judged nothing.")
        return REFUSED if any(result.flagged for result in answer.results) else ALLOWED
