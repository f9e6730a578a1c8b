"""`python -m bench.outbox`: what keeping an item costs, in time and in bytes written, as the outbox grows."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cache.outbox import Bounds, Fresh, OutboxStore

BODY_BYTES = 300
MEASURED = 50
BATCH = 20
SIZES = (0, 1_000, 10_000, 100_000)
ROOMY = Bounds(most_items=200_000, most_bytes=1 << 30, sent_s=1e9)
UTC = "2026-11-21T12:00:00.000+00:00"


def main() -> None:
    print("waiting, put ms, log bytes, one of a batch ms, log bytes, taken and acknowledged ms, log bytes")
    with tempfile.TemporaryDirectory(prefix="outbox-", dir=".") as folder:
        file = Path(folder) / "outbox.db"
        store = OutboxStore(file, ROOMY)
        waiting = 0
        for size in SIZES:
            while waiting < size:
                store.put_all([_item()] * 1000)
                waiting += 1000
            one = _costs(store, file, lambda: store.put(_item()))
            batch = _costs(store, file, lambda: store.put_all([_item()] * BATCH), of=BATCH)
            drained = _costs(store, file, lambda: _drain_one(store))
            waiting += MEASURED * BATCH
            print(size, *one, *batch, *drained, sep=", ")
        store.close()


def _costs(store: OutboxStore, file: Path, do: Callable[[], object], of: int = 1) -> tuple[str, int]:
    """Of one item: the median in milliseconds, and what the log grew by, bytes."""
    store.tidy(0.0)
    taken_s = []
    for _ in range(MEASURED):
        began_s = time.perf_counter()
        do()
        taken_s.append(time.perf_counter() - began_s)
    log_bytes = file.with_name(file.name + "-wal").stat().st_size
    return f"{statistics.median(taken_s) / of * 1000:.2f}", round(log_bytes / MEASURED / of)


def _drain_one(store: OutboxStore) -> None:
    item = store.take("gateway.example", 0.0, UTC, least_urgent=9)
    assert item is not None
    store.settle(item.id, "acknowledged", 0.0, UTC)


def _item() -> Fresh:
    return Fresh("telemetry", 4, "", b"x" * BODY_BYTES, "h" * 64, 0.0, 1e9, UTC, "b" * 36, 0.0, True, False)


if __name__ == "__main__":
    main()
