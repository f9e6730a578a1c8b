"""The outbox: in order, bounded, and sound can be taken back."""

from __future__ import annotations

import asyncio

from device.panel.outbox import Outbox, Parcel

A, B, C = (Parcel(letter, "text") for letter in "abc")
SOUND = Parcel(b"sound", "audio")


def test_frames_come_out_in_order_and_sound_can_be_taken_back() -> None:
    async def story() -> None:
        outbox = Outbox()
        for parcel in (A, SOUND, B, SOUND):
            outbox.put(parcel)
        outbox.drop_sound()
        assert [await outbox.get(), await outbox.get()] == [A, B]

    asyncio.run(story())


def test_whoever_waits_is_given_the_next_frame() -> None:
    async def story() -> None:
        outbox = Outbox()
        waiting = asyncio.ensure_future(outbox.get())
        await asyncio.sleep(0)
        outbox.put(SOUND)
        outbox.drop_sound()
        outbox.put(A)
        assert await waiting == A

    asyncio.run(story())


def test_a_full_outbox_says_so_and_never_blocks() -> None:
    outbox = Outbox(capacity=2)
    for parcel in (A, B):
        outbox.put(parcel)
    assert not outbox.stuck.is_set()
    outbox.put(C)
    assert outbox.stuck.is_set()


def test_a_parcel_knows_its_size_in_bytes() -> None:
    assert Parcel("é", "text").size == 2
    assert Parcel(b"\x00\x01\x02", "audio").size == 3
