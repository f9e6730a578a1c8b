"""A promise from its giving to its keeping: the device's own outbox, link and store, and a real gateway."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from device.audio.jitter_buffer import JitterBuffer
from device.audio.opus import OpusDecoder, OpusEncoder
from device.brain.packs import promise_phrases
from device.config import Settings, System2
from device.contracts import Announcement, News, Outcome, Outgoing, OutgoingKind, Promised
from device.link import native as n
from device.link.channel import Taken
from device.link.link import Calls, Link
from device.link.made import made_link
from device.link.native_dialect import Wish
from device.link.turns import Rules, Sounds
from device.link.way import Kind
from device.moment import Clocks
from device.outbox.draining import Draining, Pace
from device.outbox.kept import KeptOutbox, Told
from device.promises.kept import KeptPromises
from device.promises.promises import PromiseClocks, Promises
from device.record import Kind as TurnKind
from device.record import TurnRecord
from provisioning.identity import Identity, own_identity
from tests.free_port import free_port
from tests.gateway.openai_server import OpenAiServer, openai_server
from tests.gateway.process import Running, running_gateway
from tests.until import until

QUESTION = "who won the zephyr cup"
WITHIN_S = 20.0
AT_ONCE = Pace(gap_s=0.0, burst_every_s=0.1, urgent_spread_s=0.0, spread_s=0.0)


class OpenWay:
    """Everything may leave, and nothing is counted."""

    def open(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def sent(self, kind: Kind, sent_bytes: int) -> None:
        """Nobody asks."""


@dataclass
class Device:
    """All of it that a promise passes through."""

    state: Path
    identity: Identity
    url: str
    told: list[Announcement] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def runs(self) -> AsyncIterator[None]:
        self.outbox = KeptOutbox(
            self.state,
            Settings(),
            Clocks(time.time),
            linked=lambda: self.link.takes_reports,
            told=Told(waits=lambda: self.draining.stir()),
        )
        self.promises = Promises(
            KeptPromises(self.state),
            self.outbox,
            self.told.append,
            itertools.count(1),
            promise_phrases("en"),
            keep_s=3600.0,
            clocks=PromiseClocks(time.time),
        )
        self.link = self._link()
        self.draining = Draining(
            self.outbox,
            self.link,
            self.url,
            Clocks(time.time),
            idle=lambda: True,
            tells_dropped=False,
            pace=AT_ONCE,
            chance=lambda: 0.5,
        )
        parts = (self.outbox.run(), self.promises.run(), self.link.run(), self.draining.run())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self.outbox.close()

    def listener(self) -> None:
        """A person had a turn, and may listen on."""
        self.promises.turn_ended(TurnRecord(1, TurnKind.SPOKEN, lambda: 0.0, ""))

    def keeps(self, words: str) -> bool:
        return kept(self.state, words)

    def _link(self) -> Link:
        return made_link(
            System2(url=self.url),
            Wish(),
            self.identity,
            Sounds(
                encoder=lambda codec: OpusEncoder(codec.rate_hz, frame_ms=codec.frame_ms),
                decoder=lambda codec: OpusDecoder(codec.rate_hz),
                buffer=JitterBuffer,
            ),
            Rules(hears=False),
            Calls(
                halt=lambda: None,
                changed=lambda health: self.draining.stir(),
                takes=self._takes,
            ),
            lambda host, port: OpenWay(),
        )

    async def _takes(self, report: n.Report) -> Taken:
        return await self.promises.answered(report.body) if report.op == "answer" else "rejected"


def kept(folder: Path, words: str) -> bool:
    return any(words.encode() in file.read_bytes() for file in folder.iterdir() if file.is_file())


@contextlib.asynccontextmanager
async def gateway(data: Path, port: int, endpoint: OpenAiServer) -> AsyncIterator[Running]:
    starting = running_gateway(
        data,
        listen__port=port,
        llm__base_url=endpoint.url,
        llm__model="m",
        limits__watch_s=0.05,
        limits__question_retry_s=0.05,
    )
    running = await asyncio.to_thread(starting.__enter__)
    try:
        yield running
    finally:
        starting.__exit__(None, None, None)


def test_what_was_promised_offline_is_found_out_told_and_forgotten_on_both_sides(tmp_path: Path) -> None:
    state, data, port = tmp_path / "device", tmp_path / "gateway", free_port()
    state.mkdir()
    device = Device(state, own_identity(tmp_path / "device.key"), f"ws://127.0.0.1:{port}/v1/device")

    async def story(endpoint: OpenAiServer) -> None:
        async with device.runs():
            assert await device.promises.promise(QUESTION, "en") is Promised.KEPT
            await device.outbox.put(
                Outgoing(OutgoingKind.ALERT, {"category": "self_harm", "at_utc": "2026-11-21T20:00:00+00:00"})
            )
        async with device.runs():  # the power went, and nobody was there to ask
            assert device.promises.asked() is not News.FOUND
            async with gateway(data, port, endpoint) as running:
                await until(lambda: device.promises.asked() is News.FOUND)
                device.listener()
                [announcement] = device.told
                assert "The reds did, pulsar-8e." in announcement.text
                device.promises.over(announcement.announcement_id, Outcome.SAID)
                for words in ("zephyr", "pulsar-8e"):
                    await until(lambda words=words: not kept(data, words))  # type: ignore[misc]
                    await until(lambda words=words: not device.keeps(words))  # type: ignore[misc]
                with running.rest() as rest:
                    assert [one["category"] for one in rest.get("/v1/alerts").json()] == ["self_harm"]
                assert sum((await device.outbox.contents()).waiting.values()) == 0

    with openai_server() as endpoint:
        endpoint.words = ("The reds did, ", "pulsar-8e.")
        asyncio.run(story(endpoint))
    assert sum(QUESTION in asked["messages"][-1]["content"] for asked in endpoint.asked) == 1


def test_what_was_taken_back_before_it_was_found_out_is_forgotten_there_too(tmp_path: Path) -> None:
    state, data, port = tmp_path / "device", tmp_path / "gateway", free_port()
    state.mkdir()
    device = Device(state, own_identity(tmp_path / "device.key"), f"ws://127.0.0.1:{port}/v1/device")

    async def story(endpoint: OpenAiServer) -> None:
        async with gateway(data, port, endpoint), device.runs():
            assert await device.promises.promise(QUESTION, "en") is Promised.KEPT
            await until(lambda: kept(data, "zephyr"))
            await device.promises.forget(everything=True)
            await until(lambda: not kept(data, "zephyr"))
            await until(lambda: not device.keeps("zephyr"))
            endpoint.status = 200
            device.listener()
            assert device.told == []

    with openai_server() as endpoint:
        endpoint.status = 500
        asyncio.run(story(endpoint))
