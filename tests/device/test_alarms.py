"""What rings, how often, and until when: the service in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from cache.timers import TimerRow
from device.alarms import LONGEST_NAP_S, RING_EVERY_S, RING_FOR_S, TRY_DISK_AGAIN_S, Alarms, Clocks
from device.brain.packs import timer_phrases
from device.contracts import Announcement, Outcome, Timer, TimerKind, Urgency
from device.timers_kept import Recalled
from tests.virtual_time import run

NOON_S = datetime(2026, 3, 3, 12, 0, tzinfo=UTC).timestamp()
TEA = Timer(TimerKind.TIMER, "tea", length_s=240)
PILLS = Timer(TimerKind.REMINDER, "to take your pills", length_s=600)
TEN_YEARS_S = 3652 * 86_400.0
SEVEN = Timer(TimerKind.ALARM, local=datetime(2026, 3, 4, 7, 0))


@dataclass
class Disk:
    """What is kept, and how the disk behaves."""

    rows: list[TimerRow] = field(default_factory=list)
    fails: bool = False
    unreadable: bool = False
    lost: bool = False
    writes: int = 0
    working: bool = True

    async def recall(self) -> Recalled | None:
        self.working = not self.unreadable
        return None if self.unreadable else Recalled(tuple(self.rows), self.lost)

    def keep(self, rows: list[TimerRow]) -> None:
        self.working = not self.fails
        if self.working:
            self.rows = rows
            self.writes += 1

    async def close(self) -> None: ...


@dataclass
class Device:
    """A device that announces what it is told, and a person who is there or not."""

    disk: Disk = field(default_factory=Disk)
    wall_ahead_s: float = NOON_S - 1000.0  # virtual time begins at 1000
    outcome: Outcome | None = Outcome.SAID
    """What becomes of an announcement, 3 s after it began; None: nobody ever tells."""
    said: list[tuple[float, Announcement]] = field(default_factory=list)
    looks: int = 0
    """How often it asked what time it is."""

    def play(self, story: Callable[[Device], Awaitable[None]]) -> Device:
        """One run of the device, which is switched off when the story ends."""

        async def whole() -> None:
            loop = asyncio.get_running_loop()
            self.began_s = loop.time()
            clocks = Clocks(
                self._wall,
                loop.time,
                lambda local: local.replace(tzinfo=UTC).timestamp(),
            )
            self.alarms = Alarms(self.disk, self._announced, itertools.count(1), timer_phrases("en"), clocks)
            async with asyncio.TaskGroup() as group:
                self._group = group
                running = group.create_task(self.alarms.run())
                await asyncio.sleep(0.01)
                await story(self)
                running.cancel()

        run(whole())
        return self

    def again(self, after_s: float = 0.0, outcome: Outcome = Outcome.SAID) -> Device:
        """The next run, so long after the last thing that was said, or after the last start."""
        ran_s = 0.0 if not self.said else self.said[-1][0]
        return Device(self.disk, self.wall_ahead_s + ran_s + after_s, outcome)

    @property
    def texts(self) -> list[str]:
        return [announcement.text for _, announcement in self.said]

    @property
    def times_s(self) -> list[float]:
        """When it was announced, from the start."""
        return [round(at_s, 1) for at_s, _ in self.said]

    def _wall(self) -> float:
        self.looks += 1
        return asyncio.get_running_loop().time() + self.wall_ahead_s

    def _announced(self, announcement: Announcement) -> None:
        now_s = asyncio.get_running_loop().time()
        self.said.append((now_s - self.began_s, announcement))
        if self.outcome is not None:
            self._group.create_task(self._tell(announcement.announcement_id, self.outcome))

    async def _tell(self, announcement_id: int, outcome: Outcome) -> None:
        await asyncio.sleep(3)
        self.alarms.over(announcement_id, outcome)


async def nothing(device: Device) -> None:
    await asyncio.sleep(1)


# --- ringing -------------------------------------------------------------------------------------


def test_it_rings_when_it_is_due_and_pre_empts_what_is_said() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(245)

    device = Device(outcome=Outcome.DISMISSED).play(story)
    ((at_s, announcement),) = device.said
    assert 240 <= at_s < 240.5
    assert announcement.urgency is Urgency.ALARM
    assert announcement.rings
    assert "tea timer" in announcement.text


def test_it_rings_again_until_somebody_dismisses_it() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(240 + 2 * RING_EVERY_S + 1)
        device.outcome = Outcome.DISMISSED
        await asyncio.sleep(600)
        assert device.alarms.running() == ()

    device = Device().play(story)
    assert [round(at_s - 240) for at_s in device.times_s] == [0, 20, 40, 60]
    assert device.disk.rows == []


def test_it_gives_up_when_nobody_comes() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(3600)
        assert device.alarms.running() == ()

    device = Device().play(story)
    assert len(device.said) == RING_FOR_S / RING_EVERY_S
    assert device.disk.rows == []


def test_one_that_nobody_could_be_told_of_is_not_given_up() -> None:
    async def story(device: Device) -> None:
        device.outcome = Outcome.DROPPED
        device.alarms.add(TEA)
        await asyncio.sleep(240 + 2 * RING_FOR_S)
        assert len(device.alarms.running()) == 1
        device.outcome = Outcome.DISMISSED
        await asyncio.sleep(RING_EVERY_S + 5)
        assert device.alarms.running() == ()

    Device().play(story)


def test_a_session_that_tells_nothing_does_not_silence_it_for_ever() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(240 + 300)

    assert len(Device(outcome=None).play(story).said) == 3


def test_two_that_are_due_together_are_announced_together() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        device.alarms.add(Timer(TimerKind.TIMER, "egg", length_s=240))
        await asyncio.sleep(245)
        assert device.alarms.running() == ()

    device = Device(outcome=Outcome.DISMISSED).play(story)
    assert len(device.said) == 1
    assert "tea timer" in device.texts[0]
    assert "egg timer" in device.texts[0]


def test_one_that_begins_while_another_rings_is_told_at_once() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        device.alarms.add(Timer(TimerKind.TIMER, "egg", length_s=248))
        await asyncio.sleep(255)

    device = Device().play(story)
    assert [round(at_s) for at_s in device.times_s] == [240, 248]
    assert "egg timer" in device.texts[1]


def test_what_a_person_was_told_of_is_dismissed_by_talking_and_nothing_else_is() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        device.alarms.add(PILLS)
        device.alarms.dismiss()
        await asyncio.sleep(250)
        device.alarms.dismiss()
        assert [running.timer for running in device.alarms.running()] == [PILLS]
        await asyncio.sleep(300)

    device = Device().play(story)
    assert len(device.said) == 1


def test_what_waits_behind_a_person_who_speaks_is_not_dismissed_by_their_words() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(241)  # announced, not said yet
        device.alarms.dismiss()
        assert len(device.alarms.running()) == 1

    Device().play(story)


def test_one_that_is_cancelled_never_rings() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(100)
        (running,) = device.alarms.running()
        assert round(running.left_s) == 140
        device.alarms.cancel([running.timer_id])
        await asyncio.sleep(3600)

    device = Device().play(story)
    assert device.said == []
    assert device.disk.rows == []


def test_what_became_of_the_announcements_of_others_is_passed_over() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(241)
        device.alarms.over(99, Outcome.DISMISSED)
        assert len(device.alarms.running()) == 1

    Device().play(story)


def test_with_nothing_set_it_does_nothing() -> None:
    async def story(device: Device) -> None:
        looks = device.looks
        await asyncio.sleep(86_400)
        assert device.looks == looks

    Device().play(story)


# --- the wall clock ------------------------------------------------------------------------------


def test_an_alarm_rings_at_its_time_of_day() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(SEVEN)
        await asyncio.sleep(19 * 3600 + 5)

    device = Device(outcome=Outcome.DISMISSED).play(story)
    assert device.texts == ["It is seven o'clock in the morning. This is your alarm."]
    assert 19 * 3600 <= device.said[0][0] < 19 * 3600 + 0.5


def test_a_clock_that_is_set_is_noticed_within_a_nap() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(SEVEN)
        await asyncio.sleep(600)
        device.wall_ahead_s += 19 * 3600 - 600
        await asyncio.sleep(LONGEST_NAP_S + 5)

    device = Device(outcome=Outcome.DISMISSED).play(story)
    assert device.times_s[0] <= 600 + LONGEST_NAP_S + 0.5


def test_a_clock_that_is_set_back_after_the_ring_does_not_ring_twice() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(SEVEN)
        await asyncio.sleep(19 * 3600 + 10)
        device.wall_ahead_s -= 3600
        await asyncio.sleep(2 * 3600)

    assert len(Device(outcome=Outcome.DISMISSED).play(story).said) == 1


def test_an_alarm_that_a_clock_set_forward_jumps_over_says_how_late_it_is_and_only_once() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(SEVEN)
        await asyncio.sleep(60)
        device.wall_ahead_s += 21 * 3600
        await asyncio.sleep(600)

    device = Device().play(story)
    assert device.texts == ["Your alarm for seven o'clock in the morning should have rung two hours ago."]


# --- across a restart ----------------------------------------------------------------------------


def set_and_die(*timers: Timer, after_s: float = 1.0) -> Device:
    async def story(device: Device) -> None:
        for timer in timers:
            assert device.alarms.add(timer) is None
        await asyncio.sleep(after_s)

    return Device(outcome=Outcome.SAID).play(story)


def test_what_ended_while_it_was_off_is_told_late_once_and_says_so() -> None:
    async def story(device: Device) -> None:
        await asyncio.sleep(3600)
        assert device.alarms.running() == ()

    device = set_and_die(TEA).again(after_s=2 * 3600 + 240).play(story)
    assert device.texts == ["Your tea timer ended two hours ago, while I was switched off."]
    assert device.said[0][1].rings
    assert device.disk.rows == []


def test_a_late_one_that_could_not_be_said_is_said_later() -> None:
    async def story(device: Device) -> None:
        await asyncio.sleep(RING_EVERY_S + 10)
        device.outcome = Outcome.SAID
        await asyncio.sleep(600)

    device = set_and_die(PILLS).again(after_s=5 * 3600, outcome=Outcome.DROPPED).play(story)
    assert len(device.said) == 3
    assert device.texts[-1].startswith("I should have reminded you to take your pills, five hours ago")
    assert device.disk.rows == []


def test_what_ended_only_just_rings_as_if_it_had_not_been_off() -> None:
    async def story(device: Device) -> None:
        await asyncio.sleep(50)

    device = set_and_die(TEA).again(after_s=320).play(story)
    assert len(device.said) == 3
    assert device.texts[0] == "Your tea timer ended one minute ago, while I was switched off."


def test_very_old_ones_are_only_counted() -> None:
    timers = [TEA, PILLS, Timer(TimerKind.TIMER, length_s=60), Timer(TimerKind.TIMER, length_s=86_400)]
    device = set_and_die(*timers).again(after_s=86_400 + 7200).play(nothing)
    assert device.texts == [
        "Your timer for twenty-four hours ended two hours ago, while I was switched off. "
        "And 3 more ended more than a day ago."
    ]


def test_one_that_was_ringing_when_it_died_rings_when_it_is_back() -> None:
    async def story(device: Device) -> None:
        await asyncio.sleep(1)

    before = set_and_die(TEA, after_s=245)
    assert before.disk.rows[0].rang
    device = before.again(after_s=10).play(story)
    assert device.texts == ["Your tea timer has ended."] or device.texts == [
        "Time is up! Your tea timer has ended."
    ]


def test_one_that_rang_before_it_died_does_not_blame_being_off() -> None:
    device = set_and_die(TEA, after_s=245).again(after_s=3 * 3600).play(nothing)
    assert device.texts == ["Your tea timer ended three hours ago."]


def test_a_device_that_wakes_in_1970_waits_for_the_time_of_day() -> None:
    before = set_and_die(SEVEN)
    device = Device(before.disk, wall_ahead_s=-1000.0)

    async def story(device: Device) -> None:
        await asyncio.sleep(3600)
        assert device.said == []
        device.wall_ahead_s = (NOON_S + timedelta(hours=21).total_seconds()) - 4600
        await asyncio.sleep(LONGEST_NAP_S + 1)

    device.play(story)
    assert device.texts == [
        "Your alarm for seven o'clock in the morning should have rung two hours ago, but I was switched off."
    ]


# --- the disk's troubles -------------------------------------------------------------------------


@pytest.mark.parametrize("leap_s", [TEN_YEARS_S, -TEN_YEARS_S, -NOON_S])
def test_a_clock_that_leaps_by_years_moves_no_timer_that_runs(leap_s: float) -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(60)
        device.wall_ahead_s += leap_s
        await asyncio.sleep(240)

    device = Device().play(story)
    assert device.times_s[0] == TEA.length_s
    assert device.texts[0] == "Time is up! Your tea timer has ended."


@pytest.mark.parametrize("leap_s", [-TEN_YEARS_S, -NOON_S])
def test_a_clock_that_is_years_behind_after_a_restart_keeps_a_timer_for_its_length_at_most(
    leap_s: float,
) -> None:
    async def story(device: Device) -> None:
        await asyncio.sleep(TEA.length_s + 10)

    device = set_and_die(TEA).again(after_s=leap_s).play(story)
    assert device.times_s[0] == TEA.length_s


def test_a_clock_that_is_ten_years_ahead_after_a_restart_tells_of_a_timer_instead_of_losing_it() -> None:
    device = set_and_die(TEA, PILLS).again(after_s=TEN_YEARS_S).play(nothing)
    assert len(device.texts) == 1
    assert "ended" in device.texts[0]


def test_with_a_disk_that_fails_they_ring_all_the_same_and_it_says_so_once() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(30)
        assert not device.alarms.lasting
        device.alarms.add(PILLS)
        await asyncio.sleep(240)

    device = Device(Disk(fails=True), outcome=Outcome.DISMISSED).play(story)
    told, rang = device.said
    assert told[1].urgency is Urgency.FAULT
    assert not told[1].rings
    assert "not if I am switched off" in told[1].text
    assert "tea timer" in rang[1].text


def test_a_disk_that_recovers_gets_everything() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(PILLS)
        await asyncio.sleep(10)
        device.disk.fails = False
        await asyncio.sleep(TRY_DISK_AGAIN_S + LONGEST_NAP_S)
        assert device.alarms.lasting
        assert len(device.disk.rows) == 1

    Device(Disk(fails=True)).play(story)


def test_a_disk_that_failed_is_tried_at_once_when_another_is_set() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(PILLS)
        await asyncio.sleep(10)
        device.disk.fails = device.disk.unreadable = False
        device.alarms.add(TEA)
        await asyncio.sleep(0.1)
        assert device.alarms.lasting
        assert len(device.disk.rows) == 2

    Device(Disk(fails=True)).play(story)
    Device(Disk(unreadable=True)).play(story)


def test_a_disk_that_failed_is_tried_once_more_at_the_end() -> None:
    async def story(device: Device) -> None:
        device.alarms.add(PILLS)
        await asyncio.sleep(10)
        device.disk.fails = False

    assert len(Device(Disk(fails=True)).play(story).disk.rows) == 1


def test_nothing_is_written_over_timers_that_could_not_be_read_yet() -> None:
    before = set_and_die(PILLS)
    before.disk.unreadable = True

    async def story(device: Device) -> None:
        device.alarms.add(TEA)
        await asyncio.sleep(10)
        assert not device.alarms.lasting
        assert [row.label for row in device.disk.rows] == ["to take your pills"]
        device.disk.unreadable = False
        await asyncio.sleep(TRY_DISK_AGAIN_S + LONGEST_NAP_S)
        assert sorted(row.label for row in device.disk.rows) == ["tea", "to take your pills"]
        assert len({running.timer_id for running in device.alarms.running()}) == 2

    before.again().play(story)


def test_a_list_that_was_damaged_is_owned_up_to() -> None:
    device = Device(Disk(lost=True)).play(nothing)
    assert "damaged" in device.texts[0]
    assert device.said[0][1].urgency is Urgency.FAULT
