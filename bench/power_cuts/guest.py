"""What runs in the guest: tells what the last cut left on the disk, then writes until the next one.

`python -m bench.power_cuts.guest STATE CHANNEL ROUND MODE`; every line on the channel is one JSON object.
MODE is `full`, `hurried` (the control: what is committed is not waited for) or `look` (no load).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path

from bench.power_cuts import kept_stores
from bench.power_cuts.verdict import Told

NUMBERS_A_ROUND = 10_000_000
"""Each boot counts on from a number of its own, so that none comes twice."""


def main(state: Path, channel: Path, turn: int, mode: str) -> None:
    if mode == "hurried":
        kept_stores.hurry()
    with channel.open("w", encoding="ascii", buffering=1) as telling:
        stores = [opened(state) for opened in kept_stores.STORES.values()]
        found = {store.name: asdict(store.found()) for store in stores}
        print(json.dumps({"found": found, "boot_s": round(_uptime_s(), 2)}), file=telling)
        if mode == "look":
            return
        for told in load(stores, turn * NUMBERS_A_ROUND):
            print(json.dumps(asdict(told)), file=telling)


def load(stores: list[kept_stores.Kept], first: int) -> Iterator[Told]:
    """Turn after turn, without a pause: every store has its share of each."""
    for number in count(first + 1):
        for store in stores:
            yield from store.work(number)


def _uptime_s() -> float:
    return float(Path("/proc/uptime").read_text("ascii").split()[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    os.sync()
