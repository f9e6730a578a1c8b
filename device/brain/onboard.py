"""The mind on board: recognises a request, decides who answers, and answers."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime

from device.brain import demand, evasions, packs, privacy, router
from device.brain.dialogue import Dialogue, Memory
from device.brain.minds import Minds, Thinking, Words
from device.brain.normalise import normalise
from device.brain.openings import needless
from device.brain.privacy import Private
from device.brain.recogniser import Recogniser
from device.brain.skills import ACTING, SKILLS, WAITING, SkillContext
from device.brain.timer_slots import SET_A_TIMER, lacks_time, time_slots
from device.contracts import Gesture, Intent, Line, Mind, Reply, ReplyItem, Request, Route, Say, Who
from device.errors import MindError
from device.pipeline import close
from device.ports import Forgetting, Promises, Timers

_UNANSWERED = "excuse_unanswered"
_SLOW = "excuse_slow"
"""The phrases that tell that System 2 was asked and did not answer in time."""


class OnboardBrain:
    """The `Brain`: skills and stock phrases on board, and for everything else the minds that there are."""

    def __init__(
        self,
        *,
        recogniser: Recogniser,
        language: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        rng: random.Random,
        gestures: Iterable[Gesture],
        volume: Callable[[], int],
        name: str,
        minds: Minds,
        timers: Timers | None = None,
        forgetting: Forgetting | None = None,
        promises: Promises | None = None,
    ) -> None:
        """`now` gives aware local time, `volume` percent. Without `timers` it says that it keeps none,
        without `forgetting` that there is nothing to forget; without `promises` it makes none.

        Raises BrokenPack when a pack cannot be used.
        """
        self._recogniser = recogniser
        self._minds = minds
        self._timers = timers
        self._forgetting = forgetting
        self._promises = promises
        self._language = language
        self._now = now
        self._monotonic = monotonic
        self._rng = rng
        self._gestures = frozenset(gestures)
        self._volume = volume
        self._packs = packs.load(language, rng, name=name)
        words = Words(self._packs.phrases, needless(language), evasions.load(language))
        self._thinking = Thinking(minds, words)
        self._demands = demand.load(language)
        self._privacy = privacy.load(language) if minds.system_two is not None else None
        self._dialogue = Dialogue()

    async def prepare(self, history: tuple[Line, ...]) -> None:
        """Skills need no preparation; a language model does."""
        if self._minds.system_one is not None:
            await self._minds.system_one.prepare(history)

    def route(self, request: Request) -> Route:
        """Pure and fast (about 1.5 ms): a skill, a kept reply, a mind, or a stock phrase."""
        memory = self._dialogue.memory(self._monotonic())
        intent = self._recogniser.recognise(request.text) or _finished(memory.unfinished, request.text)
        return router.route(intent, self._facts(request, memory))

    def reply(self, request: Request, route: Route) -> Reply:
        """Start answering; nothing is computed or remembered before the items are read."""
        thinks = route.intent is None and route.mind in (Mind.CACHE, Mind.SYSTEM_1, Mind.SYSTEM_2)
        items = self._thought(request, route) if thinks else self._items(request, route)
        return Reply(route.mind, items)

    def _facts(self, request: Request, memory: Memory) -> router.Facts:
        minds = self._minds
        return router.Facts(
            request.text,
            request.certain,
            memory,
            ACTING,
            system_1=minds.system_one is not None,
            system_2=minds.system_two.health if minds.system_two is not None else None,
            use=minds.use(),
            races=minds.races,
            demand=self._demands.of(request.text),
            withheld=self._withheld(request.text),
            cached=request.kept is not None,
            promises=self._promises is not None,
            may_promise=self._may_promise(request.text),
            promised=self._promises is not None and self._promises.waiting,
            found=self._promises is not None and self._promises.found(request.text),
            board=minds.board(),
        )

    def _may_promise(self, question: str) -> bool:
        """Without asking first; of what is kept already nobody is asked again."""
        kept = self._promises is not None and self._promises.has(question)
        return self._minds.consent.questions or kept

    def _withheld(self, text: str) -> frozenset[Private]:
        """What of a text System 2 may not have."""
        if self._privacy is None:
            return frozenset()
        return self._privacy.told(text) - privacy.agreed(self._minds.consent)

    async def _thought(self, request: Request, route: Route) -> AsyncIterator[ReplyItem]:
        self._dialogue.answered(None, self._monotonic())
        self._somebody_is_here()
        if route.excuse:
            self._dialogue.excuse(route.excuse, self._monotonic())
        items = self._thinking.answer(request, route, self._later)
        try:
            async for item in items:
                yield item
        finally:
            await close(items)

    async def _items(self, request: Request, route: Route) -> AsyncIterator[ReplyItem]:
        if route.intent is None:
            raise MindError("The mind on board was given a route without an intent.")
        self._remember(route)
        self._somebody_is_here()
        if route.excuse:
            yield self._excuse(route.excuse)
        for item in await self._answer(route.intent, request):
            yield item

    async def _later(self, request: Request) -> AsyncIterator[ReplyItem]:
        """System 2 did not answer, and nobody else can: it is found out later, if a person agrees."""
        system_two = self._minds.system_two
        phrase = _SLOW if system_two is not None and system_two.health.slow else _UNANSWERED
        if phrase not in self._dialogue.memory(self._monotonic()).excused:
            yield self._excuse(phrase)
        name = router.FIND_OUT if self._may_promise(request.text) else router.OFFER
        intent = Intent(name, {"question": request.text})
        self._ask_back(intent)
        for item in await self._answer(intent, request):
            yield item

    def _excuse(self, phrase: str) -> Say:
        self._dialogue.excuse(phrase, self._monotonic())
        return Say(self._packs.phrases.say(phrase), ends=True)

    async def _answer(self, intent: Intent, request: Request) -> tuple[ReplyItem, ...]:
        context = SkillContext(
            now=self._now(),
            language=self._language,
            rng=self._rng,
            packs=self._packs,
            gestures=self._gestures,
            volume=self._volume(),
            last_spoken=_last_spoken(request),
            timers=self._timers,
            forgetting=self._forgetting,
            promises=self._promises,
        )
        if (waiting := WAITING.get(intent.name)) is not None:
            return await waiting(intent, context)
        skill = SKILLS.get(intent.name)
        return skill(intent, context) if skill else context.say(intent.name)

    def _somebody_is_here(self) -> None:
        """Whoever talks to the device has heard what rings."""
        if self._timers is not None:
            self._timers.dismiss()

    def _remember(self, route: Route) -> None:
        now_s = self._monotonic()
        self._dialogue.answered(route.intent if route.mind is Mind.SKILL else None, now_s)
        if route.intent is not None:
            self._ask_back(route.intent)

    def _ask_back(self, intent: Intent) -> None:
        """What the next utterance decides."""
        now_s = self._monotonic()
        if intent.name == "confirm":
            self._dialogue.ask_first(router.confirmed_command(intent), now_s)
        elif intent.name == router.OFFER:
            self._dialogue.ask_first(Intent(router.FIND_OUT, intent.slots), now_s)
        elif intent.name == router.FORGET_SURE:
            self._dialogue.ask_first(Intent(router.FORGET_EVERYTHING), now_s)
        elif intent.name in SET_A_TIMER and lacks_time(intent.slots):
            self._dialogue.ask_when(intent, now_s)


def _finished(unfinished: Intent | None, text: str) -> Intent | None:
    """The request that was asked about, with the time that is said now; None if none is."""
    when = time_slots(normalise(text)) if unfinished else None
    return Intent(unfinished.name, {**unfinished.slots, **when}) if unfinished and when else None


def _last_spoken(request: Request) -> str:
    return next((line.text for line in reversed(request.history) if line.who is Who.DEVICE), "")
