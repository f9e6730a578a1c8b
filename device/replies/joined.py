"""The cache of replies as the settings want it, open for as long as the device runs."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from cache.database import set_aside_if_damaged
from cache.replies import ReplyStore
from device.brain import learning
from device.brain.pack_files import sections
from device.brain.packs import PACKS
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import Matcher
from device.brain.recall.pack import pack_fingerprint, pack_replies
from device.brain.recall.thesaurus import find_thesauri
from device.config import Settings
from device.replies.files import ALLOWED, FILE
from device.replies.replies import Learner, OnDisk, Pack, Replies, Whose, character_key


@contextlib.asynccontextmanager
async def kept_replies(
    settings: Settings, voice: str, state: Path, lived: Callable[[], float]
) -> AsyncIterator[Replies]:
    """`voice` as `KeptVoice` names it; `lived`: lived seconds. Raises BrokenPack.

    Nothing is found before somebody opens it (`sounds.keep_ready`).
    """
    language = settings.language
    matcher = Matcher({language: load_lexicon(language)}, find_thesauri())
    pack = Pack(pack_fingerprint(language, matcher), lambda: pack_replies(language, matcher, ALLOWED))
    replies = Replies(
        OnDisk(
            lambda: ReplyStore(state / FILE),
            lambda: set_aside_if_damaged(state / FILE),
            lambda: shutil.disk_usage(state).free,
        ),
        matcher,
        Whose(language, character_key(settings.character), voice),
        settings.replies,
        lived,
        pack,
        _learner(language) if settings.consent.learning else None,
    )
    try:
        yield replies
    finally:
        await replies.close()


def _learner(language: str) -> Learner:
    return Learner(learning.load(language), sections(PACKS / language / "openings.txt")["thinking"])
