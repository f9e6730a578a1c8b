"""How often a kept reply is found in other words, and how often a wrong one is: by class, half and set.

`python -m bench.replies` prints it; with `pack-only` WordNet is left aside where it is installed, and with
`failures` it shows what fails in the half that may be tuned on.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cache.replies import ReplyStore
from cache.reply_rows import NewReply
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import NO_THESAURI, Matcher
from device.brain.recall.thesaurus import Thesaurus, find_thesauri
from tests.device.brain.recall.quality import (
    CLASSES,
    PARTS,
    Part,
    kept_questions,
    near_misses,
    paraphrases,
)


@dataclass(frozen=True, slots=True)
class Score:
    """Of one class of utterances."""

    asked: int
    right: int
    wrong: int

    def __str__(self) -> str:
        return f"{self.right:4d} right, {self.wrong:2d} wrong of {self.asked}"


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one utterance; `wanted` is "" where no answer is right."""

    kind: str
    utterance: str
    wanted: str
    got: str
    sure: float

    @property
    def right(self) -> bool:
        return self.got == self.wanted

    @property
    def wrong(self) -> bool:
        return bool(self.got) and not self.right


@contextmanager
def kept(matcher: Matcher, part: Part) -> Iterator[ReplyStore]:
    """A store with every kept question of a quality set, one wording each, its id as the reply."""
    with tempfile.TemporaryDirectory() as directory:
        store = ReplyStore(Path(directory) / "replies.db")
        for question in kept_questions(part):
            wording = matcher.wording(question.question, "en")
            assert wording is not None, question.question
            store.put(NewReply("en", (wording,), question.id, "system_2", "allowed"), 0.0)
        yield store
        store.close()


def answered(part: Part, thesauri: Mapping[str, Thesaurus] = NO_THESAURI) -> list[Answered]:
    """Every utterance of a part; near misses are of the class "near_miss"."""
    matcher = Matcher({"en": load_lexicon("en")}, thesauri)
    asked = [(each.kind, each.utterance, each.id) for each in paraphrases(part)]
    asked += [("near_miss", each.utterance, "") for each in near_misses(part)]
    with kept(matcher, part) as store:
        results = []
        for kind, utterance, wanted in asked:
            found = matcher.best(utterance, "en", "", 0.0, store)
            got, sure = (found[0].reply, found[1]) if found else ("", 0.0)
            results.append(Answered(kind, utterance, wanted, got, sure))
    return results


def scores(results: list[Answered]) -> dict[str, Score]:
    """By class."""
    return {
        kind: Score(len(own), sum(each.right for each in own), sum(each.wrong for each in own))
        for kind in (*CLASSES, "near_miss")
        if (own := [each for each in results if each.kind == kind])
    }


def main() -> None:
    thesauri = NO_THESAURI if "pack-only" in sys.argv else find_thesauri()
    print("with WordNet" if thesauri else "by the words of the pack alone")
    for part in PARTS:
        results = answered(part, thesauri)
        print("second, unseen" if part == "second" else part)
        for kind, score in scores(results).items():
            print(f"  {kind:12s}{score}")
        asked = [each for each in results if each.wanted]
        hits, wrong = sum(each.right for each in asked), sum(each.wrong for each in results)
        print(f"  found {hits / len(asked):.1%} of the paraphrases, {wrong / len(results):.1%} wrong answers")
        if part == "dev" and "failures" in sys.argv:
            for each in results:
                if not each.right:
                    print(f"    {each.kind:12s}{each.utterance!r} wanted {each.wanted!r}, got {each.got!r}")


if __name__ == "__main__":
    main()
