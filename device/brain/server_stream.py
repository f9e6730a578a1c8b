"""What an OpenAI-compatible server streams, made into text. Pure: bytes in, pieces out.

Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), each with one JSON
object of the chat completions API (https://platform.openai.com/docs/api-reference/chat-streaming), and
`[DONE]` at the end. Fields that are not data are skipped, as the specification says.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from device.errors import MindError

log = logging.getLogger(__name__)

LONGEST_LINE_BYTES = 64 * 1024
"""A delta of a few words is some 200 bytes."""


class ChatStream:
    """One reply on its way in."""

    def __init__(self) -> None:
        self._held = b""
        self.ended = False
        """The server said that the reply is complete."""

    def feed(self, raw: bytes) -> list[str]:
        """The pieces of text that are now whole. Raises MindError for what no such server sends."""
        *lines, self._held = (self._held + raw).split(b"\n")
        if max(map(len, (*lines, self._held))) > LONGEST_LINE_BYTES:
            raise MindError("The language model's server sent a line without end.")
        return [text for line in lines if not self.ended and (text := self._piece(line))]

    def finish(self) -> list[str]:
        """Nothing more comes. Raises MindError when the reply is not complete."""
        pieces = self.feed(b"\n")
        if not self.ended:
            raise MindError("The language model's server broke off in the middle of its reply.")
        return pieces

    def _piece(self, line: bytes) -> str:
        field, _, value = line.strip().partition(b":")
        if field != b"data":
            return ""
        if value.strip() == b"[DONE]":
            self.ended = True
            return ""
        choice = _first_choice(_parsed(value))
        self.ended = bool(choice.get("finish_reason"))
        delta = choice.get("delta")
        text = delta.get("content") if isinstance(delta, dict) else None
        return text if isinstance(text, str) else ""


def _parsed(value: bytes) -> dict[str, Any]:
    """One event. Raises MindError, also when the server reports one of its own."""
    try:
        event = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise MindError("The language model's server sent something that is no reply.") from error
    if not isinstance(event, dict):
        raise MindError("The language model's server sent something that is no reply.")
    if event.get("error"):
        log.debug("The server's error: %.300s", event["error"])
        raise MindError("The language model's server failed in the middle of its reply.")
    return event


def _first_choice(event: dict[str, Any]) -> dict[str, Any]:
    """Empty for an event that only reports how much was used."""
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    return choice if isinstance(choice, dict) else {}
