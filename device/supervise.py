"""Rooms that the device can do without: one that falls over is put on its feet again, and told as a fault."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
WELL_S = 300.0
"""Whoever ran for so long begins again with the first pause."""


async def supervise(
    part: str, run: Callable[[], Awaitable[object]], fault: Callable[[str, str], None]
) -> None:
    """Run it again and again, with longer and longer pauses. Ends only by being cancelled."""
    loop, pause_s = asyncio.get_running_loop(), FIRST_PAUSE_S
    while True:
        began_s = loop.time()
        try:
            await run()
            log.error("%s ended by itself", part)
        except Exception:
            log.exception("%s fell over", part)
        if loop.time() - began_s >= WELL_S:
            pause_s = FIRST_PAUSE_S
        fault(part, f"{part} does not work; it is started again by itself. The log says why.")
        await asyncio.sleep(pause_s)
        fault(part, "")
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
