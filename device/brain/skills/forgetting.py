"""Forgetting what was said; it is told once it is done, and as far as it is."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import ErasureReport, Intent, ReplyItem
from device.ports import Forgetting


async def forget(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Forget the last exchange, the last `count` times `unit_s` seconds, or everything.

    "forget that" is never asked back, however it was heard: by then the question would be the last exchange.
    """
    if context.forgetting is None:
        return context.say("forget_nothing")
    report = await _carried_out(intent, context.forgetting)
    return context.say(_phrase(report, everything=intent.name == "forget_everything"))


async def _carried_out(intent: Intent, forgetting: Forgetting) -> ErasureReport:
    if intent.name == "forget_everything":
        return await forgetting.forget_everything()
    if intent.name == "forget_last":
        return await forgetting.forget_last(float(intent.slots["count"]) * float(intent.slots["unit_s"]))
    return await forgetting.forget_last_exchange()


def _phrase(report: ErasureReport, *, everything: bool) -> str:
    if not report.done:
        return "forget_failed"
    if report.sent:
        return "forgotten_asked_back" if report.asked_back else "forgotten_but_sent"
    return "forgotten_everything" if everything else "forgotten"
