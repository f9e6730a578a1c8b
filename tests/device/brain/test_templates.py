"""The sentence files, and who reads what of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hassil import WildcardSlotList

from device.brain import templates
from device.errors import SettingsError


def write(root: Path, text: str) -> Path:
    (root / "xx").mkdir()
    (root / "xx" / "all.yaml").write_text(text, "utf-8")
    return root


GREETINGS = """
language: xx
expansion_rules: {before: "(please|hey)", after: "now", before_spoken: "please"}
intents:
  hello:
    data:
      - sentences: ["hello"]
        metadata: {speech: true}
      - sentences: ["ahoy"]
      - sentences: ["hi"]
        metadata: {speech: only}
  typed:
    data:
      - sentences: ["only typed"]
"""


def sentences(read: templates.Templates) -> dict[str, list[str]]:
    return {
        name: [text for block in intent.data for text in block.sentence_texts]
        for name, intent in read.intents.intents.items()
    }


def test_text_and_speech_read_what_is_theirs(tmp_path: Path) -> None:
    root = write(tmp_path, GREETINGS)
    assert sentences(templates.for_text("xx", root)) == {"hello": ["hello", "ahoy"], "typed": ["only typed"]}
    assert sentences(templates.for_speech("xx", root)) == {"hello": ["hello", "hi"]}


def test_polite_words_are_listed_shortest_first(tmp_path: Path) -> None:
    read = templates.for_text("xx", write(tmp_path, GREETINGS))
    assert (read.before, read.after) == (("hey", "please"), ("now",))


def test_speech_has_few_polite_words_of_its_own(tmp_path: Path) -> None:
    read = templates.for_speech("xx", write(tmp_path, GREETINGS))
    assert (read.before, read.after) == (("please",), ())


def test_nothing_that_is_spoken_has_a_wildcard() -> None:
    spoken = templates.for_speech("en").intents
    used = {
        name
        for intent in spoken.intents.values()
        for block in intent.data
        for sentence in block.sentences
        for name in sentence.list_names()
    }
    assert used
    assert not [name for name in used if isinstance(spoken.slot_lists[name], WildcardSlotList)]


@pytest.mark.parametrize(
    "text", ["language: xx\nintents: [", "intents: {}", "language: xx\nintents: {hi: 5}"]
)
def test_a_broken_file_is_refused_with_its_folder(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        templates.for_text("xx", write(tmp_path, text))


def test_a_language_without_sentences_is_refused() -> None:
    with pytest.raises(SettingsError, match="no sentences for the language 'tlh'"):
        templates.for_text("tlh")


def test_all_that_can_be_said_for_stop_is_listed() -> None:
    urgent = templates.spoken_as(templates.for_speech("en"), "stop")
    assert {"stop", "please stop", "stop it please", "be quiet", "never mind"} <= urgent
    assert len(urgent) < 500
