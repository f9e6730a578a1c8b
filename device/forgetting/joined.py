"""All that keeps something of what people say, joined with whoever erases it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device import recordings
from device.alarms import Alarms
from device.config import Settings
from device.contracts import ErasureReport, OutgoingKind
from device.conversation import Conversation
from device.far_side import FarSide
from device.forgetting import damaged
from device.forgetting.door import serve_forgetting
from device.forgetting.erasure import Erasure, Forget
from device.forgetting.retention import Rule, keep_to
from device.forgetting.withdrawn import Erase, erase_withdrawn
from device.journal import Journal
from device.recordings import Recordings
from device.replies.replies import Replies
from device.session import Session


@dataclass(frozen=True, slots=True)
class Keepers:
    """Whoever keeps something."""

    conversation: Conversation
    journal: Journal
    session: Callable[[], Session]
    """Asked for once the device runs."""
    alarms: Alarms
    replies: Replies
    recordings: Recordings
    far_side: FarSide


def erasure(
    keepers: Keepers, state: Path, lived: Callable[[], float], tell: Callable[[ErasureReport], None]
) -> Erasure:
    """Carries out what a person wants forgotten. `lived`: lived seconds."""
    parts: dict[str, Forget] = {
        "conversation": keepers.conversation.forget,
        "records of turns": keepers.journal.forget,
        "said last": lambda since_s: keepers.session().forget(since_s),
        "alarms": keepers.alarms.forget,
        "replies": keepers.replies.forget,
        recordings.PART: keepers.recordings.forget,
        damaged.PART: damaged.DamagedFiles(state).forget,
    }
    if keepers.far_side.promises:
        parts["promises"] = keepers.far_side.promises.forget_since
    conversation = keepers.conversation
    return Erasure(parts, keepers.far_side.outbox, state, lived, lambda: conversation.last_exchange_s, tell)


async def forget_on_time(
    settings: Settings, keepers: Keepers, erasing: Erasure, state: Path, lived: Callable[[], float]
) -> None:
    """What consent covers no longer, what is older than was agreed, what people want. Until cancelled."""
    await erase_withdrawn(state, settings.consent, _by_consent(keepers.far_side))
    async with asyncio.TaskGroup() as group:
        group.create_task(erasing.run(), name="forget what is due")
        group.create_task(serve_forgetting(state, erasing), name="forget by command")
        group.create_task(keep_to(_rules(settings, keepers), lived), name="retention")


def _rules(settings: Settings, keepers: Keepers) -> list[Rule]:
    days = settings.retention.transcripts_days
    return [
        Rule("conversation", days, keepers.conversation.forget_before),
        Rule("records of turns", days, keepers.journal.forget_before),
        Rule(recordings.PART, days, keepers.recordings.forget_before),
    ]


def _by_consent(far_side: FarSide) -> dict[str, Erase]:
    """What else waits by a consent; the conversation and learned replies see to theirs themselves."""
    erasers: dict[str, Erase] = {}
    if outbox := far_side.outbox:
        erasers["telemetry_content"] = lambda: outbox.forget_kinds(OutgoingKind.RECORD)
    if promises := far_side.promises:
        erasers["questions"] = lambda: promises.forget_since(None)
    return erasers
