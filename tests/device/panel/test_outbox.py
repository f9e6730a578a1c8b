"""The outbox: in order, bounded, and sound can be taken back."""

from __future__ import annotations

import asyncio

from device.panel.outbox import Outbox


def test_frames_come_out_in_order_and_sound_can_be_taken_back() -> None:
    async def story() -> None:
        outbox = Outbox()
        for frame in ("a", b"sound", "b", b"more"):
            outbox.put(frame)
        outbox.drop_sound()
        assert [await outbox.get(), await outbox.get()] == ["a", "b"]

    asyncio.run(story())


def test_whoever_waits_is_given_the_next_frame() -> None:
    async def story() -> None:
        outbox = Outbox()
        waiting = asyncio.ensure_future(outbox.get())
        await asyncio.sleep(0)
        outbox.put(b"x")
        outbox.drop_sound()
        outbox.put("a")
        assert await waiting == "a"

    asyncio.run(story())


def test_a_full_outbox_says_so_and_never_blocks() -> None:
    outbox = Outbox(capacity=2)
    for frame in ("a", "b"):
        outbox.put(frame)
    assert not outbox.stuck.is_set()
    outbox.put("c")
    assert outbox.stuck.is_set()
