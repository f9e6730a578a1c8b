"""A prompt as chat messages, cut to what a language model's context takes. Pure.

A model keeps what it has read as long as the next prompt begins the same way. So what is cut is cut in
large steps: the beginning then stays the same for many turns, and only what is new has to be read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from device.contracts import Line, Prompt, Who
from device.errors import MindError

Role = Literal["system", "user", "assistant"]
Count = Callable[[str], int]
"""Tokens of a text."""

MESSAGE_TOKENS = 8
"""What a chat template puts around a message where nobody knows it: gemma 6, ChatML 5, Llama 3 6."""

UNSAID = "…"
"""Stands for the person's words where the device spoke first: many templates refuse such a chat."""

LONGEST_TOKEN_CHARACTERS = 32
"""No vocabulary in use has many longer ones; it bounds how much of a huge request is looked at."""


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Budget:
    prompt_tokens: int
    """For everything that the model reads: its context without the longest reply."""
    history_tokens: int
    message_tokens: int = MESSAGE_TOKENS
    """What is put around each message."""


def prompt_tokens(context_tokens: int, longest_reply: int) -> int:
    """What of a context is for the prompt: a reply is promised its length, but never more than half."""
    return context_tokens - min(longest_reply, context_tokens // 2)


def chat(prompt: Prompt) -> tuple[Message, ...]:
    """Persona, then person and device in strict turns; notes and the person's words come last.

    What the person said without being answered belongs to what they say now.
    """
    messages = [Message("system", prompt.persona)] if prompt.persona else []
    turns = _turns(prompt.history)
    unanswered = turns.pop().content if turns and turns[-1].role == "user" else ""
    last = "\n\n".join(part for part in (unanswered, prompt.notes, prompt.text) if part)
    return (*messages, *turns, Message("user", last))


def _turns(history: Sequence[Line]) -> list[Message]:
    turns: list[Message] = []
    for line in history:
        role: Role = "user" if line.who is Who.PERSON else "assistant"
        if not turns and role == "assistant":
            turns.append(Message("user", UNSAID))
        if turns and turns[-1].role == role:
            turns[-1] = Message(role, f"{turns[-1].content} {line.text}")
        else:
            turns.append(Message(role, line.text))
    return turns


class Window:
    """What of the conversation the model is shown. It remembers where it cut, and nothing else."""

    def __init__(self, budget: Budget, count: Count) -> None:
        self._budget = budget
        self._count = count
        self._shown: tuple[Line, ...] = ()

    def fit(self, prompt: Prompt) -> Prompt:
        """The prompt, its history without the oldest lines and its text without the beginning, if need be.

        Raises MindError when the persona alone is too long.
        """
        room = self._budget.prompt_tokens - self._cost(prompt.persona) - self._cost(prompt.notes)
        if room <= self._budget.message_tokens:
            raise MindError(
                "The persona is too long for the language model: shorten it or raise its context."
            )
        text = _cut(prompt.text, room - self._budget.message_tokens, self._count)
        room -= self._cost(text)
        self._shown = self._show(prompt.history, min(room, self._budget.history_tokens))
        return replace(prompt, history=self._shown, text=text)

    def _show(self, history: tuple[Line, ...], room: int) -> tuple[Line, ...]:
        """Everything since the last cut while that fits; otherwise a new cut, to half of what fits."""
        start = self._last_cut(history)
        if start is None:
            if self._shown and self._shown[-1] in history:  # whoever keeps the history dropped its beginning
                history = history[len(history) // 2 :]
                return self._latest(history, room // 2)
            start = 0
        shown = history[start:]
        return shown if self._total(shown) <= room else self._latest(shown, room // 2)

    def _last_cut(self, history: tuple[Line, ...]) -> int | None:
        """Where that which was shown last begins; None when it is not all there, in one piece."""
        length = len(self._shown)
        starts = range(len(history) - length, -1, -1) if length else ()
        return next((i for i in starts if history[i : i + length] == self._shown), None)

    def _latest(self, lines: tuple[Line, ...], room: int) -> tuple[Line, ...]:
        """The longest end that fits and begins with the person."""
        start = len(lines)
        for i in range(len(lines) - 1, -1, -1):
            room -= self._cost(lines[i].text)
            if room < 0:
                break
            if lines[i].who is Who.PERSON:
                start = i
        return lines[start:]

    def _total(self, lines: Sequence[Line]) -> int:
        return sum(self._cost(line.text) for line in lines)

    def _cost(self, text: str) -> int:
        return self._count(text) + self._budget.message_tokens if text else 0


def _cut(text: str, tokens: int, count: Count) -> str:
    """The longest end of at most so many tokens, from the beginning of a word if that is possible."""
    if len(text) <= tokens * LONGEST_TOKEN_CHARACTERS and count(text) <= tokens:
        return text
    text = text[-tokens * LONGEST_TOKEN_CHARACTERS :]
    words = [i + 1 for i, character in enumerate(text) if character.isspace()]
    for starts in (words, range(len(text))):
        first = bisect_left(starts, True, key=lambda start: count(text[start:]) <= tokens)
        if first < len(starts) and (rest := text[starts[first] :].strip()):
            return rest
    return ""
