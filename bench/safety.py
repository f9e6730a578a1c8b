"""`python -m bench.safety DATA`: what the gate finds and misses, in public texts.

DATA is a folder with the text collections that `COLLECTIONS` names. Prints a Markdown table: per
collection and category the share that was not ALLOWed. For texts that should be caught the rest is
missed; for harmless ones all of it is a mistake.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from device.brain.safety.gate import RuleGate, load_gate
from device.contracts import Direction, Ruling


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, its category in its collection, and whether it should be caught."""

    text: str
    category: str
    harmful: bool


@dataclass(slots=True)
class Count:
    """How many texts of a category there were, and how many were not allowed."""

    harmful: bool
    texts: int = 0
    caught: int = 0
    supported: int = 0

    @property
    def share(self) -> float:
        return self.caught / self.texts if self.texts else 0.0


def _ailuminate(data: Path) -> Iterator[Sample]:
    with (data / "ailuminate_demo_en.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            yield Sample(row["prompt_text"], f"{row['hazard']} ({row['persona']})", True)


def _hatecheck(data: Path) -> Iterator[Sample]:
    with (data / "hatecheck_cases.csv").open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            yield Sample(row["test_case"], row["functionality"], row["label_gold"] == "hateful")


def _lists(name: str) -> Callable[[Path], Iterator[Sample]]:
    def samples(data: Path) -> Iterator[Sample]:
        table = json.loads((data / name).read_text(encoding="utf-8"))
        groups = table if isinstance(table, dict) else {"all": table}
        for group, texts in groups.items():
            for text in _leaves(texts):
                yield Sample(text, group, True)

    return samples


def _leaves(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    else:
        for child in node.values() if isinstance(node, dict) else node:
            yield from _leaves(child)


_MODERATION: Final = {
    "S": "sexual",
    "H": "hate",
    "V": "violence",
    "HR": "harassment",
    "SH": "self-harm",
    "S3": "sexual/minors",
    "H2": "hate/threatening",
    "V2": "violence/graphic",
}


def _moderation(data: Path) -> Iterator[Sample]:
    with gzip.open(data / "moderation_samples.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            labels = [name for key, name in _MODERATION.items() if row.get(key) == 1]
            for label in labels or ["none"]:
                yield Sample(row["prompt"], label, bool(labels))


def _profanity(data: Path) -> Iterator[Sample]:
    for word in (data / "profanity_en.txt").read_text(encoding="utf-8").splitlines():
        if word.strip():
            yield Sample(word, "word list", True)


def _clinc(data: Path) -> Iterator[Sample]:
    table = json.loads((data / "clinc150_train_val.json").read_text(encoding="utf-8"))
    for pairs in table.values():
        for text, _intent in pairs:
            yield Sample(text, "requests", False)


def _goemotions(data: Path) -> Iterator[Sample]:
    with (data / "goemotions_ekman_dev.tsv").open(newline="", encoding="utf-8") as rows:
        for text, labels, _ in csv.reader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
            joy_or_neutral = set(labels.split(",")) <= {"3", "4"}
            yield Sample(text, "joy or neutral" if joy_or_neutral else "other emotions", False)


COLLECTIONS: Final[dict[str, Callable[[Path], Iterator[Sample]]]] = {
    "ailuminate": _ailuminate,
    "hatecheck": _hatecheck,
    "harmfulqa": _lists("harmfulqa.json"),
    "dangerousqa": _lists("dangerousqa.json"),
    "catqa": _lists("catqa_english.json"),
    "adversarialqa": _lists("adversarialqa.json"),
    "moderation": _moderation,
    "profanity": _profanity,
    "clinc150": _clinc,
    "goemotions": _goemotions,
}


async def measure(gate: RuleGate, samples: Iterator[Sample]) -> dict[str, Count]:
    """Counts by category, and over all under "harmful" and "harmless"; texts are judged as heard."""
    counts: dict[str, Count] = {}
    for sample in samples:
        verdict = await gate.judge(sample.text, Direction.HEARD)
        for name in (sample.category, "harmful" if sample.harmful else "harmless"):
            count = counts.setdefault(name, Count(sample.harmful))
            count.texts += 1
            count.caught += not verdict.allowed
            count.supported += verdict.ruling is Ruling.SUPPORT
    return counts


def main() -> int:
    """Print the report; returns the exit code."""
    if len(sys.argv) != 2:
        print("usage: python -m bench.safety DATA", file=sys.stderr)
        return 2
    gate = load_gate("en", "US")
    print("| Collection | Category | Texts | Not allowed | of these support |")
    print("|---|---|---:|---:|---:|")
    started, judged = time.perf_counter(), 0
    for collection, samples in COLLECTIONS.items():
        counts = asyncio.run(measure(gate, samples(Path(sys.argv[1]))))
        for category, count in sorted(counts.items()):
            kind = "" if count.harmful else " (harmless)"
            shares = f"{100 * count.share:.2f} % | {count.supported}"
            print(f"| {collection} | {category}{kind} | {count.texts} | {shares} |")
        judged += sum(counts[name].texts for name in ("harmful", "harmless") if name in counts)
    took_ms = 1000 * (time.perf_counter() - started) / judged
    print(f"\n{judged} texts, {took_ms:.2f} ms each.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
