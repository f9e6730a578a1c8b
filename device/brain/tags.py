"""Tags in a language model's reply: `{happy}` and `{wave}` become events and are never spoken.

A tag is an emotion or a gesture by name, in any case, also as `{emotion: happy}`. Whatever else stands in
braces is a stage direction and is left out. A brace that is not closed within `LONGEST_TAG` characters is
a slip of the model: only the brace is left out, unless what follows it is a tag that was cut off.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Final

from device.contracts import Emotion, Express, Gesture, Perform, ReplyItem, Say
from device.pipeline import close

LONGEST_TAG: Final = 60
"""Characters between the braces."""

_DOES: Final[Mapping[str, ReplyItem]] = {
    **{emotion.value: Express(emotion) for emotion in Emotion},
    **{gesture.value: Perform(gesture) for gesture in Gesture},
}


_BEGINNINGS: Final = (*_DOES, "emotion", "gesture")
"""What stands after the brace of a tag."""


class TagReader:
    """Reads one reply. The same text gives the same items however it is broken into deltas."""

    def __init__(self) -> None:
        self._tag: str | None = None
        """What came after a brace that is still open."""
        self._after_space = True
        self._swallow_space = False
        """A tag between two spaces, or at the beginning, takes one of them along."""
        self._in_word = False
        self._after_word: list[ReplyItem] = []
        """What tags inside a word ask for: it comes after the word, which is judged and spoken whole."""

    def feed(self, delta: str) -> Iterator[ReplyItem]:
        """The items of the reply as far as they are certain."""
        said: list[str] = []
        for character in delta:
            for item in self._take(character):
                if isinstance(item, Say):
                    said.append(item.text)
                    continue
                yield from _joined(said)
                said.clear()
                yield item
        yield from _joined(said)

    def finish(self) -> Iterator[ReplyItem]:
        """The reply is over; what came after an unclosed brace is words after all."""
        text, self._tag = self._tag, None
        yield from self._say(_words(text or ""))
        yield from self._after_word
        self._after_word.clear()

    def _take(self, character: str) -> Iterator[ReplyItem]:
        if self._tag is None:
            if character == "{":
                self._tag = ""
            elif character != "}":
                yield from self._say(character)
        elif character == "}":
            name, self._tag = _name(self._tag), None
            self._swallow_space = self._after_space
            if name in _DOES and self._in_word:
                self._after_word.append(_DOES[name])
            elif name in _DOES:
                yield _DOES[name]
        elif character == "{" or len(self._tag) == LONGEST_TAG:
            text, self._tag = self._tag + character.strip("{"), "" if character == "{" else None
            yield from self._say(_words(text))
        else:
            self._tag += character

    def _say(self, text: str) -> Iterator[ReplyItem]:
        spoken = text.lstrip(" ") if self._swallow_space else text
        if spoken:
            if not spoken[0].isalnum():
                yield from self._after_word
                self._after_word.clear()
            self._swallow_space = False
            self._after_space, self._in_word = spoken[-1].isspace(), spoken[-1].isalnum()
            yield Say(spoken)


async def without_tags(deltas: AsyncIterator[str]) -> AsyncIterator[ReplyItem]:
    """The items of a whole reply, as it comes."""
    reader = TagReader()
    try:
        async for delta in deltas:
            for item in reader.feed(delta):
                yield item
        for item in reader.finish():
            yield item
    finally:
        await close(deltas)


def _name(tag: str) -> str:
    """`Emotion: Look Left` → `look_left`."""
    last = tag.lower().replace("=", ":").rpartition(":")[2]
    return "_".join(last.replace("-", " ").replace("_", " ").split())


def _words(unclosed: str) -> str:
    """What is said of the text after a brace that is not closed: nothing of a tag that was cut off.

    A reply that is as long as it may be often ends so.
    """
    name = _name(unclosed)
    return "" if any(known.startswith(name) for known in _BEGINNINGS) else unclosed


def _joined(said: list[str]) -> Iterator[Say]:
    if said:
        yield Say("".join(said))
