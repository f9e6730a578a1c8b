"""The replies that ship: `replies.txt` of a language's pack."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cache.reply_rows import NewReply
from device.brain.pack_files import BrokenPack, Paragraph, paragraphs
from device.brain.packs import PACKS
from device.brain.recall.matcher import Matcher


def pack_file(language: str, root: Path = PACKS) -> Path:
    return root / language / "replies.txt"


def pack_fingerprint(language: str, matcher: Matcher, root: Path = PACKS) -> str:
    """Changes with the file, and with how questions are indexed; "" where there is none."""
    file = pack_file(language, root)
    if not file.exists() or not matcher.fingerprint(language):
        return ""
    digest = hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest()
    return f"{digest} {matcher.fingerprint(language)}"


def pack_replies(language: str, matcher: Matcher, verdict: str, root: Path = PACKS) -> list[NewReply]:
    """The replies of a pack under all their questions; `verdict` is kept with each. Raises BrokenPack."""
    file = pack_file(language, root)
    asked_before: dict[str, int] = {}
    return [_reply(each, file, language, matcher, verdict, asked_before) for each in paragraphs(file)]


def _reply(
    each: Paragraph,
    file: Path,
    language: str,
    matcher: Matcher,
    verdict: str,
    asked_before: dict[str, int],
) -> NewReply:
    *questions, reply = each.lines
    if not questions or any(not question.endswith("?") for question in questions):
        raise BrokenPack(file, each.line, "write questions that end with a question mark, then one answer.")
    wordings = []
    for question in questions:
        wording = matcher.wording(question.removesuffix("?"), language)
        if wording is None:
            raise BrokenPack(file, each.line, f"ask in words instead of “{question}”.")
        if wording.key in asked_before:
            raise BrokenPack(
                file, each.line, f"“{question}” is asked in line {asked_before[wording.key]}, too."
            )
        asked_before[wording.key] = each.line
        wordings.append(wording)
    return NewReply(language, tuple(wordings), reply, "pack", verdict)
