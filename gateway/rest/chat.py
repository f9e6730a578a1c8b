"""A question by text, for programs that are no devices."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from device.errors import TwomindsError
from device.link.native import DeviceInfo
from gateway.answering import AnswerRefused
from gateway.minds.prompting import prompt
from gateway.rest.problems import responses
from gateway.services import Services
from gateway.tools import NoTools

NOBODY = ""
"""The owner of sessions that are no device's."""


AS_EVENTS: dict[str, Any] = {
    "description": "The answer; with `stream`, as server-sent events.",
    "content": {
        "text/event-stream": {
            "schema": {
                "type": "object",
                "properties": {
                    "event": {"enum": ["session", "text", "refused", "failed", "done"]},
                    "data": {"type": "string"},
                },
                "required": ["event", "data"],
            }
        }
    },
}


class Question(BaseModel):
    """What is asked."""

    text: str = Field(min_length=1, max_length=8000)
    session_id: str = Field("", max_length=64, description="To go on with a session of this API")
    language: str = Field("en", max_length=16)
    audience: Literal["child", "adult"] = "child"
    stream: bool = Field(False, description="As server-sent events: session, text …, done")


class Answer(BaseModel):
    """What was answered; `refused`: the safety hook let nothing more pass."""

    session_id: str
    text: str
    refused: bool = False


def routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/v1/chat", tags=["chat"])

    @router.post(
        "",
        summary="Ask, and get the answer whole or as it comes",
        response_model=Answer,
        responses={200: AS_EVENTS, **responses(502, 504)},
    )
    async def chat(question: Question) -> Answer | Response:
        session_id = await services.stores.sessions.open(NOBODY, question.session_id)
        events = _answered(question, session_id, services)
        if question.stream:
            return StreamingResponse(_as_events(events, session_id), media_type="text/event-stream")
        said, refused = [], False
        async with aclosing(events):
            async for text in events:
                refused = text is None
                said.append(text or "")
        return Answer(session_id=session_id, text="".join(said).strip(), refused=refused)

    return router


async def _answered(
    question: Question, session_id: str, services: Services
) -> AsyncGenerator[str | None, None]:
    """The clauses; None in the end, where the safety hook ended it. Raises MindError, StoreError."""
    settings, sessions = services.settings, services.stores.sessions
    person = DeviceInfo(id=NOBODY, public_key="", language=question.language, audience=question.audience)
    try:
        await services.answering.admit(question.text, person)
    except AnswerRefused:
        yield None
        return
    history = await sessions.history(session_id, settings.llm.history_characters)
    turn_id = secrets.randbits(32)
    await sessions.asked(session_id, NOBODY, turn_id, question.text)
    asked = prompt(person, settings.llm.system_prompt, history, question.text, "")
    said: list[str] = []
    try:
        async with (
            asyncio.timeout(settings.limits.answer_s),
            aclosing(services.answering.clauses(asked, person, NoTools())) as clauses,
        ):
            async for clause in clauses:
                said.append(clause.text)
                yield clause.text
    except AnswerRefused:
        yield None
    finally:
        await sessions.said(session_id, turn_id, "".join(said).strip(), False, settings.limits.said_s)


async def _as_events(events: AsyncGenerator[str | None, None], session_id: str) -> AsyncGenerator[str, None]:
    yield _event("session", {"session_id": session_id})
    try:
        async with aclosing(events):
            async for text in events:
                if text is not None:
                    yield _event("text", {"text": text})
                else:
                    yield _event("refused", {})
    except (TwomindsError, TimeoutError) as error:
        yield _event("failed", {"detail": str(error) or "It took too long."})
    else:
        yield _event("done", {})


def _event(name: str, data: dict[str, str]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
