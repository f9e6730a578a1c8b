"""What System 2 is to find out: promised, asked for, forgotten."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Intent, News, Promised, ReplyItem
from device.errors import OutboxError

_KEPT = {
    Promised.KEPT: "promise_kept",
    Promised.ALREADY: "promise_already",
    Promised.TOO_MANY: "promise_too_many",
}
_NEWS = {
    News.FOUND: "promise_found",
    News.OPEN: "promise_open",
    News.EXPIRED: "promise_expired",
    News.NONE: "promise_none",
}


async def find_out(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Promise to find out about `question`; said only once it is on disk."""
    if context.promises is None:
        return context.say("promise_unkept")
    try:
        promised = await context.promises.promise(str(intent.slots["question"]), context.language)
    except OutboxError:
        return context.say("promise_unkept")
    return context.say(_KEPT[promised])


async def forget(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Forget the last question, or with `everything` all of them; said only once they are erased."""
    if context.promises is None or not context.promises.waiting:
        return context.say("promise_none")
    everything = "everything" in intent.slots
    try:
        await context.promises.forget(everything=everything)
    except OutboxError:
        return context.say("promise_unforgotten")
    return context.say("promises_forgotten" if everything else "promise_forgotten")


def found_out(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Whether there are answers, or one to the `question`; they follow as announcements of their own."""
    news = context.promises.asked(str(intent.slots.get("question", ""))) if context.promises else News.NONE
    return context.say(_NEWS[news])
