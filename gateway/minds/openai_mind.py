"""A mind at any endpoint that speaks OpenAI's chat completions: hosted, vLLM, llama.cpp's server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx
from openai import APIStatusError, AsyncOpenAI, OpenAIError
from openai.types.chat import ChatCompletionChunk
from prometheus_client import Counter

from device.contracts import Who
from device.errors import MindError
from gateway.minds.ports import Prompt, Tools
from gateway.minds.prompting import going_on
from gateway.settings import Llm
from gateway.tools import OFFERED

MOST_ROUNDS = 8
"""Of tools, in one answer."""
MOST_CALLS = 8
"""Of tools, in one round."""
LONGEST_ARGUMENTS = 2000
"""Characters."""

_ROLES = {Who.PERSON: "user", Who.DEVICE: "assistant"}


@dataclass(slots=True)
class _Call:
    """A tool's call on its way, which comes in pieces."""

    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class _Round:
    """What came of one request: words, and tools to call before the next."""

    words: list[str] = field(default_factory=list)
    calls: dict[int, _Call] = field(default_factory=dict)


class OpenAiMind:
    """One request for each round of tools; closing the answer closes the request, which stops the model."""

    def __init__(self, client: AsyncOpenAI, settings: Llm, tokens: Counter) -> None:
        self._client = client
        self._settings = settings
        self._tokens = tokens
        self.name = settings.model

    async def answer(self, prompt: Prompt, tools: Tools) -> AsyncGenerator[str, None]:
        messages = _messages(prompt)
        for _ in range(MOST_ROUNDS):
            now = _Round()
            async with aclosing(self._stream(messages, now, with_tools=tools.offered)) as pieces:
                async for piece in pieces:
                    yield piece
            if not now.calls or not tools.offered:  # one that calls what it was not offered goes on for ever
                return
            messages.append(_assistant(now))
            for call in now.calls.values():
                messages.append(
                    {"role": "tool", "tool_call_id": call.id, "content": await _carry_out(call, tools)}
                )
        raise MindError("The language model calls tools and says nothing.")

    async def close(self) -> None:
        await self._client.close()

    async def _stream(self, messages: list[Any], now: _Round, with_tools: bool) -> AsyncGenerator[str, None]:
        more: dict[str, Any] = {"tools": _described()} if with_tools else {}
        try:
            async with asyncio.timeout(self._settings.first_words_s):
                stream = await self._client.chat.completions.create(
                    model=self._settings.model,
                    messages=messages,
                    stream=True,
                    stream_options={"include_usage": True},
                    max_tokens=self._settings.longest_tokens,
                    temperature=self._settings.temperature,
                    **more,
                )
            async with stream:
                first = True
                while (chunk := await self._next(stream, first)) is not None:
                    first = False
                    if words := self._taken(chunk, now):
                        yield words
        except TimeoutError as error:
            raise MindError("The language model's endpoint did not answer in time.") from error
        except APIStatusError as error:
            raise MindError(f"The language model's endpoint refused: HTTP {error.status_code}.") from error
        except (OpenAIError, httpx.HTTPError, json.JSONDecodeError) as error:
            raise MindError(f"The language model's endpoint failed: {type(error).__name__}.") from error

    async def _next(
        self, stream: AsyncIterator[ChatCompletionChunk], first: bool
    ) -> ChatCompletionChunk | None:
        """None at the end. Raises TimeoutError."""
        within_s = self._settings.first_words_s if first else self._settings.next_words_s
        async with asyncio.timeout(within_s):
            return await anext(stream, None)

    def _taken(self, chunk: ChatCompletionChunk, now: _Round) -> str:
        """The words of a piece; calls of tools go into `now`."""
        if chunk.usage:
            self._tokens.labels("prompt").inc(chunk.usage.prompt_tokens)
            self._tokens.labels("answer").inc(chunk.usage.completion_tokens)
        if not chunk.choices or chunk.choices[0].delta is None:
            return ""
        delta = chunk.choices[0].delta
        for piece in delta.tool_calls or ():
            call = now.calls.setdefault(piece.index, _Call())
            call.id = call.id or piece.id or f"call{piece.index}"
            if piece.function:
                call.name += piece.function.name or ""
                call.arguments += piece.function.arguments or ""
            if len(now.calls) > MOST_CALLS or len(call.arguments) > LONGEST_ARGUMENTS:
                raise MindError("The language model asked for more of a tool than there is.")
        words = delta.content or ""
        now.words.append(words)
        return words


def _messages(prompt: Prompt) -> list[Any]:
    system = {"role": "system", "content": prompt.system}
    history = [{"role": _ROLES[line.who], "content": line.text} for line in prompt.history]
    asked: list[Any] = [{"role": "user", "content": prompt.text}]
    if prompt.already_said:
        system["content"] += " " + going_on(prompt.already_said)
    return [system, *history, *asked]


def _assistant(now: _Round) -> dict[str, Any]:
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in now.calls.values()
    ]
    return {"role": "assistant", "content": "".join(now.words), "tool_calls": calls}


def _described() -> list[Any]:
    return [{"type": "function", "function": {"name": name, **what}} for name, what in OFFERED.items()]


async def _carry_out(call: _Call, tools: Tools) -> str:
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return "The arguments are not JSON."
    if not isinstance(arguments, dict):
        return "The arguments are not an object."
    return await tools.call(call.name, arguments)
