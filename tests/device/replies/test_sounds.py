"""Rendering kept replies: only while the device is idle, and again what a press broke off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from device.brain.kept_voice import LOOK_EVERY_S, KeptVoice
from device.contracts import Spoken
from device.errors import TtsError
from device.replies.sounds import LOOK_AGAIN_S, MOST_FAILURES, keep_ready
from tests import virtual_time
from tests.fakes import FakeVoice

OWLS = "Owls hunt at night, because mice come out in the dark."
BATS = "Bats hang upside down."


@dataclass
class FakeReplies:
    """What `keep_ready` asks of `Replies`, without a disk."""

    missing: dict[int, str]
    opens: list[bool] = field(default_factory=lambda: [True])
    kept: dict[int, tuple[Spoken, ...]] = field(default_factory=dict)
    tidied: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> bool:
        return self.opens.pop(0) if len(self.opens) > 1 else self.opens[0]

    async def tidy(self) -> None:
        self.tidied += 1

    async def unrendered(self, most: int) -> list[tuple[int, str]]:
        return [(number, text) for number, text in self.missing.items() if number not in self.kept][:most]

    async def keep_sound(self, reply_id: int, clauses: Sequence[Spoken]) -> None:
        self.kept[reply_id] = tuple(clauses)


@dataclass
class Rendering:
    """`keep_ready` at work around a voice, in virtual time."""

    replies: FakeReplies
    voice: FakeVoice
    idle: Callable[[], bool]

    async def works(self, seconds: float) -> None:
        kept = KeptVoice(self.voice, (), Path("/nonexistent"), "key")
        task = asyncio.ensure_future(keep_ready(self.replies, kept, self.idle))
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


def test_every_reply_is_rendered_clause_by_clause_as_it_is_spoken() -> None:
    replies, voice = FakeReplies({1: OWLS, 2: BATS}), FakeVoice()
    virtual_time.run(Rendering(replies, voice, lambda: True).works(10))
    assert [clause.text for clause in replies.kept[1]] == [
        "Owls hunt at night,",
        "because mice come out in the dark.",
    ]
    assert voice.texts == ["Owls hunt at night,", "because mice come out in the dark.", BATS]
    assert all(clause.audio.duration_s > 0 for clauses in replies.kept.values() for clause in clauses)


def test_nothing_is_rendered_while_the_device_is_busy() -> None:
    replies, voice = FakeReplies({1: OWLS}), FakeVoice()
    virtual_time.run(Rendering(replies, voice, lambda: False).works(60))
    assert voice.texts == []
    assert replies.kept == {}


def test_a_press_breaks_off_what_is_being_rendered_and_it_is_made_anew_later() -> None:
    replies, voice = FakeReplies({2: BATS}), FakeVoice(first_takes_s=5.0)
    busy_s = (2.0, 20.0)
    began: list[float] = []

    def idle() -> bool:
        now_s = asyncio.get_running_loop().time()
        began.append(now_s)
        return not busy_s[0] <= now_s - began[0] < busy_s[1]

    virtual_time.run(Rendering(replies, voice, idle).works(busy_s[1]))
    assert voice.texts == [BATS]
    assert replies.kept == {}
    began.clear()
    virtual_time.run(Rendering(replies, voice, idle).works(busy_s[1] + 5.0 + 5 * LOOK_EVERY_S))
    assert voice.texts == [BATS] * 3
    assert list(replies.kept) == [2]


def test_what_cannot_be_rendered_is_passed_over_and_after_some_the_rest_waits() -> None:
    replies = FakeReplies({1: "Broken one.", 2: BATS, **{n: f"Broken {n}." for n in range(3, 9)}})
    broken = TtsError("The voice broke.")
    voice = FakeVoice(fails_on=lambda text: broken if "Broken" in text else None)
    virtual_time.run(Rendering(replies, voice, lambda: True).works(10))
    assert list(replies.kept) == [2]
    assert len(voice.texts) == MOST_FAILURES + 1


def test_what_was_learned_is_rendered_at_once_and_what_expired_goes_every_hour() -> None:
    replies, voice = FakeReplies({}), FakeVoice()

    async def story() -> None:
        working = asyncio.ensure_future(Rendering(replies, voice, lambda: True).works(LOOK_AGAIN_S + 10))
        await asyncio.sleep(5)
        assert replies.tidied == 1
        replies.missing[2] = BATS
        replies.changed.set()
        await asyncio.sleep(1)
        assert list(replies.kept) == [2]
        await working
        assert replies.tidied == 3

    virtual_time.run(story())


def test_a_cache_that_cannot_be_opened_is_tried_again() -> None:
    replies, voice = FakeReplies({2: BATS}, opens=[False, True]), FakeVoice()
    virtual_time.run(Rendering(replies, voice, lambda: True).works(50))
    assert replies.kept == {}
    replies = FakeReplies({2: BATS}, opens=[False, True])
    virtual_time.run(Rendering(replies, voice, lambda: True).works(70))
    assert list(replies.kept) == [2]
