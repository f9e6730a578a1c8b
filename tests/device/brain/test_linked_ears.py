"""Which ears are heard, in every order in which they can fail, and that nothing is sent without leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from device.brain.linked_ears import BETTER_WITHIN_S, INSTEAD_WITHIN_S, LinkedEars
from device.contracts import Frame, LinkHealth, Transcript
from device.errors import LinkError, NoSystem2, SttError
from tests.fakes import FakeListening, FakeStt, FakeSystem2
from tests.virtual_time import run

FRAMES = [Frame(bytes(640), i / 50) for i in range(5)]
HEARS = LinkHealth(up=True, hears=True)
OURS, THEIRS = "ours", "theirs"


def ears(ours: FakeStt, theirs: FakeStt, health: LinkHealth = HEARS, use: str = "auto") -> LinkedEars:
    return LinkedEars(FakeSystem2(health=health, ears=theirs), ours, lambda: use)  # type: ignore[arg-type,return-value]


async def hear(linked: LinkedEars) -> tuple[Transcript, float]:
    """The transcript, and how long it took after the last frame."""
    listening = linked.listen()
    try:
        for frame in FRAMES:
            listening.feed(frame)
        ended_s = asyncio.get_running_loop().time()
        heard = await listening.finish()
        return heard, asyncio.get_running_loop().time() - ended_s
    finally:
        await listening.abandon()


Row = tuple[FakeStt, FakeStt, str, float]


def on_board(takes_s: float = 0.0, **how: object) -> FakeStt:
    return FakeStt(OURS, takes_s=takes_s, **how)  # type: ignore[arg-type]


def far(takes_s: float = 0.0, **how: object) -> FakeStt:
    return FakeStt(THEIRS, takes_s=takes_s, heard_as=4, **how)  # type: ignore[arg-type]


LOST, BROKEN = NoSystem2("The link was lost."), SttError("It broke.")
TABLE: dict[str, Row] = {
    # on board, far away, who is heard, after how many seconds
    "theirs first": (on_board(1.0), far(0.2), THEIRS, 0.2),
    "theirs soon after ours": (on_board(0.5), far(0.8), THEIRS, 0.8),
    "theirs too late": (on_board(0.5), far(5.0), OURS, 0.5 + BETTER_WITHIN_S),
    "theirs never": (on_board(0.5), far(hangs=True), OURS, 0.5 + BETTER_WITHIN_S),
    "theirs failed first": (on_board(0.5), far(0.1, fails=LOST), OURS, 0.5),
    "theirs failed after ours": (on_board(0.5), far(0.7, fails=LOST), OURS, 0.7),
    "theirs failed in a way it should not": (on_board(0.5), far(0.1, fails=KeyError("bug")), OURS, 0.5),
    "theirs without words": (on_board(0.5), FakeStt("", takes_s=0.1), OURS, 0.5),
    "ours failed": (on_board(0.1, fails=BROKEN), far(1.5), THEIRS, 1.5),
    "ours without words": (FakeStt("", takes_s=0.1), far(1.5), THEIRS, 1.5),
    "ours never": (on_board(hangs=True), far(1.5), THEIRS, 1.5),
    "neither has words": (FakeStt("", takes_s=0.1), FakeStt("", takes_s=0.2), "", 0.2),
    "ours without words and theirs never": (
        FakeStt("", takes_s=0.1),
        far(hangs=True),
        "",
        0.1 + INSTEAD_WITHIN_S,
    ),
    "ours failed and theirs without words": (on_board(0.1, fails=BROKEN), FakeStt("", takes_s=0.2), "", 0.2),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_who_is_heard(row: Row) -> None:
    ours, theirs, text, after_s = row

    async def story() -> tuple[Transcript, float]:
        found = await hear(ears(ours, theirs))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return found

    heard, took_s = run(story())
    assert heard.text == text
    assert heard.heard_as == (4 if text == THEIRS else None)
    assert took_s == pytest.approx(after_s, abs=0.02)
    assert ours.listenings[0].abandoned
    assert theirs.listenings[0].abandoned


@pytest.mark.parametrize("order", [(0.5, 0.1), (0.1, 0.4)])
def test_of_a_system_2_that_does_not_tell_its_words_ours_count_as_what_it_heard(
    order: tuple[float, float],
) -> None:
    silent = FakeStt("", takes_s=order[1], heard_as=4)
    heard, took_s = run(hear(ears(on_board(order[0]), silent)))
    assert heard == Transcript(OURS, "fake", heard_as=4)
    assert took_s == pytest.approx(max(order), abs=0.02)


def test_without_words_of_ours_nobody_is_asked_about_sound_that_cannot_be_judged() -> None:
    heard, _ = run(hear(ears(FakeStt("", takes_s=0.1), FakeStt("", heard_as=4))))
    assert heard == Transcript("", "fake")
    with pytest.raises(SttError, match="It broke"):
        run(hear(ears(on_board(fails=BROKEN), FakeStt("", heard_as=4))))


@pytest.mark.parametrize("order", [(0.1, 0.2), (0.2, 0.1)])
def test_when_both_fail_it_is_ours_that_is_told(order: tuple[float, float]) -> None:
    with pytest.raises(SttError, match="It broke"):
        run(hear(ears(on_board(order[0], fails=BROKEN), far(order[1], fails=LOST))))


@pytest.mark.parametrize(
    ("health", "use"),
    [(LinkHealth(up=True), "auto"), (LinkHealth(up=False), "prefer"), (HEARS, "never")],
    ids=["no consent", "away", "switched off"],
)
def test_without_leave_nothing_is_ever_sent(health: LinkHealth, use: str) -> None:
    theirs = far()
    heard, _ = run(hear(ears(on_board(), theirs, health, use)))
    assert heard.text == OURS
    assert theirs.listenings == []


def test_leave_that_is_taken_back_in_the_middle_stops_the_sound_at_once() -> None:
    ours, theirs = on_board(), far()
    linked = ears(ours, theirs)

    async def story() -> str:
        listening = linked.listen()
        for frame in FRAMES[:2]:
            listening.feed(frame)
        linked._system_two.health = LinkHealth(up=True)  # type: ignore[misc]
        for frame in FRAMES[2:]:
            listening.feed(frame)
        return (await listening.finish()).text

    assert run(story()) == OURS
    assert len(theirs.listenings[0].frames) == 2
    assert len(ours.listenings[0].frames) == 5


def test_a_link_that_goes_down_before_it_listens_costs_nothing() -> None:
    ours = on_board()
    linked = ears(ours, far())

    def away() -> FakeListening:
        raise NoSystem2("The link is gone.")

    linked._system_two.listen = away  # type: ignore[method-assign]
    heard, _ = run(hear(linked))
    assert heard.text == OURS
    assert len(ours.listenings) == 1


def test_a_link_that_breaks_while_it_is_fed_costs_nothing() -> None:
    ours, theirs = on_board(), far()
    linked = ears(ours, theirs)

    def breaks(frame: Frame) -> None:
        raise LinkError("The link is gone.")

    async def story() -> str:
        listening = linked.listen()
        theirs.listenings[0].feed = breaks  # type: ignore[method-assign]
        for frame in FRAMES:
            listening.feed(frame)
        return (await listening.finish()).text

    assert run(story()) == OURS
    assert len(ours.listenings[0].frames) == 5


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.15, 0.3, 1.0])
@pytest.mark.parametrize(
    "make", [lambda: (on_board(0.1), far(0.2)), lambda: (on_board(0.2, fails=BROKEN), far(0.1))]
)
def test_wherever_it_is_cut_off_nothing_is_left_running(
    make: Callable[[], tuple[FakeStt, FakeStt]], after_s: float
) -> None:
    ours, theirs = make()

    async def story() -> None:
        task = asyncio.get_running_loop().create_task(hear(ears(ours, theirs)))
        await asyncio.sleep(after_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert all(stt.listenings[0].abandoned for stt in (ours, theirs) if stt.listenings)

    run(story())


def test_partial_words_are_ours_or_theirs() -> None:
    ours, theirs = on_board(), far(partials={2: "what"})

    async def story() -> list[str]:
        listening = ears(ours, theirs).listen()
        seen = []
        for frame in FRAMES[:2]:
            listening.feed(frame)
            seen.append(listening.partial)
        await listening.abandon()
        return seen

    assert run(story()) == ["", "what"]
