"""What there is to tell, and what is said of a pack that is broken."""

from __future__ import annotations

import random
import re
from pathlib import Path
from string import Formatter

import pytest

from device.brain import packs
from device.brain.pack_files import BrokenPack, paragraphs, sections
from device.brain.packs import PACKS, Deck, Phrases
from device.brain.skills import SKILLS, WAITING
from device.brain.templates import for_text
from device.contracts import Gesture, Stock

GOOD = {
    "jokes.txt": "Why?\nBecause.\n",
    "facts.txt": "Water is wet.\n",
    "stories.txt": "A title\nOne.\nTwo.\nThree.\nFour.\nFive.\n",
    "small_talk.txt": "[greeting]\nHello!\n",
    "stock.txt": "[muted]\nI am muted.\n",
    "timers.txt": "[timer_set]\nIt runs.\n",
}


def pack(folder: Path, **changed: str) -> Path:
    """A good pack but for what is changed, by file name without its ending."""
    (folder / "xx").mkdir()
    for name, text in GOOD.items():
        (folder / "xx" / name).write_text(changed.get(name.removesuffix(".txt"), text), "utf-8")
    return folder


@pytest.mark.parametrize(("file", "least"), [("jokes", 40), ("facts", 40), ("stories", 10)])
def test_there_is_enough_to_tell(file: str, least: int) -> None:
    assert len(list(paragraphs(PACKS / "en" / f"{file}.txt"))) >= least


def test_the_english_packs_are_sound() -> None:
    loaded = packs.load("en", random.Random(1))
    assert set(loaded.decks) == {"joke", "fact", "story"}


def test_every_stock_case_has_its_words() -> None:
    say = packs.phrases("en")
    for stock in Stock:
        assert re.fullmatch(r"[A-Z].*[.!?]", say(stock))


def test_every_intent_has_a_skill_or_a_phrase_and_every_gesture_its_words() -> None:
    phrases = sections(PACKS / "en" / "small_talk.txt")
    intents = set(for_text("en").intents.intents)
    assert intents - set(SKILLS) - set(WAITING) - set(phrases) == set()
    assert {f"gesture_{gesture.value}" for gesture in Gesture} <= set(phrases)


@pytest.mark.parametrize("file", ["small_talk.txt", "timers.txt", "promises.txt"])
def test_all_wordings_of_a_phrase_have_the_same_braces(file: str) -> None:
    for name, wordings in sections(PACKS / "en" / file).items():
        braces = {
            frozenset(field for _, field, _, _ in Formatter().parse(text) if field) for text in wordings
        }
        if name != "dice":
            assert len(braces) == 1, name


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"jokes": "# jokes\n\nWhy?\nBecause\n"}, r"jokes\.txt, line 3: end the joke with a full stop"),
        ({"jokes": "Why?\nNo.\n\nWhy?\nNo.\n"}, r"jokes\.txt, line 4: this joke stands in line 1"),
        ({"jokes": "# none yet\n"}, r"jokes\.txt, line 1: write at least one joke"),
        ({"facts": "Water is 💧.\n"}, r"facts\.txt, line 1: write signs and emoji as words"),
        (
            {"facts": "Water is wet" + " and wet" * 30 + ".\n"},
            r"facts\.txt, line 1: make the fact shorter than",
        ),
        ({"stories": "A title\nOnly one sentence.\n"}, r"stories\.txt, line 1: a story is a title and five"),
        ({"small_talk": "Hello!\n"}, r"small_talk\.txt, line 1: put a \[heading\] above"),
        ({"small_talk": "[a]\nA.\n\n[a]\nB.\n"}, r"small_talk\.txt, line 4: \[a\] stands here a second time"),
        ({"small_talk": "[a]\n[b]\nB.\n"}, r"small_talk\.txt, line 1: write at least one line under \[a\]"),
        ({"small_talk": "[a]\nIt is {time.\n"}, r"small_talk\.txt, line 2: close every brace"),
    ],
)
def test_a_broken_pack_names_the_file_the_line_and_what_to_do(
    tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    with pytest.raises(BrokenPack, match=said):
        packs.load("xx", random.Random(1), pack(tmp_path, **changed))


def test_a_file_that_is_not_text_is_named_with_its_line(tmp_path: Path) -> None:
    root = pack(tmp_path)
    (root / "xx" / "jokes.txt").write_bytes(b"Why?\nBecause.\n\nWas f\xfcr eine Frage!\n")
    with pytest.raises(BrokenPack, match=r"jokes\.txt, line 4: save the file as UTF-8"):
        packs.load("xx", random.Random(1), root)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    root = pack(tmp_path)
    (root / "xx" / "facts.txt").unlink()
    with pytest.raises(BrokenPack, match=r"facts\.txt.*put it back"):
        packs.load("xx", random.Random(1), root)


def test_a_stock_case_without_words_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenPack, match=r"stock\.txt.*\[not_understood\]"):
        packs.phrases("xx", pack(tmp_path))


def test_a_deck_tells_everything_once_before_it_repeats() -> None:
    deck = Deck(("One.", "Two.", "Three."), random.Random(1))
    assert sorted(str(deck.draw()) for _ in range(3)) == ["One.", "Three.", "Two."]
    assert deck.draw() is not None


def test_a_deck_tells_about_a_topic_and_does_not_pretend() -> None:
    deck = Deck(("A cat sat.", "Two dogs ran.", "Caterpillars crawl."), random.Random(1))
    assert deck.draw("cats") == "A cat sat."
    assert deck.draw("the little dog") == "Two dogs ran."
    assert deck.draw("cats") == "A cat sat."
    assert deck.draw("zebras") is None


def test_wordings_are_used_in_turn() -> None:
    phrases = Phrases({"hello": ("Hello {name}!", "Hi {name}!")}, name="Robot")
    said = [phrases.say("hello", name="Mia") for _ in range(3)]
    assert said == ["Hello Mia!", "Hi Mia!", "Hello Mia!"]
