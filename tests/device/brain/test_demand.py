"""What an utterance asks of a mind."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.routing import confusion, deep, left
from device.brain import demand
from device.brain.demand import Demand, Demands
from device.brain.pack_files import BrokenPack
from device.brain.packs import PACKS
from device.brain.recogniser import Recogniser


@pytest.fixture(scope="module")
def english() -> Demands:
    return demand.load("en")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Think hard: what is best?", Demand.WISH),
        ("please ask the cloud about it", Demand.WISH),
        ("what do you see", Demand.VISION),
        ("Can you see me?", Demand.VISION),
        ("what can you see on my shopping list", Demand.OTHER),
        ("I'm so sad today", Demand.TALK),
        ("do you like dogs", Demand.TALK),
        ("What's the weather tomorrow?", Demand.RECENCY),
        ("who won the game", Demand.RECENCY),
        ("could you tell me the news", Demand.RECENCY),
        ("what is my balance today", Demand.OTHER),
        ("explain how a plane flies", Demand.REASONING),
        ("how do you say thank you in french", Demand.REASONING),
        ("how do i say i love you in spanish", Demand.REASONING),
        ("write me a poem about a fox", Demand.REASONING),
        ("who was Albert Einstein", Demand.KNOWLEDGE),
        ("why is the sky blue", Demand.KNOWLEDGE),
        ("do ducks sleep", Demand.KNOWLEDGE),
        ("turn on the lights", Demand.OTHER),
        ("my mommy cries a lot", Demand.TALK),
        ("we had pancakes and then it rained", Demand.TALK),
        ("i heard that the moon is made of cheese", Demand.OTHER),
        ("i need something for my homework", Demand.OTHER),
        ("my socks and the wardrobe", Demand.OTHER),
        ("", Demand.OTHER),
    ],
)
def test_what_is_asked_is_seen(english: Demands, text: str, asked: Demand) -> None:
    assert english.of(text) is asked


def test_a_huge_text_is_looked_at_by_its_beginning(english: Demands) -> None:
    assert english.of("why is the sky " + "very " * 100_000 + "blue") is Demand.KNOWLEDGE


def test_who_needs_system_2_is_seen_in_requests_that_no_pattern_was_written_for(
    shared_data: Path, recogniser: Recogniser
) -> None:
    requests = left(recogniser, "val", shared_data / "text/clinc150_train_val.json", every=4)
    found = deep(confusion(requests))
    print(f"needs System 2: precision {found.precision:.3f}, recall {found.recall:.3f} of {found.count}")
    assert found.recall >= 0.80
    assert found.precision >= 0.65


def test_a_pattern_that_is_none_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    whole = (PACKS / "en/demand.txt").read_text("utf-8")
    (folder / "demand.txt").write_text(whole.replace("[vision]\n", "[vision]\nsee (that\n"), "utf-8")
    with pytest.raises(BrokenPack, match="see "):
        demand.load("en", tmp_path)
