"""The outbox is drained in order, gently, never during a turn; and nothing is lost or counted twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from device.config import Outbox
from device.contracts import Outgoing, OutgoingKind
from device.errors import LinkError, NoSystem2
from device.link import native as n
from device.link.channel import ACK_S, Unacknowledged
from device.outbox.draining import GENTLE, LEAST_RETRY_S, LONGEST_PAUSE_S, Draining
from device.outbox.kept import KeptOutbox, Told
from tests import virtual_time
from tests.device.outbox.kept_in_loop import NOON, InLoop, SetClocks, outbox_in_loop

PEER = "gateway.example"
DAY_S = 86_400.0
HOURS = 6
ROUND_TRIP_S = 0.05
Answer = Callable[[n.Report], n.Ack | Exception]


def okay(report: n.Report) -> n.Ack:
    return n.Ack(id=report.id)


class Gateway:
    """The far end of the device channel: counts each id once, and does what a test tells it to."""

    def __init__(self) -> None:
        self.up = False
        self.came: list[tuple[float, n.Report]] = []
        """Every report that arrived, with the loop's time."""
        self.counted: dict[str, n.Report] = {}
        self.answers: list[Answer] = []
        """To the next reports; then each is acknowledged."""

    @property
    def takes_reports(self) -> bool:
        return self.up

    async def report(self, report: n.Report) -> n.Ack:
        if not self.up:
            raise NoSystem2("down")
        self.came.append((asyncio.get_running_loop().time(), report))
        await asyncio.sleep(ROUND_TRIP_S)
        answer = self.answers.pop(0)(report) if self.answers else okay(report)
        if isinstance(answer, Unacknowledged):
            await asyncio.sleep(ACK_S)
        if isinstance(answer, Exception):
            raise answer
        if answer.status not in ("ok", "dup"):
            return answer
        known = self.counted.setdefault(report.id, report)
        assert known.hash == report.hash
        return n.Ack(id=report.id, status="ok" if known is report else "dup")

    def will(self, answer: Answer, times: int = 1) -> None:
        """Do this with the next reports."""
        self.answers += times * [answer]

    def lose_link(self, report: n.Report) -> Exception:
        """It was counted, and then the link went down before that could be said."""
        self.counted.setdefault(report.id, report)
        self.up = False
        return LinkError("lost")

    @property
    def bodies(self) -> list[Any]:
        return [report.body.get("n") for _, report in self.came]


class Rig:
    """An outbox, its drain and a gateway, in virtual time."""

    def __init__(self, state: Path, chance: float, outbox: Outbox) -> None:
        self.clocks = SetClocks()
        self.gateway = Gateway()
        self.idle = True
        self.keeps_words = False
        self.state, self.chance, self.settings = state, chance, outbox
        self.outbox: KeptOutbox
        self.disk: InLoop
        self.draining: Draining
        self.make()

    def make(self) -> None:
        """As at a start."""
        self.outbox, self.disk = outbox_in_loop(
            self.state,
            self.clocks.clocks,
            linked=lambda: self.gateway.up,
            told=Told(waits=lambda: self.draining.stir()),
            outbox=self.settings,
        )
        self.draining = Draining(
            self.outbox,
            self.gateway,
            PEER,
            self.clocks.clocks,
            idle=lambda: self.idle,
            keeps_words=lambda: self.keeps_words,
            tells_dropped=True,
            chance=lambda: self.chance,
        )

    async def put(self, *names: object, kind: OutgoingKind = OutgoingKind.QUESTION) -> None:
        for name in names:
            await self.outbox.put(Outgoing(kind, {"n": name}))

    def link(self, *, up: bool) -> None:
        self.gateway.up = up
        self.draining.stir()

    def turn(self, *, on: bool) -> None:
        self.idle = not on
        self.draining.stir()

    async def waiting(self) -> int:
        return sum((await self.outbox.contents()).waiting.values())


@contextlib.asynccontextmanager
async def draining(rig: Rig) -> AsyncIterator[None]:
    task = asyncio.create_task(rig.draining.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await rig.outbox.close()


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., None]:
    """Runs a story about a rig in virtual time."""

    def tell(story: Callable[[Rig], Coroutine[Any, Any, None]], chance: float = 0.0, **outbox: int) -> None:
        async def whole() -> None:
            rig = Rig(tmp_path, chance, Outbox(**outbox))
            async with draining(rig):
                await story(rig)

        virtual_time.run(whole())

    return tell


Told_ = Callable[..., None]


# --- order and pace --------------------------------------------------------------------------------


def test_what_waited_is_sent_once_the_most_urgent_and_oldest_first(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        for kind in reversed(OutgoingKind):
            await rig.put(f"{kind.value} 1", f"{kind.value} 2", kind=kind)
        await asyncio.sleep(5)
        assert rig.gateway.came == []
        rig.link(up=True)
        await asyncio.sleep(60)
        assert rig.gateway.bodies == [f"{kind.value} {number}" for kind in OutgoingKind for number in (1, 2)]
        assert await rig.waiting() == 0
        assert all(report.offline for _, report in rig.gateway.came)

    told(story)


def test_what_is_put_while_the_link_is_up_goes_out_at_once(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        rig.link(up=True)
        await asyncio.sleep(100)
        began_s = asyncio.get_running_loop().time()
        await rig.put("a", kind=OutgoingKind.ALERT)
        await asyncio.sleep(1)
        [(came_s, report)] = rig.gateway.came
        assert came_s - began_s < 0.5
        assert not report.offline

    told(story, chance=0.9)


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.99])
def test_a_link_that_is_back_is_not_stormed(told: Told_, chance: float) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("alert", kind=OutgoingKind.ALERT)
        await rig.put(*range(30), kind=OutgoingKind.TELEMETRY)
        began_s = asyncio.get_running_loop().time()
        rig.link(up=True)
        await asyncio.sleep(300)
        after_s = [came_s - began_s for came_s, _ in rig.gateway.came]
        assert after_s[0] == pytest.approx(chance * GENTLE.urgent_spread_s, abs=0.01)
        assert after_s[1] >= chance * GENTLE.spread_s
        in_any_minute = [sum(1 for other in after_s if 0 <= other - one < 60) for one in after_s]
        assert max(in_any_minute) <= 60 * GENTLE.burst / (0.75 * GENTLE.burst_every_s) + GENTLE.burst
        assert len(after_s) == 31

    told(story, chance=chance)


def test_what_is_urgent_does_not_wait_for_the_pace_of_the_rest(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put(*range(50), kind=OutgoingKind.TELEMETRY)
        rig.link(up=True)
        await asyncio.sleep(4)  # the first burst is over
        paused_at = len(rig.gateway.came)
        await rig.put("alert", kind=OutgoingKind.ALERT)
        await asyncio.sleep(0.5)
        assert rig.gateway.bodies[paused_at:] == ["alert"]

    told(story)


def test_nothing_is_sent_during_a_turn(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put(*range(20))
        rig.link(up=True)
        await asyncio.sleep(1)
        rig.turn(on=True)
        begun = len(rig.gateway.came)
        assert 0 < begun < 20
        await asyncio.sleep(120)
        assert len(rig.gateway.came) == begun
        rig.turn(on=False)
        await asyncio.sleep(60)
        assert rig.gateway.bodies == list(range(20))

    told(story)


# --- what goes wrong -------------------------------------------------------------------------------


def test_while_every_word_is_to_stay_on_board_only_what_has_none_is_sent(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        for kind in OutgoingKind:
            await rig.put(kind.value, kind=kind)
        rig.keeps_words = True
        rig.link(up=True)
        await asyncio.sleep(3600)
        assert rig.gateway.bodies == ["erase", "alert", "telemetry"]
        rig.keeps_words = False
        await asyncio.sleep(120)
        assert rig.gateway.bodies[3:] == ["question", "record"]

    told(story)


def test_what_was_not_acknowledged_is_sent_again_with_the_same_id_and_counts_once(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("a", "b")
        rig.gateway.will(rig.gateway.lose_link)
        rig.link(up=True)
        await asyncio.sleep(10)
        assert rig.gateway.bodies == ["a"]
        rig.link(up=True)
        await asyncio.sleep(10)
        assert rig.gateway.bodies == ["a", "a", "b"]
        first, second = (report for _, report in rig.gateway.came[:2])
        assert (first.id, first.hash, first.seq) == (second.id, second.hash, second.seq)
        assert [report.body["n"] for report in rig.gateway.counted.values()] == ["a", "b"]
        assert await rig.waiting() == 0

    told(story)


def test_a_gateway_that_wants_it_later_is_asked_again_no_sooner(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("a", "b")
        rig.gateway.will(lambda report: n.Ack(id=report.id, status="retry", retry_after_s=40.0))
        rig.link(up=True)
        await asyncio.sleep(200)
        assert rig.gateway.bodies == ["a", "a", "b"]
        (first_s, _), (second_s, _), _ = rig.gateway.came
        assert 40.0 <= second_s - first_s <= 51.0

    told(story, chance=0.8)


def test_an_alert_does_not_wait_for_what_the_gateway_wants_later(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("record", kind=OutgoingKind.RECORD)
        rig.gateway.will(lambda report: n.Ack(id=report.id, status="retry", retry_after_s=3600.0))
        rig.link(up=True)
        await asyncio.sleep(60)
        await rig.put("alert", kind=OutgoingKind.ALERT)
        await asyncio.sleep(1)
        assert rig.gateway.bodies == ["record", "alert"]
        await asyncio.sleep(2 * 3600)
        assert rig.gateway.bodies == ["record", "alert", "record"]

    told(story)


def test_a_gateway_that_only_wants_things_later_makes_no_dead_letters(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("a")
        rig.gateway.will(lambda report: n.Ack(id=report.id, status="retry", retry_after_s=10.0), times=50)
        rig.link(up=True)
        await asyncio.sleep(1000)
        assert rig.gateway.bodies == 51 * ["a"]
        assert await rig.outbox.dead_letters() == []

    told(story)


def test_a_gateway_that_wants_things_again_at_once_for_ever_costs_a_write_now_and_then(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("a")
        rig.gateway.will(lambda report: n.Ack(id=report.id, status="retry"), times=10_000)
        rig.link(up=True)
        await asyncio.sleep(600)
        assert len(rig.gateway.came) <= 600 / LEAST_RETRY_S

    told(story)


def test_what_is_refused_is_a_dead_letter_and_the_next_goes_on(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("a", "b")
        rig.gateway.will(lambda report: n.Ack(id=report.id, status="rejected"))
        rig.link(up=True)
        await asyncio.sleep(100)
        assert rig.gateway.bodies == ["a", "b"]
        assert [item.dead for item in await rig.outbox.dead_letters()] == ["rejected"]

    told(story)


def test_what_the_link_dies_of_each_time_does_not_stop_the_rest(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("poison", "b")
        rig.gateway.will(rig.gateway.lose_link, times=8)
        for _ in range(9):
            rig.link(up=True)
            await asyncio.sleep(30)
        assert rig.gateway.bodies == [*(8 * ["poison"]), "b"]
        assert [item.dead for item in await rig.outbox.dead_letters()] == ["poison"]

    told(story)


def test_what_is_never_answered_lets_the_others_pass_and_is_tried_with_pauses(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        def silent(report: n.Report) -> n.Ack | Exception:
            if report.body["n"] == "a":
                return Unacknowledged("nothing came")
            return okay(report)

        await rig.put("a", "b", "c")
        rig.gateway.will(silent, times=1000)
        rig.link(up=True)
        await asyncio.sleep(HOURS * 3600)
        assert rig.gateway.bodies[:4] == ["a", "b", "c", "a"]
        tried = [came_s for came_s, report in rig.gateway.came if report.body["n"] == "a"]
        assert HOURS * 3600 / (LONGEST_PAUSE_S + 80) < len(tried) < HOURS * 3600 / (LONGEST_PAUSE_S / 2)
        assert await rig.outbox.dead_letters() == []
        assert await rig.waiting() == 1

    told(story)


def test_a_disk_that_fails_is_tried_again_and_nothing_is_lost(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("a", "b")
        rig.disk.broken = True
        rig.link(up=True)
        before = rig.disk.runs
        await asyncio.sleep(3600)
        assert rig.gateway.came == []
        assert rig.disk.runs - before < 40
        rig.disk.broken = False
        await asyncio.sleep(LONGEST_PAUSE_S)
        assert rig.gateway.bodies == ["a", "b"]

    told(story)


def test_a_disk_that_fails_after_the_acknowledgement_makes_it_come_again(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        def break_disk(report: n.Report) -> n.Ack:
            rig.disk.broken = True
            return okay(report)

        await rig.put("a")
        rig.gateway.will(break_disk)
        rig.link(up=True)
        await asyncio.sleep(1)
        rig.disk.broken = False
        await asyncio.sleep(60)
        assert rig.gateway.bodies == ["a", "a"]
        assert len(rig.gateway.counted) == 1
        assert await rig.waiting() == 0

    told(story)


def test_what_is_erased_is_not_sent(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("a")
        assert await rig.outbox.forget(None) == ()
        rig.link(up=True)
        await asyncio.sleep(100)
        assert rig.gateway.came == []

    told(story)


# --- for a long time, and by strange clocks -----------------------------------------------------------


def test_three_days_offline_with_a_full_queue_and_then_everything_that_was_kept(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("question")
        for hour in range(72):
            await rig.put(hour, kind=OutgoingKind.TELEMETRY)
            await asyncio.sleep(3600)
        assert await rig.waiting() == 30
        rig.link(up=True)
        await asyncio.sleep(1800)
        assert rig.gateway.bodies == ["question", *range(43, 72), None]
        [stone] = rig.gateway.came[-1][1].body["dropped"]
        assert (stone["kind"], stone["why"], stone["count"]) == ("telemetry", "full", 43)
        assert await rig.waiting() == 0
        await asyncio.sleep(DAY_S)
        assert len(rig.gateway.came) == 31

    told(story, most_items=30)


def test_a_clock_that_leaps_ten_years_gives_nothing_up(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("a")
        for leap_s in (10 * 365 * DAY_S, -20 * 365 * DAY_S):
            rig.clocks.ahead_s += leap_s
            await asyncio.sleep(3600)
        await rig.put("b")
        rig.link(up=True)
        await asyncio.sleep(100)
        assert rig.gateway.bodies == ["a", "b"]

    told(story)


def test_what_is_worth_nothing_any_more_after_days_that_were_lived_is_not_sent(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        await rig.put("old", kind=OutgoingKind.RECORD)
        await rig.put("erasure", kind=OutgoingKind.ERASURE)
        await asyncio.sleep(2.1 * DAY_S)
        rig.link(up=True)
        await asyncio.sleep(600)
        assert rig.gateway.bodies == ["erasure", None]
        assert rig.gateway.came[-1][1].body["dropped"][0]["why"] == "expired"

    told(story, days=2)


def test_what_was_made_in_1970_is_dated_once_the_clock_is_set(told: Told_) -> None:
    async def story(rig: Rig) -> None:
        rig.clocks.ahead_s = -990.0
        await rig.put("a")
        await asyncio.sleep(3600)
        rig.clocks.ahead_s = NOON
        rig.link(up=True)
        await asyncio.sleep(100)
        [(_, report)] = rig.gateway.came
        assert report.ts == "2027-01-15T08:16:40.000+00:00"

    told(story)


def test_two_runs_of_one_boot_share_a_clock_and_two_boots_do_not(told: Told_, tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        rig.clocks.ahead_s = -990.0
        await rig.put("first")
        for boot, name in (("boot", "second run"), ("another boot", "third run")):
            other = SetClocks(-990.0 + 1000.0, boot)
            outbox, _ = outbox_in_loop(tmp_path, other.clocks, linked=lambda: False)
            await outbox.put(Outgoing(OutgoingKind.QUESTION, {"n": name}))
            await outbox.close()
        rig.clocks.ahead_s = NOON
        rig.link(up=True)
        await asyncio.sleep(100)
        assert [(report.body["n"], bool(report.ts)) for _, report in rig.gateway.came] == [
            ("first", True),
            ("second run", True),
            ("third run", False),
        ]

    told(story)
