"""The questions the response cache is examined with: quality/README.md says how they were made."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

SETS = Path(__file__).with_suffix("")
Half = Literal["dev", "held_out"]
"""`dev` may be tuned on; `held_out` is only measured."""
HALVES: tuple[Half, ...] = get_args(Half)
Part = Half | Literal["second"]
"""A half of the first set, or the whole of the second one in quality/second, which is only measured."""
PARTS: tuple[Part, ...] = (*HALVES, "second")
CLASSES = ("polite", "word_order", "synonym", "stt_error", "rewording")


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """One stored wording with its reply."""

    id: str
    question: str
    reply: str


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """The kept question `id` in other words: its reply is the right one, any other is wrong."""

    kind: str
    id: str
    utterance: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Looks like the kept question `id`, and no kept reply answers it."""

    id: str
    utterance: str


def kept_questions(part: Part = "dev") -> list[KeptQuestion]:
    """All of its set: both halves of the first set ask about the same ones."""
    return [KeptQuestion(row["id"], row["question"], row["reply"]) for row in _rows("kept", part)]


def paraphrases(part: Part) -> list[Paraphrase]:
    """100 of them, 20 of each of CLASSES."""
    rows = _rows("paraphrases", part)
    return [Paraphrase(row["class"], row["id"], row["utterance"]) for row in rows]


def near_misses(part: Part) -> list[NearMiss]:
    """100 of them in a half, 150 in the second set."""
    return [NearMiss(row["id"], row["utterance"]) for row in _rows("near_misses", part)]


def _rows(name: str, part: Part) -> Iterator[dict[str, str]]:
    """The rows of a part; a table without halves belongs to each part of its set."""
    folder = SETS / "second" if part == "second" else SETS
    with (folder / f"{name}.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True):
            if row.get("half", part) == part:
                yield row
