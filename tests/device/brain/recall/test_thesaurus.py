"""Words that mean nearly the same are akin, the more so the more usual that meaning is; names never are."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from device.brain.recall.thesaurus import Thesaurus, find_thesauri
from device.brain.recall.wordnet import WordNet
from tests.device.brain.recall.tiny_wordnet import write


@pytest.fixture
def tiny(tmp_path: Path) -> Thesaurus:
    return Thesaurus(WordNet(write(tmp_path)))


@pytest.fixture(scope="module")
def real() -> Thesaurus:
    thesauri = find_thesauri()
    if not thesauri:
        pytest.skip("needs WordNet: Debian's package wordnet-base")
    return thesauri["en"]


def test_words_of_one_meaning_are_as_near_as_can_be(tiny: Thesaurus) -> None:
    assert tiny.nearness("zirp", "gemlet") == tiny.nearness("gemlet", "zirps") == 1.0


def test_a_rare_meaning_makes_words_less_near(tiny: Thesaurus) -> None:
    assert tiny.nearness("plonk", "verge") > 0.9
    assert 0.2 < tiny.nearness("plonk", "till") < 0.5


def test_what_is_derived_and_what_is_similar_is_less_near(tiny: Thesaurus) -> None:
    assert tiny.nearness("extinguish", "extinction") == pytest.approx(0.75)
    assert tiny.nearness("steep", "bluff") == pytest.approx(0.7)


def test_opposites_are_known_in_any_form(tiny: Thesaurus) -> None:
    assert tiny.are_opposed("extinguished", "kindling")
    assert tiny.are_opposed("kindle", "extinguish")
    assert not tiny.are_opposed("extinguish", "extinguish")


@pytest.mark.parametrize("word", ["goose", "quickly", "nonsense", ""])
def test_a_word_that_stands_alone_has_no_kin(tiny: Thesaurus, word: str) -> None:
    assert tiny.kin(word) == {}


def test_a_name_is_no_kin_of_the_word_that_is_written_like_it(tmp_path: Path) -> None:
    tiny = Thesaurus(WordNet(write(tmp_path)))
    assert set(tiny.kin("zirp")) == {"gemlet"}


def test_where_it_is_not_installed_there_is_none_and_one_line_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert find_thesauri((tmp_path / "nowhere", tmp_path)) == {}
    assert len(caplog.records) == 1


def test_the_first_place_that_has_it_counts(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    assert find_thesauri((tmp_path, write(there)))["en"].nearness("zirp", "gemlet") == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("founded", "established"),
        ("movie", "film"),
        ("soothe", "comfort"),
        ("doctor", "physician"),
        ("inventor", "invent"),
        ("breadth", "wide"),
        ("autumn", "fall"),
    ],
)
def test_the_real_one_knows_words_that_mean_the_same(real: Thesaurus, one: str, other: str) -> None:
    assert real.nearness(one, other) > 0.4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lion", "tiger"),
        ("river", "lake"),
        ("bird", "owl"),
        ("hot", "cold"),
        ("attract", "repel"),
        ("red", "blue"),
    ],
)
def test_the_real_one_keeps_apart_what_is_only_related(real: Thesaurus, one: str, other: str) -> None:
    assert real.nearness(one, other) == 0.0
    assert real.are_opposed("hot", "cold")
