"""WordNet's own format is read: in a few words of our own making, and the real one where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.brain.recall.thesaurus import PLACES
from device.brain.recall.wordnet import WordNet
from tests.device.brain.recall.tiny_wordnet import SYNSETS, write


@pytest.fixture
def tiny(tmp_path: Path) -> WordNet:
    return WordNet(write(tmp_path))


@pytest.fixture(scope="module")
def real() -> WordNet:
    for place in PLACES:
        if place.is_dir():
            return WordNet(place)
    pytest.skip("needs WordNet: Debian's package wordnet-base")


def words_of(wordnet: WordNet, word: str) -> list[tuple[str, ...]]:
    return [
        wordnet.synset(sense.part, sense.synset).words
        for part, lemma in wordnet.lemmas(word)
        for sense in wordnet.senses(lemma, part)
    ]


def test_every_word_is_found_with_all_its_meanings(tiny: WordNet) -> None:
    for synset in SYNSETS:
        for word in synset.words:
            plain = tuple(each.partition("(")[0] for each in synset.words)
            assert plain in words_of(tiny, word.partition("(")[0].lower())


@pytest.mark.parametrize("word", ["", "a", "ext", "extinguishes_", "zzz", "1", "été", "  1", "%"])
def test_what_is_no_word_is_not_found(tiny: WordNet, word: str) -> None:
    assert list(tiny.lemmas(word)) == []
    assert tiny.senses(word, "n") == []


@pytest.mark.parametrize(
    ("word", "part", "lemma"),
    [
        ("geese", "n", "goose"),
        ("lit", "v", "light"),
        ("plonks", "n", "plonk"),
        ("extinguishing", "v", "extinguish"),
        ("kindled", "v", "kindle"),
        ("steeper", "a", "steep"),
        ("puts_out", "v", "put_out"),
    ],
)
def test_inflected_words_are_found_by_their_dictionary_form(
    tiny: WordNet, word: str, part: str, lemma: str
) -> None:
    assert list(tiny.lemmas(word)) == [(part, lemma)]


def test_a_meaning_tells_how_often_it_was_met(tiny: WordNet) -> None:
    assert [(sense.rank, sense.count) for sense in tiny.senses("plonk", "n")] == [(1, 9), (2, 1)]
    assert [sense.count for sense in tiny.senses("goose", "n")] == [0]


def test_pointers_lead_from_a_word_to_a_word_and_others_are_passed_over(tiny: WordNet) -> None:
    (sense,) = tiny.senses("extinguish", "v")
    pointers = tiny.synset("v", sense.synset).pointers
    assert [(each.symbol, each.part, each.source, each.target) for each in pointers] == [
        ("!", "v", 1, 1),
        ("+", "n", 1, 1),
    ]
    assert tiny.synset("n", pointers[1].synset).words == ("extinction",)
    (goose,) = tiny.senses("goose", "n")
    assert tiny.synset("n", goose.synset).pointers == ()


def test_a_folder_without_all_its_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "data.verb").unlink()
    with pytest.raises(OSError):
        WordNet(tmp_path)


def test_words_of_the_real_one_are_found_up_to_its_ends(real: WordNet) -> None:
    assert words_of(real, "movies")[0][:2] == ("movie", "film")
    assert list(real.lemmas("zymosis")) == [("n", "zymosis")]
    assert list(real.lemmas("aahed")) == [("v", "aah")]
    assert list(real.lemmas("children")) == [("n", "child")]
