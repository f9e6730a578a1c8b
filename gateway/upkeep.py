"""What a gateway removes by itself: what expired, what is too old, and what erasing left in the log."""

from __future__ import annotations

import asyncio
import logging
import time

from gateway.services import Services
from gateway.stores.ports import StoreError

log = logging.getLogger(__name__)

DAY_S = 86_400
FORGETS_EVERY_S = 3600.0


async def keep_up(services: Services) -> None:
    """As long as the process runs."""
    limits, stores = services.settings.limits, services.stores
    forget_s = 0.0
    while True:
        await asyncio.sleep(limits.watch_s)
        try:
            expired = await stores.questions.forget_expired()
            services.metrics.questions.labels("expired").inc(expired)
            await stores.erasing.finish()
            if time.monotonic() >= forget_s:
                await stores.erasing.before(time.time() - limits.keep_days * DAY_S)
                forget_s = time.monotonic() + FORGETS_EVERY_S
        except StoreError as error:
            log.warning("%s", error)
