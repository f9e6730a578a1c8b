"""How well it is seen what an utterance asks, and what it tells about a person: `python -m bench.routing`.

CLINC's intents are labelled below by what answering them takes. The patterns were written against its
training split; the validation split was only counted. Its out-of-scope requests have no intent, most are
trivia: of them only the share that goes to System 2 is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from device.brain import demand, privacy
from device.brain.demand import Demand
from device.brain.privacy import Private
from device.brain.recogniser import Recogniser
from tests.device.brain import told as labelled
from training import clinc

LABELS: Mapping[Demand, frozenset[str]] = {
    Demand.RECENCY: frozenset(
        "weather traffic exchange_rate flight_status how_busy travel_alert restaurant_reviews "
        "restaurant_suggestion".split()
    ),
    Demand.REASONING: frozenset("translate recipe meal_suggestion travel_suggestion".split()),
    Demand.KNOWLEDGE: frozenset(
        "calories nutrition_info cook_time food_last ingredient_substitution ingredients_list definition "
        "distance timezone plug_type vaccines international_visa carry_on jump_start oil_change_how "
        "improve_credit_score measurement_conversion next_holiday spelling".split()
    ),
    Demand.TALK: frozenset(
        "greeting goodbye thank_you are_you_a_bot how_old_are_you what_are_your_hobbies do_you_have_pets "
        "where_are_you_from who_made_you who_do_you_work_for what_is_your_name meaning_of_life tell_joke "
        "what_can_i_ask_you".split()
    ),
}
"""Everything else asks for something on the device or about a person's own affairs: Demand.OTHER."""
DEEP = frozenset({Demand.RECENCY, Demand.REASONING, Demand.KNOWLEDGE})


@dataclass(frozen=True, slots=True)
class Score:
    """Of one class."""

    precision: float
    recall: float
    count: int


def label(intent: str) -> Demand:
    return next((asked for asked, intents in LABELS.items() if intent in intents), Demand.OTHER)


def left(
    recogniser: Recogniser, split: str, path: Path = clinc.DATA, every: int = 1
) -> list[tuple[str, str]]:
    """The (text, CLINC intent) pairs of a split, or of one in `every`, that no skill takes."""
    requests = clinc.read(split, path)[::every]
    return [(text, intent) for text, intent in requests if recogniser.recognise(text) is None]


def confusion(requests: Iterable[tuple[str, str]]) -> Counter[tuple[Demand, Demand]]:
    """How often (what it is, what it was taken for), out-of-scope requests left out."""
    asks = demand.load("en")
    return Counter((label(intent), asks.of(text)) for text, intent in requests if intent != "oos")


def scores(counts: Counter[tuple[Demand, Demand]]) -> Mapping[Demand, Score]:
    """Of each class that occurs."""
    return {asked: _score(counts, {asked}) for asked in (*LABELS, Demand.OTHER)}


def deep(counts: Counter[tuple[Demand, Demand]]) -> Score:
    """Of the one decision that matters: whether System 2 is needed."""
    return _score(counts, DEEP)


def out_of_scope(requests: Iterable[tuple[str, str]]) -> float:
    """The share of out-of-scope requests that System 2 would be asked."""
    asks = demand.load("en")
    taken = [asks.of(text) in DEEP for text, intent in requests if intent == "oos"]
    return sum(taken) / len(taken)


def _score(counts: Counter[tuple[Demand, Demand]], wanted: Iterable[Demand]) -> Score:
    kinds = frozenset(wanted)
    right = sum(n for (is_, taken), n in counts.items() if is_ in kinds and taken in kinds)
    all_taken = sum(n for (_, taken), n in counts.items() if taken in kinds)
    all_are = sum(n for (is_, _), n in counts.items() if is_ in kinds)
    return Score(right / max(1, all_taken), right / max(1, all_are), all_are)


def kept_needlessly(requests: Iterable[tuple[str, str]]) -> Mapping[str, float]:
    """The shares of System 2's requests and of out-of-scope ones that are kept on board as private."""
    told = privacy.load("en")
    kinds = [
        ("oos" if intent == "oos" else "System 2", text)
        for text, intent in requests
        if intent == "oos" or label(intent) in DEEP
    ]
    all_of, kept = (
        Counter(kind for kind, _ in kinds),
        Counter(kind for kind, text in kinds if told.told(text)),
    )
    return {kind: kept[kind] / count for kind, count in all_of.items()}


def private() -> Mapping[str, Score]:
    """Of each class of what is private, on the held-out half of the labelled sentences."""
    told, sentences = privacy.load("en"), labelled.sentences("held_out")
    found = {kind: labelled.counts(told, sentences, kind) for kind in Private}
    return {
        kind.value: Score(right / taken, right / there, there)
        for kind, (right, taken, there) in found.items()
    }


def main() -> None:
    for name, score in private().items():
        print(
            f"held out {name:10} precision {score.precision:.3f} recall {score.recall:.3f} of {score.count}"
        )
    recogniser = Recogniser("en")
    for split in ("train", "val"):
        requests = left(recogniser, split)
        counts = confusion(requests)
        rows = {**{asked.value: score for asked, score in scores(counts).items()}, "System 2": deep(counts)}
        for name, score in rows.items():
            rates = f"precision {score.precision:.3f} recall {score.recall:.3f} of {score.count}"
            print(f"{split} {name:10} {rates}")
        for kind, share in kept_needlessly(requests).items():
            print(f"{split} {kind} requests kept on board as private: {share:.3f}")
        print(f"{split} out-of-scope requests that go to System 2: {out_of_scope(requests):.3f}")


if __name__ == "__main__":
    main()
