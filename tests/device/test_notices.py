"""The board: every watcher sees everything in order, and a slow one only hurts itself."""

from __future__ import annotations

import asyncio

from device.notices import Board, Refused


def test_every_watcher_sees_what_is_posted_while_it_watches() -> None:
    async def story() -> None:
        board = Board()
        board.post(Refused("too early"))
        with board.watch() as one, board.watch() as other:
            board.post(Refused("a"))
            board.post(Refused("b"))
            for watcher in (one, other):
                assert [await anext(watcher), await anext(watcher)] == [Refused("a"), Refused("b")]

    asyncio.run(story())


def test_a_slow_watcher_loses_the_oldest_and_the_loss_is_counted() -> None:
    async def story() -> None:
        board = Board()
        with board.watch(capacity=2) as slow, board.watch() as quick:
            for number in range(5):
                board.post(Refused(str(number)))
            assert [await anext(slow), await anext(slow)] == [Refused("3"), Refused("4")]
            assert await anext(quick) == Refused("0")
            assert board.dropped == 3

    asyncio.run(story())
