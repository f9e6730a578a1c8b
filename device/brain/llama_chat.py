"""A chat with a model in memory: reads persona and history ahead, answers. Blocking; one thread only."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from device.brain.chat import Budget, Window, chat, prompt_tokens
from device.brain.chat_template import PLAIN, ChatTemplate
from device.brain.llama_engine import LlamaEngine
from device.brain.reply_text import THOUGHT_BEGINS, ReplyText
from device.config import Reply
from device.contracts import Prompt
from device.errors import MindError
from device.jobs import StopFlag

RANDOM_SEED = 0xFFFF_FFFF
"""llama.cpp's word for a new one each time."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer took."""

    prompt_tokens: int
    held_tokens: int
    """Of these, read before: while the person spoke, or in earlier turns."""
    reply_tokens: int
    first_s: float
    """From the beginning of the work to the first token of the reply; 0 when there was none."""


class LlamaChat:
    """An engine, its way of writing a chat, and what of the conversation it is shown."""

    def __init__(self, engine: LlamaEngine, reply: Reply, seed: int = RANDOM_SEED) -> None:
        """Raises EngineMissing when the model's chat template cannot be used."""
        self._engine = engine
        self._reply = reply
        self._seed = seed
        source = engine.chat_template or PLAIN
        self._template = ChatTemplate(source, bos=engine.bos, eos=engine.eos, controls=engine.controls())
        for_prompt = prompt_tokens(engine.context_tokens, reply.longest_tokens)
        budget = Budget(for_prompt, reply.history_tokens, self._message_tokens())
        self._window = Window(budget, engine.count)

    def prepare(self, prompt: Prompt, stop: StopFlag) -> None:
        """Read all that will come before the person's words. Raises MindError."""
        beginning = self._template.beginning(chat(self._window.fit(prompt)))
        if beginning:
            self._engine.read(self._engine.tokens(beginning), stop)

    def answer(self, prompt: Prompt, stop: StopFlag) -> Generator[str, None, Usage]:
        """The reply, piece by piece. Raises MindError, also when there was nothing to say."""
        began_s = time.monotonic()
        rendered = self._template.render(chat(self._window.fit(prompt)))
        tokens = self._engine.tokens(rendered)
        held = self._engine.read(tokens, stop)
        text = ReplyText(self._template.turn_markers, thinking=rendered.rstrip().endswith(THOUGHT_BEGINS))
        written, first_s = 0, 0.0
        for token in self._write(len(tokens), stop):
            written += 1
            first_s = first_s or time.monotonic() - began_s
            if piece := text.feed(self._engine.text_of(token)):
                yield piece
            if text.ended:
                break
        if rest := text.finish():
            yield rest
        if not text.said and not stop:
            raise MindError("The language model had nothing to say.")
        return Usage(len(tokens), held, written, first_s)

    def _message_tokens(self) -> int:
        """What the template puts around a message; half of what opens the reply is counted to each."""
        least = chat(Prompt("a", (), "", "b"))
        around = len(self._engine.tokens(self._template.render(least))) - self._engine.count("ab")
        return -(-around // len(least))

    def _write(self, prompt_tokens: int, stop: StopFlag) -> Iterator[int]:
        longest = min(self._reply.longest_tokens, self._engine.context_tokens - prompt_tokens)
        return self._engine.write(longest, self._reply.temperature, self._reply.top_p, self._seed, stop)
