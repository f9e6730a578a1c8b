"""Which timers are due, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from device.contracts import Timer, TimerKind, TimerRefusal
from device.timer_book import AT_MOST, LONGEST_S, Now, TimerBook

NOON_S = datetime(2026, 3, 3, 12, 0, tzinfo=UTC).timestamp()
TEA = Timer(TimerKind.TIMER, "tea", length_s=240)


class Time:
    """Both clocks, moved by hand."""

    def __init__(self, wall_s: float = NOON_S) -> None:
        self.wall_s = wall_s
        self.monotonic_s = 50.0

    @property
    def now(self) -> Now:
        return Now(self.wall_s, self.monotonic_s)

    def passes(self, seconds: float) -> Now:
        self.wall_s += seconds
        self.monotonic_s += seconds
        return self.now

    def is_set_to(self, wall_s: float) -> Now:
        self.wall_s = wall_s
        return self.now


def in_zone(name: str) -> TimerBook:
    zone = ZoneInfo(name)
    return TimerBook(Time().now, lambda local: local.replace(tzinfo=zone).timestamp())


def book_of(time: Time, *timers: Timer, zone: str = "UTC") -> TimerBook:
    info = ZoneInfo(zone)
    book = TimerBook(time.now, lambda local: local.replace(tzinfo=info).timestamp())
    for timer in timers:
        assert book.add(timer, time.now) is None
    return book


def restarted(before: TimerBook, time: Time, zone: str = "UTC") -> TimerBook:
    """The book of the next run, whose monotonic clock begins anew."""
    time.monotonic_s = 7.0
    book = book_of(time, zone=zone)
    book.restore(before.rows(), time.now)
    book.look(time.now)
    return book


def due(book: TimerBook, now: Now) -> bool:
    book.look(now)
    (entry,) = book
    return entry.due


def alarm(year: int, month: int, day: int, hour: int, minute: int) -> Timer:
    return Timer(TimerKind.ALARM, local=datetime(year, month, day, hour, minute))


# --- lengths of time -----------------------------------------------------------------------------


@pytest.mark.parametrize("jump_s", [-30 * 365 * 86_400, -3600, -5, 5, 3600, 10 * 365 * 86_400])
def test_an_egg_boils_as_long_as_it_was_told_to_however_the_clock_is_set(jump_s: float) -> None:
    time = Time()
    book = book_of(time, TEA)
    time.passes(100)
    time.is_set_to(time.wall_s + jump_s)
    assert not due(book, time.passes(139.9))
    assert due(book, time.passes(0.2))


def test_a_timer_that_was_set_in_1970_is_right_on_disk_once_the_clock_is() -> None:
    time = Time(wall_s=30.0)
    book = book_of(time, TEA)
    book.changed = False
    time.passes(60)
    time.is_set_to(NOON_S)
    book.look(time.now)
    assert book.changed
    assert book.rows()[0].due_utc == pytest.approx(NOON_S + 180)


def test_a_running_timer_goes_on_after_a_restart() -> None:
    time = Time()
    before = book_of(time, TEA)
    time.passes(100)
    book = restarted(before, time)
    assert book.running(time.now)[0].left_s == pytest.approx(140)
    assert not due(book, time.passes(139))
    assert due(book, time.passes(2))
    (entry,) = book
    assert not entry.while_off


def test_one_that_ended_while_the_device_was_off_knows_so_and_how_late_it_is() -> None:
    time = Time()
    before = book_of(time, TEA)
    time.passes(240 + 7200)
    (entry,) = restarted(before, time)
    assert entry.while_off
    assert entry.late_s == pytest.approx(7200)


def test_a_clock_that_is_set_after_the_start_shows_what_was_missed() -> None:
    """Boards without a battery start at the time of their last shutdown, and learn better a minute later."""
    time = Time()
    before = book_of(time, TEA)
    time.passes(100)
    book = restarted(before, time)
    assert not due(book, time.passes(60))
    time.is_set_to(time.wall_s + 7200)
    assert due(book, time.now)
    (entry,) = book
    assert entry.while_off
    assert entry.late_s == pytest.approx(7200 - 80)


def test_after_a_start_in_1970_a_timer_rings_after_its_whole_length_at_the_latest() -> None:
    time = Time()
    before = book_of(time, TEA)
    time.is_set_to(20.0)
    book = restarted(before, time)
    assert not due(book, time.passes(239))
    assert due(book, time.passes(2))


def test_a_timer_of_an_unset_clock_runs_anew_after_a_restart_and_is_not_decades_late() -> None:
    time = Time(wall_s=30.0)
    before = book_of(time, TEA)
    time.is_set_to(NOON_S)
    book = restarted(before, time)
    assert not due(book, time.passes(239))
    assert due(book, time.passes(2))
    (entry,) = book
    assert entry.late_s == pytest.approx(1)


# --- times of day --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "set_at", "due_utc"),
    [
        ("Europe/Berlin", datetime(2026, 3, 28, 21, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),
        (
            "Europe/Berlin",
            datetime(2026, 10, 24, 20, 0, tzinfo=UTC),
            datetime(2026, 10, 25, 6, 0, tzinfo=UTC),
        ),
        ("America/New_York", datetime(2026, 3, 8, 3, 0, tzinfo=UTC), datetime(2026, 3, 8, 11, 0, tzinfo=UTC)),
        (
            "America/New_York",
            datetime(2026, 11, 1, 3, 0, tzinfo=UTC),
            datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
        ),
    ],
)
def test_seven_is_seven_also_after_a_night_in_which_the_clocks_change(
    zone: str, set_at: datetime, due_utc: datetime
) -> None:
    time = Time(set_at.timestamp())
    book = book_of(time, alarm(due_utc.year, due_utc.month, due_utc.day, 7, 0), zone=zone)
    time.passes(due_utc.timestamp() - time.wall_s - 1)
    assert not due(book, time.now)
    assert due(book, time.passes(1))
    assert due_utc.astimezone(ZoneInfo(zone)).hour == 7


def test_a_time_that_the_clocks_skip_is_reckoned_by_the_time_before() -> None:
    book = in_zone("Europe/Berlin")
    book.add(alarm(2026, 3, 29, 2, 30), Time().now)
    shown = datetime.fromtimestamp(book.rows()[0].due_utc, ZoneInfo("Europe/Berlin"))
    assert (shown.hour, shown.minute) == (3, 30)


def test_a_time_that_comes_twice_rings_the_first_time() -> None:
    book = in_zone("Europe/Berlin")
    book.add(alarm(2026, 10, 25, 2, 30), Time().now)
    assert book.rows()[0].due_utc == datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()


def test_an_alarm_follows_the_clock_on_the_wall() -> None:
    time = Time()
    book = book_of(time, alarm(2026, 3, 3, 13, 0))
    time.passes(60)
    time.is_set_to(NOON_S + 3700)
    assert due(book, time.now)
    (entry,) = book
    assert entry.late_s == pytest.approx(100)
    assert not entry.while_off


def test_an_alarm_follows_the_zone_that_the_device_is_moved_to() -> None:
    time = Time()
    before = book_of(time, alarm(2026, 3, 3, 18, 0), zone="Europe/Berlin")
    book = restarted(before, time, zone="America/New_York")
    assert book.changed
    assert book.rows()[0].due_utc == datetime(2026, 3, 3, 23, 0, tzinfo=UTC).timestamp()


def test_an_alarm_waits_for_a_clock_that_is_set() -> None:
    time = Time()
    before = book_of(time, alarm(2026, 3, 3, 13, 0))
    time.is_set_to(20.0)
    book = restarted(before, time)
    assert not due(book, time.passes(7 * 86_400))
    assert due(book, time.is_set_to(NOON_S + 3600))


@pytest.mark.parametrize("wall_s", [0.0, 1e9, datetime(2024, 12, 31, tzinfo=UTC).timestamp()])
def test_with_an_unset_clock_no_time_of_day_is_promised_but_a_length_is(wall_s: float) -> None:
    time = Time(wall_s)
    book = book_of(time)
    assert book.add(alarm(2026, 3, 3, 13, 0), time.now) is TimerRefusal.CLOCK_UNSET
    assert book.add(TEA, time.now) is None


# --- what can be kept ----------------------------------------------------------------------------


def test_there_is_room_for_so_many_and_no_more() -> None:
    book = book_of(Time(), *[TEA] * AT_MOST)
    assert book.add(TEA, Time().now) is TimerRefusal.TOO_MANY
    book.remove([3])
    assert book.add(TEA, Time().now) is None


def test_a_day_is_the_longest_length() -> None:
    book = book_of(Time(), Timer(TimerKind.TIMER, length_s=LONGEST_S))
    assert book.add(Timer(TimerKind.TIMER, length_s=LONGEST_S + 1), Time().now) is TimerRefusal.TOO_LONG


def test_the_next_one_comes_first() -> None:
    time = Time()
    long, short = Timer(TimerKind.TIMER, "long", length_s=900), Timer(TimerKind.TIMER, "short", length_s=60)
    book = book_of(time, long, alarm(2026, 3, 3, 12, 5), short)
    assert [running.left_s for running in book.running(time.now)] == [60, 300, 900]
    assert book.next_due_in_s(time.now) == 60


def test_everything_comes_back_from_its_rows_as_it_was() -> None:
    time = Time()
    reminder = Timer(TimerKind.REMINDER, "to take your pills", local=datetime(2026, 3, 4, 8, 0))
    before = book_of(time, TEA, alarm(2026, 3, 3, 18, 30), reminder)
    book = restarted(before, time)
    assert [entry.timer for entry in book] == [entry.timer for entry in before]
    assert [row.due_utc for row in book.rows()] == [row.due_utc for row in before.rows()]
