"""What is remembered of what was said."""

from __future__ import annotations

from device.contracts import Line, Who
from device.conversation import LINES_KEPT, Conversation


def test_lines_without_words_are_not_remembered() -> None:
    conversation = Conversation()
    conversation.add([Line(Who.PERSON, ""), Line(Who.DEVICE, "Hello.")])
    assert conversation.history == (Line(Who.DEVICE, "Hello."),)


def test_only_the_last_lines_are_kept_oldest_first() -> None:
    conversation = Conversation()
    conversation.add(Line(Who.PERSON, str(number)) for number in range(LINES_KEPT + 5))
    assert [line.text for line in conversation.history] == [str(5 + n) for n in range(LINES_KEPT)]
