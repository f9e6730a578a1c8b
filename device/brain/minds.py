"""Who is asked what no skill serves: the minds, and the answer along a route that names them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from device.brain.cascade import Attempt, cascade
from device.brain.evasions import Evasions
from device.brain.openings import Opening, continued
from device.brain.packs import Phrases
from device.brain.race import race
from device.brain.safety.context import judge
from device.brain.system_one import SystemOne
from device.config import Consent, Deadlines, Use
from device.contracts import (
    BoardHealth,
    Direction,
    Emotion,
    Express,
    KeptReply,
    LinkHealth,
    Mind,
    Question,
    ReplyItem,
    Request,
    Route,
    Say,
)
from device.pipeline import close
from device.ports import SafetyGate, System2

Later = Callable[[Request], AsyncIterator[ReplyItem]]

_DOWNWARD = (Mind.SYSTEM_2, Mind.SYSTEM_1, Mind.CACHE)
"""Who is asked when the one before does not answer; never upward: what stays on board stays there."""
_BY_ITSELF_S = 0.5
"""So much later than its minds' own deadlines a race would be given up."""


@dataclass(frozen=True, slots=True)
class Minds:
    """Who can be asked beside the skills, and what a person has settled about it."""

    system_one: SystemOne | None = None
    system_two: System2 | None = None
    use: Callable[[], Use] = lambda: "auto"
    """A person can switch it at any time."""
    races: bool = True
    consent: Consent = field(default_factory=Consent)
    deadlines: Deadlines = field(default_factory=Deadlines)
    board: Callable[[], BoardHealth] = BoardHealth
    """As it was last read; returns at once."""
    gate: SafetyGate | None = None
    """Judges what runs in a race, so that a clause which would not be spoken does not win it."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a language has ready for answers that minds make."""

    phrases: Phrases
    needless: frozenset[Opening] = frozenset()
    evasions: Evasions = field(default_factory=Evasions)


@dataclass(frozen=True, slots=True)
class Thinking:
    """Answers what no skill does."""

    minds: Minds
    words: Words

    async def answer(self, request: Request, route: Route, later: Later) -> AsyncIterator[ReplyItem]:
        """The answer along a route. Raises StageError when no mind has one; closing it closes the minds.

        `later` is what is said of a question that is to be found out later.
        """
        said = ""
        if route.excuse:
            said = self.words.phrases.say(route.excuse)
            yield Say(said, ends=True)
        elif route.opens:
            said = self.words.phrases.say("thinking")
            yield Express(Emotion.CURIOUS)
            yield Say(said)
            yield Express(Emotion.NEUTRAL)
        attempts = self._attempts(request, route, said)
        if route.later:
            patience_s = self.minds.deadlines.first_words_s
            attempts = [*attempts[:1], Attempt(Mind.STOCK, lambda: later(request), patience_s)]
        items = cascade(attempts, self.minds.deadlines.next_words_s)
        try:
            async for item in items:
                yield item
        finally:
            await close(items)

    def _attempts(self, request: Request, route: Route, said: str) -> list[Attempt]:
        """Whoever can be asked, from the route's mind on downward; those that race come first, as one."""
        known = {attempt.mind: attempt for attempt in self._known(request, said)}
        order = [known[mind] for mind in _DOWNWARD[_DOWNWARD.index(route.mind) :] if mind in known]
        if route.rival is None:
            return order
        racing = [attempt for attempt in order if attempt.mind in (route.mind, route.rival)]
        return [self._race(racing), *(attempt for attempt in order if attempt not in racing)]

    def _race(self, racing: list[Attempt]) -> Attempt:
        longest_s = max(attempt.words_s for attempt in racing) + _BY_ITSELF_S
        return Attempt(racing[0].mind, lambda: race(racing, self._is_good), longest_s)

    async def _is_good(self, clause: str) -> bool:
        """Whether a first clause says something, and may be said."""
        if self.words.evasions.evades(clause):
            return False
        gate = self.minds.gate
        return gate is None or (await judge(gate, clause, Direction.TO_SAY)).allowed

    def _known(self, request: Request, said: str) -> list[Attempt]:
        minds, first_s = self.minds, self.minds.deadlines.first_words_s
        attempts = []
        if (system_two := minds.system_two) is not None:
            question = Question(request.turn_id, request.text, request.language, request.heard_as, said)
            patience_s = self._patience_s(opened=bool(said))
            attempts.append(Attempt(Mind.SYSTEM_2, lambda: _deep(system_two, question), patience_s))
        if (system_one := minds.system_one) is not None:
            attempts.append(Attempt(Mind.SYSTEM_1, lambda: system_one.answer(request), first_s))
        if (kept := request.kept) is not None:
            attempts.append(Attempt(Mind.CACHE, lambda: _kept(kept), first_s))
        return [self._going_on(attempt, said) for attempt in attempts] if said else attempts

    def _going_on(self, attempt: Attempt, said: str) -> Attempt:
        """The same mind, its answer without openings: a mind that only opens has not answered."""
        return replace(attempt, ask=lambda: continued(attempt.ask(), said, self.words.needless))

    def _patience_s(self, *, opened: bool) -> float:
        """How long System 2 is waited for: longer where it is known to need it and a person was told so."""
        limits, system_two = self.minds.deadlines, self.minds.system_two
        expected_s = _expected_s(system_two.health) if system_two is not None else None
        if not opened or expected_s is None:
            return limits.system2_words_s
        return min(limits.first_words_s, max(limits.system2_words_s, 2 * expected_s))


def _expected_s(health: LinkHealth) -> float | None:
    """How long the first words are likely to take: no less than a slow link's round trip."""
    if not health.slow or health.round_trip_s is None:
        return health.first_words_s
    return max(health.round_trip_s, health.first_words_s or 0.0)


async def _deep(system_two: System2, question: Question) -> AsyncIterator[ReplyItem]:
    """Asked only once it is read, so that whatever goes wrong does so there."""
    items = system_two.ask(question)
    try:
        async for item in items:
            yield item
    finally:
        await close(items)


async def _kept(reply: KeptReply) -> AsyncIterator[ReplyItem]:
    for spoken in reply.spoken:
        yield spoken
    if not reply.spoken:
        yield Say(reply.text)
