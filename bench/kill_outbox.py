"""`make kill-campaign`: a device is killed at random points of its turns and its drain, again and again.

The outbox, the link and the gateway are the real ones; only nobody speaks. In the end everything that the
person was told is kept must be at the gateway, once, and whatever was taken back nowhere.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.kill_outbox_load import TOLD, UNTIL_EMPTY, UNTIL_KILLED
from tests.gateway.process import ROOT, Running, running_gateway

LONGEST_LIFE_S = 0.5
GATEWAY_LIVES = 50
"""The gateway is killed, too, after so many lives of the device."""
EMPTIED_WITHIN_S = 300
UNLIMITED = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign came to."""

    kills: int
    gateway_kills: int
    seconds: float
    acknowledged: int
    """Items of which the person was told that they are kept."""
    received: int
    """Of all that were put, at the gateway in the end."""
    came_again: int
    """Sent again because the acknowledgement, or the note of it, was killed; counted once."""
    taken_back: int
    lost: tuple[str, ...]
    """Acknowledged, not taken back, and neither at the gateway nor in the outbox."""
    twice: tuple[str, ...]
    """At the gateway more than once."""
    undead: tuple[str, ...]
    """Taken back, and at the gateway all the same."""
    damaged: tuple[str, ...]
    """Databases that quick_check does not like, or that were set aside."""
    dead: int
    """Dead letters: items with which the device was killed again and again."""

    @property
    def well(self) -> bool:
        return not (self.lost or self.twice or self.undead or self.damaged)


class Lives:
    """A process that has everything imported, and forks a device whenever one is wanted."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "bench.kill_outbox_load", str(folder)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._count = 0

    def one(self, gateway: Running, ends: str, longest_s: float) -> bool:
        """It ended by itself; otherwise it was killed after so long."""
        assert self._process.stdin is not None
        if not self._count:
            self._expect("ready")
        self._count += 1
        self._process.stdin.write(f"{self._count} {gateway.device_url} {ends}\n")
        self._process.stdin.flush()
        device = os.pidfd_open(int(self._line()))
        try:
            ended = _ends_within(device, longest_s)
            if not ended:
                signal.pidfd_send_signal(device, signal.SIGKILL)
        finally:
            os.close(device)
        self._expect("over")
        return ended

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _expect(self, word: str) -> None:
        if (line := self._line()) != word:
            raise RuntimeError(f"the load said {line!r} instead of {word!r}")

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def campaign(folder: Path, kills: int, chance: random.Random, gateway_lives: int = GATEWAY_LIVES) -> Outcome:
    """Raises RuntimeError when what is left is not sent in the end."""
    began_s, gateway_kills = time.monotonic(), 0
    device, data = folder / "device", folder / "gateway"
    device.mkdir()
    with contextlib.ExitStack() as stack:
        lives = stack.enter_context(contextlib.closing(Lives(device)))
        gateway = stack.enter_context(contextlib.ExitStack())
        running = gateway.enter_context(_gateway(data))
        for number in range(1, kills + 1):
            if lives.one(running, UNTIL_KILLED, chance.uniform(0, LONGEST_LIFE_S)):
                raise RuntimeError("a life ended before it was killed")
            if number % gateway_lives == 0:
                gateway.close()  # SIGKILL
                gateway_kills += 1
                running = gateway.enter_context(_gateway(data))
        if not lives.one(running, UNTIL_EMPTY, EMPTIED_WITHIN_S):
            raise RuntimeError("what was left in the outbox was not sent in the end")
        database = running.database
    return _outcome(device, database, kills, gateway_kills, time.monotonic() - began_s)


@contextlib.contextmanager
def _gateway(data: Path) -> Iterator[Running]:
    limits: dict[str, str | float] = {
        "limits__reports_per_minute": UNLIMITED,
        "limits__connects_per_minute": UNLIMITED,
    }
    with running_gateway(data, **limits) as running:
        yield running


def _outcome(device: Path, gateway: Path, kills: int, gateway_kills: int, seconds: float) -> Outcome:
    told: dict[str, list[str]] = {}
    for line in (device / TOLD).read_text().splitlines():
        word, _, what = line.partition(" ")
        told.setdefault(word, []).append(what)
    received = Counter(
        json.loads(body)["n"] for body in _column(gateway, "SELECT body FROM reports WHERE op = 'record'")
    )
    dead = [json.loads(body)["n"] for body in _column(device / "outbox.db", "SELECT body FROM items")]
    acknowledged, taken_back = set(told["acknowledged"]), set(told.get("taken-back", ()))
    maybe = set(told.get("taking-back", ()))
    unsound = [str(file) for file in (device / "outbox.db", gateway) if _verdict(file) != ["ok"]]
    return Outcome(
        kills=kills,
        gateway_kills=gateway_kills,
        seconds=seconds,
        acknowledged=len(acknowledged),
        received=len(_column(gateway, "SELECT id FROM reports WHERE op IN ('record', 'telemetry')")),
        came_again=len(told.get("dup", ())),
        taken_back=len(taken_back),
        lost=tuple(sorted(acknowledged - maybe - set(received) - set(dead))),
        twice=tuple(sorted(name for name, count in received.items() if count > 1)),
        undead=tuple(sorted(taken_back & set(received))),
        damaged=(*unsound, *told.get("damaged", ())),
        dead=len(dead),
    )


def _column(file: Path, query: str) -> list[str]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        return [value for (value,) in database.execute(query)]


def _verdict(file: Path) -> list[str]:
    return _column(file, "PRAGMA quick_check")


def _ends_within(process: int, seconds: float) -> bool:
    """Of a pidfd."""
    return bool(select.select([process], [], [], seconds)[0])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.kill_outbox", description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-outbox-") as folder:
        outcome = campaign(Path(folder), given.kills, random.Random(given.seed))
    for name in outcome.__slots__:
        value = getattr(outcome, name)
        print(f"{name.replace('_', ' ')}: {value if value != () else 'none'}")
    return 0 if outcome.well else 1


if __name__ == "__main__":
    raise SystemExit(main())
