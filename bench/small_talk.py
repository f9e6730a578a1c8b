"""Small talk as real people word it (CLINC150): answered by a skill, by a kept reply, or not at all.

The validation split is only counted: nothing in the pack or the matcher was tuned on it.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cache.replies import ReplyStore
from cache.reply_rows import NewReply
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import Matcher
from device.brain.recall.pack import pack_replies
from device.brain.recogniser import Recogniser
from training import clinc

SMALL_TALK = (
    *("greeting", "goodbye", "thank_you", "what_is_your_name", "who_made_you", "are_you_a_bot"),
    *("what_can_i_ask_you", "how_old_are_you", "where_are_you_from", "what_are_your_hobbies"),
    *("do_you_have_pets", "who_do_you_work_for", "meaning_of_life", "tell_joke", "fun_fact"),
)


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """Counters are by the data set's intents."""

    asked: Counter[str]
    by_skill: Counter[str]
    by_pack: Counter[str]
    """No skill took it, and a reply of the pack was found; whether that one fits, nobody counted."""
    others: int
    taken: tuple[tuple[str, str], ...]
    """Of the other intents, what no skill took and the pack answers: (utterance, reply)."""

    @property
    def answered(self) -> float:
        """Share of the small talk that a skill answers rightly."""
        return self.by_skill.total() / self.asked.total()


@contextmanager
def pack_store(matcher: Matcher) -> Iterator[ReplyStore]:
    """A store that holds the shipped replies alone."""
    with tempfile.TemporaryDirectory() as directory:
        store = ReplyStore(Path(directory) / "replies.db")
        store.put_all(pack_replies("en", matcher, "allowed"), 0.0)
        yield store
        store.close()


def small_talk(split: str, path: Path = clinc.DATA) -> SmallTalk:
    """Every request of a split ("train" or "val"), first to the skills, then to the kept replies."""
    recogniser, matcher = Recogniser("en"), Matcher({"en": load_lexicon("en")})
    asked, by_skill, by_pack = Counter[str](), Counter[str](), Counter[str]()
    others, taken = 0, []
    with pack_store(matcher) as store:
        for text, intent in clinc.read(split, path):
            found = recogniser.recognise(text)
            kept = None if found else matcher.best(text, "en", "", 0.0, store)
            if intent in SMALL_TALK:
                asked[intent] += 1
                by_skill[intent] += found is not None and found.name in clinc.SERVED[intent]
                by_pack[intent] += kept is not None
            else:
                others += 1
                taken += [(text, kept[0].reply)] if kept else []
    return SmallTalk(asked, by_skill, by_pack, others, tuple(taken))


@dataclass(frozen=True, slots=True)
class Paraphrased:
    """What the matcher alone makes of requests by other people than those whose wordings are kept."""

    asked: Counter[str]
    right: Counter[str]
    wrong: int
    """Small talk that got the reply of another intent."""
    others: int
    answered: Counter[str]
    """The other intents' requests that got any reply."""


def paraphrased(path: Path = clinc.DATA) -> Paraphrased:
    """Small talk of the train split is kept, a reply for each intent; that of the other is asked."""
    matcher = Matcher({"en": load_lexicon("en")})
    asked, right, answered = Counter[str](), Counter[str](), Counter[str]()
    wrong, others = 0, 0
    with tempfile.TemporaryDirectory() as directory:
        store = ReplyStore(Path(directory) / "replies.db")
        for text, intent in clinc.read("train", path):
            if intent in SMALL_TALK and (wording := matcher.wording(text, "en")):
                store.put(NewReply("en", (wording,), intent, "pack", "allowed"), 0.0)
        for text, intent in clinc.read("val", path):
            found = matcher.best(text, "en", "", 0.0, store)
            reply = found[0].reply if found else ""
            if intent in SMALL_TALK:
                asked[intent] += 1
                right[intent] += reply == intent
                wrong += reply not in ("", intent)
            else:
                others += 1
                answered[intent] += bool(reply)
        store.close()
    return Paraphrased(asked, right, wrong, others, answered)


def main() -> None:
    alone = paraphrased()
    print(
        f"the matcher alone, 100 wordings of each intent kept: {alone.right.total()} of {alone.asked.total()}"
        f" right, {alone.wrong} wrong; {alone.answered.total()} of {alone.others} others answered"
    )
    for intent, count in alone.asked.items():
        print(f"  {intent}: {alone.right[intent]} of {count}")
    for split in ("train", "val"):
        measured = small_talk(split)
        print(
            f"{split}: {measured.answered:.1%} of {measured.asked.total()} requests of small talk answered by"
            f" a skill, {measured.by_pack.total()} more by the pack;"
            f" {len(measured.taken)} of {measured.others} others answered by the pack"
        )
        for intent, count in measured.asked.items():
            print(
                f"  {intent}: {measured.by_skill[intent]} skill, {measured.by_pack[intent]} pack of {count}"
            )
        if split == "train":
            for text, reply in measured.taken:
                print(f"    {text!r}: {reply}")


if __name__ == "__main__":
    main()
