"""How looking up a kept reply grows with what is kept, from a thousand questions to a million.

`python -m bench.reply_growth` prints it and draws docs/reply-growth.png.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, count, islice
from pathlib import Path

from bench.figure import Figure, percentile
from cache.replies import ReplyStore
from cache.reply_rows import NewReply
from device.brain.recall.lexicon import Lexicon, load_lexicon
from device.brain.recall.matcher import Matcher
from device.brain.recall.thesaurus import find_thesauri

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PLOT = Path(__file__).resolve().parents[1] / "docs/reply-growth.png"
_LOOKUPS = 1000
_BATCH = 10_000
_VOCABULARY = 30_000
_FRAMES = (
    "what is the {}",
    "how many {} has the {}",
    "why does the {} {}",
    "where do {} and {} {}",
    "who made the {} of {}",
    "how does a {} {} the {}",
    "what is the {} of {} and {}",
)


@dataclass(frozen=True, slots=True)
class Growth:
    """Times of a store of one size, in milliseconds."""

    questions: int
    exact_p50_ms: float
    exact_p99_ms: float
    near_p50_ms: float
    near_p99_ms: float
    most_rows_read: int
    open_ms: float
    megabytes: float


class Questions:
    """Made-up questions, all different, whose words are as unevenly common as those of a language (Zipf)."""

    def __init__(self, lexicon: Lexicon, seed: int = 1) -> None:
        self._rng = random.Random(seed)
        known = sorted({words[0] for words in lexicon.phrases if len(words) == 1 and len(words[0]) > 3})
        made = (
            "".join(self._rng.choice("bcdfglmnprst") + self._rng.choice("aeiou") for _ in range(4))
            for _ in count()
        )
        self._words = known[:1000] + [word for word, _ in zip(made, range(_VOCABULARY), strict=False)]
        self._rng.shuffle(self._words)
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._words) + 1)))

    def __iter__(self) -> Iterator[str]:
        seen = set[int]()
        while True:
            frame = self._rng.choice(_FRAMES)
            words = self._rng.choices(self._words, cum_weights=self._weights, k=frame.count("{}"))
            question = frame.format(*words)
            if (digest := hash(question)) not in seen:
                seen.add(digest)
                yield question


class FilledStore(ReplyStore):
    """As the device has it, but with memory for the whole index while it is filled."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self._database.execute("PRAGMA cache_size = -400000")  # kB


def fill(store: ReplyStore, questions: Sequence[str], pool: Executor) -> None:
    """Keep them; they are taken apart in another process meanwhile."""
    batches = [questions[start : start + _BATCH] for start in range(0, len(questions), _BATCH)]
    for kept in pool.map(_kept, batches):
        store.put_all(kept, 0.0)


@cache
def _matcher() -> Matcher:
    return Matcher({"en": load_lexicon("en")})


def _kept(questions: Sequence[str]) -> list[NewReply]:
    wordings = [(question, _matcher().wording(question, "en")) for question in questions]
    return [
        NewReply("en", (wording,), f"The answer to: {question}.", "system_2", "allowed")
        for question, wording in wordings
        if wording is not None
    ]


def misheard(question: str, rng: random.Random) -> str:
    """With one letter of its last word gone wrong, and words of courtesy around it."""
    words = question.split()
    at = rng.randrange(len(words[-1]))
    words[-1] = words[-1][:at] + rng.choice("aeioust") + words[-1][at + 1 :]
    return f"can you tell me {' '.join(words)} please"


def measured(file: Path, matcher: Matcher, sample: list[str]) -> Growth:
    """Opens the store of that file and looks up what it was filled with."""
    began = time.perf_counter()
    store = ReplyStore(file)
    open_ms = 1000 * (time.perf_counter() - began)
    rng = random.Random(2)
    keys = [wording.key for question in sample if (wording := matcher.wording(question, "en"))]
    near = [misheard(question, rng) for question in sample]
    most = 0

    def nearly(text: str) -> None:
        nonlocal most
        matcher.best(text, "en", "", 0.0, store)
        most = max(most, store.rows_read)

    exact_ms = _times_ms(lambda key: store.exact("en", key, "", 0.0), keys)
    near_ms = _times_ms(nearly, near)
    questions = store.stats().questions
    store.close()
    return Growth(
        questions,
        percentile(exact_ms, 50),
        percentile(exact_ms, 99),
        percentile(near_ms, 50),
        percentile(near_ms, 99),
        most,
        open_ms,
        file.stat().st_size / 1e6,
    )


def _times_ms(look_up: Callable[[str], object], asked: list[str]) -> list[float]:
    """The fastest of three for each: the first fills the disk's cache; what else runs is left out."""
    rounds = [[_once_ms(look_up, each) for each in asked] for _ in range(3)]
    return [min(times) for times in zip(*rounds, strict=True)]


def _once_ms(look_up: Callable[[str], object], asked: str) -> float:
    began = time.perf_counter()
    look_up(asked)
    return 1000 * (time.perf_counter() - began)


def grown(sizes: tuple[int, ...] = SIZES) -> list[Growth]:
    """One store that grows from size to size. A million questions take some minutes and 1 GB of disk."""
    source = iter(Questions(load_lexicon("en")))
    asked: list[str] = []
    found = []
    with tempfile.TemporaryDirectory() as directory, ProcessPoolExecutor(1) as pool:
        file = Path(directory) / "replies.db"
        for size in sizes:
            more = list(islice(source, size - len(asked)))
            store = FilledStore(file)
            fill(store, more, pool)
            store.close()
            asked += more
            sample = random.Random(size).sample(asked, min(size, _LOOKUPS))
            found.append(measured(file, Matcher({"en": load_lexicon("en")}, find_thesauri()), sample))
    return found


def reply_growth(sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    """Ratio 6's lookups; a run of all sizes is drawn, too."""
    found = grown(sizes)
    if sizes == SIZES:
        draw(found)
    first, last = found[0], found[-1]
    method = f"{_LOOKUPS} lookups each, the fastest of three; {last.questions} questions kept"
    return [
        Figure("kept reply: exact lookup, p99", last.exact_p99_ms, "ms", 1.0, method),
        Figure(
            f"kept reply: exact lookup at {last.questions} ÷ at {first.questions}, median",
            last.exact_p50_ms / first.exact_p50_ms,
            "",
            3.0,
            method,
        ),
        Figure(
            "kept reply: near match, p99", last.near_p99_ms, "ms", 10.0, method + "; misheard, and polite"
        ),
    ]


def draw(found: list[Growth], file: Path = PLOT) -> None:
    """Both lookups over what is kept, on logarithmic axes."""
    from matplotlib.figure import Figure as Drawing  # only who draws needs it

    drawing = Drawing(figsize=(7, 4), layout="constrained")
    axes = drawing.subplots()
    kept = [each.questions for each in found]
    for name, colour, p50, p99 in (
        ("near match", "tab:orange", [e.near_p50_ms for e in found], [e.near_p99_ms for e in found]),
        ("exact lookup", "tab:blue", [e.exact_p50_ms for e in found], [e.exact_p99_ms for e in found]),
    ):
        axes.plot(kept, p99, color=colour, marker="o", label=f"{name}, p99")
        axes.plot(kept, p50, color=colour, marker="o", linestyle="--", label=f"{name}, median")
    for goal, colour in ((10.0, "tab:orange"), (1.0, "tab:blue")):
        axes.axhline(goal, color=colour, linewidth=0.8, linestyle=":")
        axes.text(kept[0], goal * 1.1, f"goal {goal:g} ms", color=colour, fontsize=8)
    axes.set(xscale="log", yscale="log", xlabel="questions kept", ylabel="milliseconds")
    axes.set_title("Looking up a kept reply")
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    drawing.savefig(file, dpi=120)


def main() -> None:
    sizes = tuple(int(each) for each in sys.argv[1:]) or SIZES
    found = grown(sizes)
    print("| questions | exact p50 / p99 ms | near p50 / p99 ms | index rows read | open ms | MB |")
    print("|---|---|---|---|---|---|")
    for each in found:
        print(
            f"| {each.questions} | {each.exact_p50_ms:.3f} / {each.exact_p99_ms:.3f}"
            f" | {each.near_p50_ms:.2f} / {each.near_p99_ms:.2f} | {each.most_rows_read}"
            f" | {each.open_ms:.0f} | {each.megabytes:.0f} |"
        )
    if sizes == SIZES:
        draw(found)


if __name__ == "__main__":
    main()
