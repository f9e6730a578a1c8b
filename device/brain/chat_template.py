"""Chat messages as the one text that a model was trained to continue, by the template in its file.

Templates are Jinja; they run in the sandbox of llama-cpp-python, so this needs that package.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from device.brain.chat import Message, Role
from device.errors import EngineMissing, MindError

PLAIN = (
    "{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}\n\n"
    "{% else %}{{ 'Person' if message.role == 'user' else 'Robot' }}: {{ message.content }}\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}Robot:{% endif %}"
)
"""For a model without a template: a play of two."""

_HOLES = "\ue000", "\ue001", "\ue002", "\ue003"
"""Contents that no template and no person has: they show what the template puts around them."""

_LOOKS_LIKE_A_MARKER = re.compile(r"<[^<>\s]+>|\[/?[A-Z_]+\]")


class ChatTemplate:
    """A model's way of writing a chat. What people say can never become one of its markers."""

    def __init__(self, source: str, *, bos: str, eos: str, controls: Iterable[str]) -> None:
        """`controls` are the texts of the vocabulary's control tokens. Raises EngineMissing."""
        from jinja2 import TemplateError
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        self._errors: tuple[type[Exception], ...] = (TemplateError, ValueError, TypeError, LookupError)
        self._markers = re.compile("(?!)")
        try:
            self._formatter = Jinja2ChatFormatter(source, eos_token=eos, bos_token=bos)
            self._knows_system = self._shows_system()
            around = self._render(_trial()).translate({ord(hole): "\n" for hole in _HOLES})
        except self._errors as error:
            raise EngineMissing(
                f"The language model's chat template cannot be used ({error}): choose another model."
            ) from error
        self._markers = _any_of({*controls, *_LOOKS_LIKE_A_MARKER.findall(around)})
        self.turn_markers = self._find_turn_markers()
        """Text that a model writes when it goes on to the next turn, should it not end by a token."""

    def render(self, messages: Sequence[Message]) -> str:
        """The text to continue. Raises MindError."""
        try:
            return self._render([replace(m, content=self._defused(m.content)) for m in messages])
        except self._errors as error:
            raise MindError("The language model's chat template does not take this conversation.") from error

    def beginning(self, messages: Sequence[Message]) -> str:
        """The text up to where the last message goes on, which is not known yet. Raises MindError."""
        *known, last = messages
        more_to_come = "\n\n".join(part for part in (last.content, _HOLES[0]) if part)
        return self.render([*known, replace(last, content=more_to_come)]).partition(_HOLES[0])[0]

    def _defused(self, content: str) -> str:
        """Markers in it broken by a space, so that they are read as what they are: something said."""
        return self._markers.sub(lambda found: f"{found[0][:1]} {found[0][1:]}", content).strip()

    def _render(self, messages: Sequence[Message]) -> str:
        if not self._knows_system:
            messages = _system_folded(messages)
        listed: list[Any] = [{"role": message.role, "content": message.content} for message in messages]
        return str(self._formatter(messages=listed, enable_thinking=False).prompt)

    def _shows_system(self) -> bool:
        """Some templates refuse a system message, some leave it out."""
        self._knows_system = True
        try:
            return _HOLES[0] in self._render(_trial())
        except self._errors:
            return False

    def _find_turn_markers(self) -> tuple[str, ...]:
        """The first line of what stands between a reply and the next request."""
        after_reply = self._render(_trial()).partition(_HOLES[2])[2]
        between = re.split("|".join(_HOLES), after_reply)[0]
        lines = between.strip(" ").splitlines(keepends=True)
        marker = lines[0] if lines else ""
        if marker == "\n" and len(lines) > 1:
            marker += lines[1]
        return (marker.rstrip(),) if len(marker.strip()) > 1 else ()


def _trial() -> tuple[Message, ...]:
    roles: tuple[Role, ...] = ("system", "user", "assistant", "user")
    return tuple(Message(role, hole) for role, hole in zip(roles, _HOLES, strict=True))


def _system_folded(messages: Sequence[Message]) -> Sequence[Message]:
    """The system's text at the head of the first request."""
    if len(messages) < 2 or messages[0].role != "system":
        return messages
    system, first, *rest = messages
    return (replace(first, content=f"{system.content}\n\n{first.content}"), *rest)


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    known = sorted((text for text in texts if len(text) > 1), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, known)) or "(?!)")
