"""The mind that needs no model: the same answer to the same question, word by word, and it says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from gateway.minds.ports import Prompt, Tools
from gateway.settings import Scripted

STORY_SENTENCES = 40


class ScriptedMind:
    """For demonstrations and tests. "Wave" has a gesture made, "a long story" takes its time."""

    name = "scripted"

    def __init__(self, settings: Scripted) -> None:
        self._settings = settings

    async def answer(self, prompt: Prompt, tools: Tools) -> AsyncGenerator[str, None]:
        await asyncio.sleep(self._settings.first_word_ms / 1000)
        if "wave" in prompt.text.lower() and tools.offered:
            told = await tools.call("gesture", {"gesture": "wave"})
            yield f"[happy] I asked for a wave: {told}. "
        for word in script(prompt).split():
            yield word + " "
            await asyncio.sleep(self._settings.word_ms / 1000)

    async def close(self) -> None:
        """Nothing is kept."""


def script(prompt: Prompt) -> str:
    """What it answers, but for tools."""
    if "long story" in prompt.text.lower():
        return " ".join(
            f"This is sentence {number} of a long story." for number in range(1, STORY_SENTENCES + 1)
        )
    introduction = "" if prompt.already_said else "This is the scripted mind of the gateway. "
    asked = sum(line.text == prompt.text for line in prompt.history)
    again = f" You asked that before, {asked} {'time' if asked == 1 else 'times'}." if asked else ""
    question = prompt.text if prompt.text.endswith((".", "?", "!")) else f"{prompt.text}?"
    return f"{introduction}You asked: {question}{again} I have no model to answer with."
