"""System 1 on board: llama.cpp as a language model (ports.LanguageModel)."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from device.brain.llama_chat import RANDOM_SEED, LlamaChat, Usage
from device.brain.llama_engine import LlamaEngine
from device.config import Llama, Reply
from device.contracts import Prompt
from device.errors import EngineMissing, MindError
from device.jobs import StopFlag, Worker

log = logging.getLogger(__name__)

LONGEST_SILENCE_S = 60.0
"""A model that writes nothing for so long hangs, should nobody have given it up before."""


class LlamaModel:
    """The model lives in a thread of its own.

    Its longest uninterruptible call is one step of llama.cpp: a token, or some 0.2 s of reading.
    """

    name = "llama.cpp"

    def __init__(
        self,
        model: Path,
        settings: Llama,
        reply: Reply,
        cores: int,
        *,
        seed: int = RANDOM_SEED,
        make_engine: Callable[..., LlamaEngine] = LlamaEngine,
    ) -> None:
        """`cores` are those that this process may use, hyper-threads not counted. Nothing is loaded yet."""

        def make() -> LlamaChat:
            engine = make_engine(
                model,
                context_tokens=settings.context_tokens,
                threads=settings.threads or threads_for(cores),
                memory_map=settings.memory_map,
                lora=Path(settings.lora).expanduser() if settings.lora else None,
            )
            return LlamaChat(engine, reply, seed)

        self._worker = Worker("language model", make)
        self.usage: Usage | None = None
        """Of the last answer, once it has come to its end."""

    async def load(self, deadline_s: float) -> None:
        """Load the model now rather than at the first turn. Raises EngineMissing, StageTimeout."""
        await self._worker.load(deadline_s)

    async def prepare(self, prompt: Prompt) -> None:
        """Read persona and history while the person speaks. Cancel-safe. Raises MindError."""
        try:
            await self._worker.run(lambda chat, stop: chat.prepare(prompt, stop), LONGEST_SILENCE_S)
        except EngineMissing as error:
            raise MindError(str(error)) from error

    async def answer(self, prompt: Prompt) -> AsyncIterator[str]:
        """The reply in pieces. Raises MindError, StageTimeout; closing it stops the model and awaits that."""
        self.usage = None

        def make(chat: LlamaChat, stop: StopFlag) -> Iterator[str]:
            usage = yield from chat.answer(prompt, stop)
            self.usage = None if stop else usage

        try:
            async with contextlib.aclosing(self._worker.stream(make, LONGEST_SILENCE_S)) as pieces:
                async for piece in pieces:
                    yield piece
            log.debug("%s: %s", self.name, self.usage)
        except EngineMissing as error:
            raise MindError(str(error)) from error

    async def close(self) -> None:
        """Let the thread end; the model's memory is freed with it."""
        await self._worker.close()


def threads_for(cores: int) -> int:
    """All but one from three cores on: the microphone, the voice and the event loop need one, too."""
    return cores - 1 if cores > 2 else max(cores, 1)
