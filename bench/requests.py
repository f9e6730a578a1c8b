"""How many crowd-written requests are understood: `python -m bench.requests` writes docs/requests.md.

The training split made the weights; the validation split was only ever counted, never read.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.brain.recogniser import Recogniser
from training import clinc

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs/requests.md"
WEIGHTS = ROOT / "device/brain/weights/en.npz"


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of a split's requests. Counters are by the data set's own intents."""

    served: Counter[str]
    right: Counter[str]
    others: Counter[str]
    wrongly_taken: Counter[str]
    times_s: tuple[float, ...]
    """Per request, sorted."""

    @property
    def recognised(self) -> float:
        """Share of the requests that a skill serves whose intent was recognised."""
        return self.right.total() / self.served.total()

    @property
    def taken(self) -> float:
        """Share of all other requests that were wrongly taken for one of ours."""
        return self.wrongly_taken.total() / self.others.total()

    def time_ms(self, share: float) -> float:
        return 1000 * self.times_s[int(share * (len(self.times_s) - 1))]


def measure(recogniser: Recogniser, split: str, path: Path = clinc.DATA) -> Measured:
    """Recognise every request of a split ("train" or "val")."""
    served, right, others, taken = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    times = []
    for text, intent in clinc.read(split, path):
        began = time.perf_counter()
        found = recogniser.recognise(text)
        times.append(time.perf_counter() - began)
        name = found.name if found else ""
        if intent in clinc.SERVED:
            served[intent] += 1
            right[intent] += name in clinc.SERVED[intent]
        else:
            others[intent] += 1
            taken[intent] += bool(name)
    return Measured(served, right, others, taken, tuple(sorted(times)))


def render(train: Measured, val: Measured) -> str:
    """The report, in Markdown."""
    return "\n".join(_lines(train, val)) + "\n"


def _lines(train: Measured, val: Measured) -> Iterable[str]:
    yield "# Requests as people word them"
    yield ""
    yield (
        "Measured by `python -m bench.requests` on CLINC150 (crowd-written requests, 150 intents and "
        "out-of-scope). The train split was used to write sentences and to train the classifier, so its "
        "figures only show what was learnt. The val split was only counted: no sentence of it was looked at. "
        "Recognised means that the intent is right; whether a slot is right is what the unit tests check."
    )
    yield ""
    yield "| | train | val | goal on val |"
    yield "|---|---|---|---|"
    yield f"| served requests recognised | {train.recognised:.1%} | {val.recognised:.1%} | at least 80 % |"
    yield f"| other requests wrongly taken | {train.taken:.2%} | {val.taken:.2%} | at most 1 % |"
    yield (
        f"| of them, out-of-scope | {_share(train.wrongly_taken, train.others, 'oos')} "
        f"| {_share(val.wrongly_taken, val.others, 'oos')} | |"
    )
    yield f"| requests (served + other) | {_sizes(train)} | {_sizes(val)} | |"
    for words, share, goal in (("median", 0.5, "at most 5 ms"), ("99 %", 0.99, "")):
        yield (
            f"| time per request, {words} | {train.time_ms(share):.1f} ms "
            f"| {val.time_ms(share):.1f} ms | {goal} |"
        )
    yield ""
    with np.load(WEIGHTS) as weights:
        recognised, taken = weights["cross_validated"]
    yield (
        f"The classifier alone, by cross-validation on train that leaves whole kinds of other requests out: "
        f"{recognised:.1%} recognised, {taken:.2%} taken."
    )
    yield ""
    yield (
        f"The classifier's weights are {WEIGHTS.stat().st_size / 1000:.0f} kB. "
        "Times are of one core of the machine that wrote this."
    )
    yield ""
    yield "## Served, by intent of the data set"
    yield ""
    yield "| intent | train | val |"
    yield "|---|---|---|"
    for intent in sorted(val.served, key=lambda each: (val.right[each] / val.served[each], each)):
        shares = (_share(each.right, each.served, intent) for each in (train, val))
        yield f"| {intent} | {' | '.join(shares)} |"
    yield ""
    yield "## Wrongly taken, by intent of the data set"
    yield ""
    yield "| train | val |"
    yield "|---|---|"
    yield f"| {_top(train.wrongly_taken)} | {_top(val.wrongly_taken)} |"


def _share(part: Counter[str], whole: Counter[str], key: str) -> str:
    return f"{part[key]} of {whole[key]}"


def _sizes(measured: Measured) -> str:
    return f"{measured.served.total()} + {measured.others.total()}"


def _top(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.most_common(10) if count) or "none"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=clinc.DATA)
    options.add_argument("--out", type=Path, default=REPORT)
    chosen = options.parse_args()
    recogniser = Recogniser("en")
    report = render(measure(recogniser, "train", chosen.data), measure(recogniser, "val", chosen.data))
    chosen.out.parent.mkdir(exist_ok=True)
    chosen.out.write_text(report, "utf-8")
    print(report)


if __name__ == "__main__":
    main()
