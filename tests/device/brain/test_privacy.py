"""What an utterance tells about a person, measured on sentences written for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.brain import privacy
from device.brain.pack_files import BrokenPack
from device.brain.packs import PACKS
from device.brain.privacy import LONGEST, Privacy, Private
from device.config import Consent
from tests.device.brain.told import Told, counts, sentences


@pytest.fixture(scope="module")
def english() -> Privacy:
    return privacy.load("en")


@pytest.mark.parametrize("kind", Private)
def test_little_is_missed_of_what_was_never_tuned_to(english: Privacy, kind: Private) -> None:
    right, found, there = counts(english, sentences("held_out"), kind)
    print(f"{kind.value}: precision {right / found:.3f}, recall {right / there:.3f} of {there}")
    assert right / there >= 0.95
    assert right / found >= 0.85


def test_hardly_anything_private_is_taken_for_nothing(english: Privacy) -> None:
    told = [each for each in sentences("held_out") if each.classes]
    missed = [each.text for each in told if not english.told(each.text)]
    print(f"missed altogether: {len(missed)} of {len(told)}")
    assert len(missed) <= 0.02 * len(told)


def test_questions_about_the_world_tell_nothing(english: Privacy) -> None:
    kept = [each.text for each in sentences("held_out") if not each.classes and english.told(each.text)]
    assert kept == []


def test_the_sentences_are_enough_and_none_stands_in_both_halves() -> None:
    halves = [{each.text.lower() for each in sentences(half)} for half in ("tuned", "held_out")]
    assert all(len(half) >= 75 for half in halves)
    assert not halves[0] & halves[1]


@pytest.mark.parametrize("each", sentences("tuned"), ids=lambda each: each.text)
def test_what_it_was_written_with_is_never_missed(english: Privacy, each: Told) -> None:
    assert bool(english.told(each.text)) == bool(each.classes)


@pytest.mark.parametrize(
    "number",
    [
        "call 555-867-5309",
        "it is 0 7 9 1 2 3 4",
        "oh seven nine one two three four",
        "+44 (0) 20 7946 0018",
        "+4420 79460018",
    ],
)
def test_what_reaches_somebody_is_a_name_and_a_place(english: Privacy, number: str) -> None:
    assert english.told(number) >= {Private.NAMES, Private.PLACES}


@pytest.mark.parametrize(
    "text", ["in the year 1969", "what is 12 times 345", "one two three", "it is 6 7 8 or 9"]
)
def test_other_numbers_reach_nobody(english: Privacy, text: str) -> None:
    assert english.told(text) == frozenset()


def test_what_is_too_long_to_be_looked_through_tells_everything(english: Privacy) -> None:
    assert english.told("why " * LONGEST) == frozenset(Private)


@pytest.mark.parametrize("kind", [Private.NAMES, Private.PLACES, Private.HEALTH])
def test_each_class_has_its_consent(kind: Private) -> None:
    assert privacy.agreed(Consent(**{kind.value: True})) == {kind}
    assert privacy.agreed(Consent()) == frozenset()


def test_nobody_can_agree_to_send_secrets() -> None:
    everything = Consent(**dict.fromkeys(Consent.__struct_fields__, True))
    assert privacy.agreed(everything) == frozenset(Private) - {Private.SECRETS}


@pytest.mark.parametrize("text", ["ayşe hit me", "меня зовут анна", "łukasz"])
def test_letters_that_nobody_here_can_read_tell_everything(english: Privacy, text: str) -> None:
    assert english.told(text) == frozenset(Private)


def test_letters_with_accents_can_be_read(english: Privacy) -> None:
    assert english.told("what is a café, and a naïve piñata — “crème brûlée”?") == frozenset()


def test_a_pattern_that_is_none_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    for name in ("places.txt", "privacy.txt"):
        (folder / name).write_text((PACKS / "en" / name).read_text("utf-8"), "utf-8")
    with (folder / "privacy.txt").open("a", encoding="utf-8") as pack:
        pack.write("\n[more]\nword\n")
    privacy.load("en", tmp_path)
    broken = (folder / "privacy.txt").read_text("utf-8").replace("[health]\n", "[health]\n(my <nothing>\n")
    (folder / "privacy.txt").write_text(broken, "utf-8")
    with pytest.raises(BrokenPack, match="nothing"):
        privacy.load("en", tmp_path)
