"""The device channel: each report counts once, and is acknowledged every time."""

from __future__ import annotations

import logging

from msgspec.structs import replace

from device.link.native import Ack, DeviceInfo, Report, body_hash
from gateway.bodies import Alert, Erasure, PromisedQuestion, read, utc
from gateway.party import Send
from gateway.services import Services
from gateway.stores.ports import StoreError, Taken

log = logging.getLogger(__name__)

KEPT = frozenset({"boot", "telemetry", "record", "message"})
ERASE = "erase"
RETRY_AFTER_S = 5.0
FULL_RETRY_AFTER_S = 60.0
DAY_S = 86_400


class Rejected(Exception):
    """A report that never counts, whatever comes of it; the message is a word for the metric."""


async def take_report(report: Report, device: DeviceInfo, services: Services, send: Send) -> None:
    """Keep it, or do what it says, and tell what became of it. Raises Gone."""
    try:
        ack = await _became(report, device, services)
    except Rejected as rejected:
        services.metrics.rejected.labels(str(rejected)).inc()
        log.warning("device %s: a report was rejected: %s", device.id, rejected)
        ack = Ack(id=report.id, status="rejected")
    except StoreError as error:
        log.warning("device %s: a report has to come again: %s", device.id, error)
        ack = Ack(id=report.id, status="retry", retry_after_s=RETRY_AFTER_S)
    services.metrics.reports.labels(ack.status).inc()
    await send(ack)


async def _became(report: Report, device: DeviceInfo, services: Services) -> Ack:
    """Raises Rejected, StoreError."""
    if not report.id:
        raise Rejected("id")
    # an alert waits for no queue of other reports
    counted = "alert" if report.op == "alert" else "report"
    wait_s = await services.stores.uses.use(device.id, counted, services.settings.limits.reports_per_minute)
    if wait_s > 0:
        return Ack(id=report.id, status="retry", retry_after_s=wait_s)
    if report.hash and report.hash != body_hash(report.body):
        raise Rejected("hash")
    match await _taken(report, device, services):
        case Taken.NEW:
            return Ack(id=report.id)
        case Taken.AGAIN:
            return Ack(id=report.id, status="dup")
        case Taken.FULL:
            return Ack(id=report.id, status="retry", retry_after_s=FULL_RETRY_AFTER_S)
        case Taken.OTHER:
            raise Rejected("conflict")


async def _taken(report: Report, device: DeviceInfo, services: Services) -> Taken:
    if report.op in KEPT:
        return await services.stores.reports.take(device.id, report)
    match report.op:
        case "alert":
            return await _alert(report, device, services)
        case "question":
            return await _question(report, device, services)
        case _ if report.op == ERASE:
            return await _erase(report, device, services)
        case _:
            raise Rejected("op")


async def _alert(report: Report, device: DeviceInfo, services: Services) -> Taken:
    alert = read(report.body, Alert)
    at_utc = utc(alert.at_utc) if alert else None
    if alert is None or at_utc is None:
        raise Rejected("body")
    # every text that is kept of an alert is a name or a time
    plain = replace(report, ts=utc(report.ts) or "")
    taken = await services.stores.alerts.take(device.id, plain, replace(alert, at_utc=at_utc))
    if taken is Taken.NEW:
        services.metrics.alerts.labels("came").inc()
        log.warning("device %s: an alert came; GET /v1/alerts has it.", device.id)
    return taken


async def _question(report: Report, device: DeviceInfo, services: Services) -> Taken:
    question = read(report.body, PromisedQuestion)
    if question is None:
        raise Rejected("body")
    limits = services.settings.limits
    asker = DeviceInfo(
        id=device.id,
        public_key="",
        language=question.language,
        character=device.character,
        persona=device.persona,
        audience=device.audience,
    )
    taken = await services.stores.questions.take(
        asker, report, question, limits.open_questions, limits.question_days * DAY_S
    )
    if taken is Taken.NEW:
        services.metrics.questions.labels("taken").inc()
    return taken


async def _erase(report: Report, device: DeviceInfo, services: Services) -> Taken:
    erasure = read(report.body, Erasure)
    if erasure is None:
        raise Rejected("body")
    new = await services.stores.erasing.asked_for(device.id, report.id, erasure)
    return Taken.NEW if new else Taken.AGAIN
