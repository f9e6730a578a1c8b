"""The shipped replies: well formed, safe both ways, found under their questions, and no skill's business."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

import pytest

from device.brain.pack_files import BrokenPack
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import Matcher
from device.brain.recall.pack import pack_fingerprint, pack_replies
from device.brain.recogniser import Recogniser
from device.brain.safety.gate import load_gate
from device.brain.safety.rules import load_contacts
from device.contracts import Direction
from tests.device.brain.test_packs_are_safe import all_stopped


@cache
def matcher() -> Matcher:
    return Matcher({"en": load_lexicon("en")})


REPLIES = pack_replies("en", matcher(), "allowed")
QUESTIONS = [wording.asked for reply in REPLIES for wording in reply.wordings]


def test_there_are_enough_to_be_of_use() -> None:
    assert len(REPLIES) >= 60
    assert len(QUESTIONS) >= 2 * len(REPLIES)


@pytest.mark.parametrize("country", sorted(load_contacts()))
def test_every_reply_passes_the_gate(country: str) -> None:
    assert all_stopped((reply.reply for reply in REPLIES), country) == []


def test_every_question_passes_the_gate() -> None:
    gate = load_gate("en")
    judged = {text: asyncio.run(gate.judge(text, Direction.HEARD)) for text in QUESTIONS}
    assert [text for text, verdict in judged.items() if not verdict.allowed] == []


def test_no_skill_serves_what_the_pack_answers() -> None:
    recogniser = Recogniser("en")
    found = {text: intent.name for text in QUESTIONS if (intent := recogniser.recognise(text))}
    assert found == {}


def write(root: Path, text: str) -> Path:
    (root / "en").mkdir()
    (root / "en" / "replies.txt").write_text(text, "utf-8")
    return root


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Only an answer.", "write questions"),
        ("Why?\nNo mark here\nBecause.", "write questions"),
        ("??\nBecause.", "ask in words"),
        ("Why is it red?\nSo.\n\nPlease why is it red?\nThus.", "asked in line 1"),
    ],
)
def test_a_broken_pack_says_what_to_do(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BrokenPack, match=says):
        pack_replies("en", matcher(), "allowed", write(tmp_path, text))


def test_the_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    before = pack_fingerprint("en", matcher(), write(tmp_path, "Why?\nBecause.\n"))
    (tmp_path / "en" / "replies.txt").write_text("Why?\nSo.\n", "utf-8")
    assert before != pack_fingerprint("en", matcher(), tmp_path) != ""
    assert pack_fingerprint("de", matcher(), tmp_path) == ""
