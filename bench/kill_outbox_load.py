"""The load of the kill campaign: turns that put things, and a drain that sends them, until it is killed.

`python -m bench.kill_outbox_load <folder> [control]` has imported everything when it says "ready"; each line
on its standard input (number, gateway, how it ends) makes it fork a life, whose process it names. What a life
did is in `<folder>/told`, one line each, written before anything else happens. The control tells the person
too early.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import time
from pathlib import Path

from device.config import Settings, System2
from device.contracts import Outgoing, OutgoingKind
from device.errors import OutboxError
from device.link import native as n
from device.link.link import Calls, Link
from device.link.made import made_link
from device.link.native_dialect import Wish
from device.link.turns import Rules
from device.lived_time import FILE as LIVED
from device.lived_time import LivedTime
from device.moment import Clocks
from device.outbox.draining import Draining, Pace
from device.outbox.kept import KeptOutbox, Told
from provisioning.identity import own_identity
from tests.device.link.scripted import PLAIN, CountedWay

TOLD = "told"
CONTROL = "control"
UNTIL_KILLED = "until-killed"
UNTIL_EMPTY = "until-empty"
AT_ONCE = Pace(gap_s=0.002, burst=1000, burst_every_s=0.0, urgent_spread_s=0.0, spread_s=0.0)
NO_PERSON_S = 0.02
"""Between turns, at most."""


class Witnessed:
    """The link's device channel, with a word about each answer."""

    def __init__(self, link: Link, tell: Tell) -> None:
        self._link = link
        self._tell = tell

    @property
    def takes_reports(self) -> bool:
        return self._link.takes_reports

    async def report(self, report: n.Report) -> n.Ack:
        ack = await self._link.report(report)
        self._tell(ack.status, report.id)
        return ack


class Tell:
    """A line in a file is there when this returns, whoever is killed then."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, word: str, what: str) -> None:
        os.write(self._file, f"{word} {what}\n".encode())


class Turns:
    """Somebody talks to the device."""

    def __init__(self, outbox: KeptOutbox, tell: Tell, life: int, over: list[Draining]) -> None:
        self._outbox, self._tell, self._life, self._over = outbox, tell, life, over
        self._too_early = CONTROL in sys.argv
        self.idle = True

    async def run(self) -> None:
        for number in range(10_000):
            await asyncio.sleep(random.uniform(0, NO_PERSON_S))
            self.idle = False
            await self._turn(f"{self._life}.{number}")
            self.idle = True
            for draining in self._over:
                draining.stir()

    async def _turn(self, name: str) -> None:
        self._outbox.note(Outgoing(OutgoingKind.TELEMETRY, {"n": f"telemetry {name}"}))
        if self._too_early:
            self._tell("acknowledged", name)
        with contextlib.suppress(OutboxError):
            await self._outbox.put(Outgoing(OutgoingKind.RECORD, {"n": name, "words": "x" * 200}, key=name))
            self._tell("acknowledged", name)
        if random.random() < 0.2:
            await asyncio.sleep(random.uniform(0, 0.005))
            self._tell("taking-back", name)
            with contextlib.suppress(OutboxError):
                if await self._outbox.withdraw(name):
                    self._tell("taken-back", name)


async def life(folder: Path, number: int, url: str, ends: str) -> None:
    """Runs until it is killed, or until nothing waits any more."""
    lived = LivedTime(folder / LIVED, time.time, time.monotonic)
    clocks, tell = Clocks(lived.now), Tell(folder / TOLD)
    over: list[Draining] = []

    def stir() -> None:
        for draining in over:
            draining.stir()

    outbox = KeptOutbox(
        folder,
        Settings(),
        clocks,
        linked=lambda: link.health.up,
        told=Told(waits=stir, lost=lambda: tell("damaged", str(number))),
    )
    link = made_link(
        System2(url=url),
        Wish(),
        own_identity(folder / "device.key"),
        PLAIN,
        Rules(),
        Calls(halt=lambda: None, changed=lambda health: stir()),
        lambda host, port: CountedWay(),
    )
    turns = Turns(outbox, tell, number, over)
    witnessed = Witnessed(link, tell)
    over.append(
        Draining(outbox, witnessed, url, clocks, idle=lambda: turns.idle, tells_dropped=True, pace=AT_ONCE)
    )
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(link.run()), group.create_task(outbox.run())]
        running.append(group.create_task(over[0].run()))
        if ends == UNTIL_KILLED:
            await turns.run()
        while (await outbox.contents()).waiting:  # noqa: ASYNC110 - a campaign, not the product
            await asyncio.sleep(0.05)
        for task in running:
            task.cancel()
    await outbox.close()


def main() -> None:
    folder = Path(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        number, url, ends = line.split()
        process = os.fork()
        if process == 0:
            sys.stdin.close()
            asyncio.run(life(folder, int(number), url, ends))
            os._exit(0)
        print(process, flush=True)
        os.waitpid(process, 0)
        print("over", flush=True)


if __name__ == "__main__":
    main()
