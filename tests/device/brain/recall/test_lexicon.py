"""A lexicon has another fingerprint whenever its words or the rules are others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from device.brain.pack_files import BrokenPack
from device.brain.packs import PACKS
from device.brain.recall import lexicon
from device.brain.recall.lexicon import load_lexicon


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    (tmp_path / "en").mkdir()
    shutil.copy(PACKS / "en/meanings.txt", tmp_path / "en")
    return tmp_path


def test_another_word_or_another_rule_is_another_fingerprint(
    packs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_lexicon("en", packs).fingerprint
    assert load_lexicon("en", packs).fingerprint == first
    with (packs / "en/meanings.txt").open("a") as file:
        file.write("\nwug: wugs\n")
    second = load_lexicon("en", packs).fingerprint
    monkeypatch.setattr(lexicon, "rule_sources", lambda: (Path(__file__),))
    assert len({first, second, load_lexicon("en", packs).fingerprint}) == 3


def test_the_rules_are_all_sources_that_take_questions_apart() -> None:
    names = {source.name for source in lexicon.rule_sources()}
    assert names >= {
        "normalise.py",
        "frames.py",
        "courtesy.py",
        "inflection.py",
        "meaning.py",
        "sound_alike.py",
    }


def test_a_broken_frame_is_told_with_what_to_do(packs: Path) -> None:
    file = packs / "en/meanings.txt"
    file.write_text(file.read_text().replace("[frames]\n", "[frames]\nwhat is * -> why\n"))
    with pytest.raises(BrokenPack, match=r"what is \* -> why.*is no frame"):
        load_lexicon("en", packs)
