"""The device channel: each report is kept once, and acknowledged every time."""

from __future__ import annotations

from device.link.native import Ack, Report
from gateway.party import Send
from gateway.services import Services
from gateway.stores.ports import StoreError

OPS = frozenset({"boot", "telemetry", "message"})
RETRY_AFTER_S = 5.0


async def take_report(report: Report, device_id: str, services: Services, send: Send) -> None:
    """Keep it and say what became of it. Raises Gone."""
    ack = await _kept(report, device_id, services)
    services.metrics.reports.labels(ack.status).inc()
    await send(ack)


async def _kept(report: Report, device_id: str, services: Services) -> Ack:
    if report.op not in OPS or not report.id:
        return Ack(id=report.id, status="rejected")
    try:
        wait_s = await services.stores.uses.use(
            device_id, "report", services.settings.limits.reports_per_minute
        )
        if wait_s > 0:
            return Ack(id=report.id, status="retry", retry_after_s=wait_s)
        new = await services.stores.reports.take(device_id, report)
    except StoreError:
        return Ack(id=report.id, status="retry", retry_after_s=RETRY_AFTER_S)
    return Ack(id=report.id, status="ok" if new else "dup")
