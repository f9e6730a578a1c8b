"""The mind behind its safety hook for clients that speak OpenAI's chat completions. Nothing of it is kept."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from device.contracts import Line, Who
from device.errors import TwomindsError
from device.link.native import DeviceInfo
from gateway.answering import AnswerRefused
from gateway.minds.prompting import prompt
from gateway.rest.problems import responses
from gateway.services import Services
from gateway.tools import NoTools

Finish = Literal["stop", "content_filter"]
_WHO = {"user": Who.PERSON, "assistant": Who.DEVICE}
AS_EVENTS: dict[str, Any] = {
    "description": "The answer; with `stream`, as server-sent events.",
    "content": {
        "text/event-stream": {
            "schema": {
                "type": "object",
                "properties": {"data": {"type": "string"}},
                "required": ["data"],
            }
        }
    },
}


class Message(BaseModel):
    """One of a conversation that the client keeps."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str = Field(max_length=8000)


class Conversation(BaseModel):
    """The last message of a user is the question; what the assistant says after it is gone on from.

    Whatever else OpenAI's clients send is passed over.
    """

    messages: Annotated[list[Message], Field(min_length=1, max_length=200)]
    model: str = Field("twominds", max_length=128, description="Taken as it is: the gateway has one mind")
    stream: bool = False


class Choice(BaseModel):
    """The answer; `content_filter`: the safety hook let nothing more pass."""

    index: Literal[0] = 0
    message: Message
    finish_reason: Finish


class Completion(BaseModel):
    """OpenAI's `chat.completion`."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]


def routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/v1/chat", tags=["chat"])

    @router.post(
        "/completions",
        summary="Ask as OpenAI's clients do; nothing of it is kept",
        response_model=Completion,
        responses={200: AS_EVENTS, **responses(502, 504)},
    )
    async def completions(asked: Conversation) -> Completion | Response:
        pieces = _answered(asked, services)
        head = {"id": secrets.token_urlsafe(12), "created": int(time.time()), "model": asked.model}
        if asked.stream:
            return StreamingResponse(_as_events(pieces, head), media_type="text/event-stream")
        said, finish = "", "stop"
        async with aclosing(pieces):
            async for words, why in pieces:
                said, finish = said + words, why
        message = Message(role="assistant", content=said.strip())
        return Completion.model_validate(head | {"choices": [{"message": message, "finish_reason": finish}]})

    return router


async def _answered(asked: Conversation, services: Services) -> AsyncGenerator[tuple[str, Finish], None]:
    """Words, and why they end where they do. Raises MindError, TimeoutError."""
    settings, answering = services.settings, services.answering
    told = " ".join(one.content for one in asked.messages if one.role not in _WHO)
    person = DeviceInfo(id="", public_key="", persona=told)
    lines = [Line(_WHO[one.role], one.content) for one in asked.messages if one.role in _WHO]
    at = max((place for place, line in enumerate(lines) if line.who is Who.PERSON), default=-1)
    question = lines[at].text if at >= 0 else ""
    if not question.strip():
        return
    begun = " ".join(line.text for line in lines[at + 1 :])
    whole = prompt(person, settings.llm.system_prompt, tuple(lines[:at]), question, begun)
    try:
        async with asyncio.timeout(settings.limits.answer_s):
            await answering.admit(question, person)
            async with aclosing(answering.clauses(whole, person, NoTools())) as clauses:
                async for clause in clauses:
                    yield clause.text, "stop"
    except AnswerRefused:
        yield "", "content_filter"


async def _as_events(
    pieces: AsyncGenerator[tuple[str, Finish], None], head: dict[str, Any]
) -> AsyncIterator[str]:
    """OpenAI's `chat.completion.chunk`s."""

    def chunk(delta: dict[str, str], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _event(head | {"object": "chat.completion.chunk", "choices": [choice]})

    finish = "stop"
    yield chunk({"role": "assistant", "content": ""})
    try:
        async with aclosing(pieces):
            async for words, why in pieces:
                finish = why
                yield chunk({"content": words})
    except (TwomindsError, TimeoutError) as error:
        yield _event({"error": {"message": str(error) or "It took too long.", "type": "server_error"}})
    else:
        yield chunk({}, finish)
    yield "data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data)}\n\n"
