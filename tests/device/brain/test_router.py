"""Which mind answers, and the reason a person is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.brain import router
from device.brain.demand import Demand
from device.brain.dialogue import Memory
from device.brain.privacy import Private
from device.brain.router import Facts, confirmed_command, route, strain
from device.brain.skills import ACTING
from device.contracts import BoardHealth, Intent, LinkHealth, Mind, Route

WAVE = Intent("gesture", {"gesture": "wave"})
JOKE = Intent("joke", {"topic": "cats"})


def facts(
    text: str = "some words",
    certain: bool = True,
    memory: Memory | None = None,
    system_1: bool = False,
) -> Facts:
    return Facts(text, certain, memory or Memory(), ACTING, system_1)


def test_a_recognised_intent_goes_to_its_skill() -> None:
    found = route(Intent("time"), facts())
    assert (found.mind, found.intent, found.reason) == (Mind.SKILL, Intent("time"), "the time skill")


@pytest.mark.parametrize(
    ("text", "certain", "phrase"),
    [
        ("", True, "nothing_heard"),
        ("  ", False, "nothing_heard"),
        ("mumble", False, "not_understood"),
        ("who painted this", True, "no_answer"),
    ],
)
def test_what_no_skill_serves_is_answered_by_a_stock_phrase(text: str, certain: bool, phrase: str) -> None:
    found = route(None, facts(text, certain))
    assert found.mind is Mind.STOCK
    assert found.intent == Intent(phrase)
    assert found.reason


def test_what_no_skill_serves_goes_to_the_language_model_where_there_is_one() -> None:
    found = route(None, facts("who painted this", system_1=True))
    assert (found.mind, found.intent) == (Mind.SYSTEM_1, None)


@pytest.mark.parametrize("text", ["", "mumble"])
def test_the_language_model_is_not_asked_about_what_was_not_heard_well(text: str) -> None:
    assert route(None, facts(text, certain=False, system_1=True)).mind is Mind.STOCK


def test_a_skill_is_served_without_the_language_model() -> None:
    assert route(Intent("time"), facts(system_1=True)).mind is Mind.SKILL


@pytest.mark.parametrize("command", [WAVE, Intent("volume", {"percent": 40})])
def test_an_acting_command_is_asked_back_when_uncertain(command: Intent) -> None:
    found = route(command, facts("Wave!", certain=False))
    assert found.intent is not None
    assert found.intent.name == "confirm"
    assert found.intent.slots["heard"] == "Wave"
    assert confirmed_command(found.intent) == command


@pytest.mark.parametrize("intent", [Intent("stop"), Intent("time"), JOKE])
def test_stopping_and_talking_are_never_asked_back(intent: Intent) -> None:
    assert route(intent, facts(certain=False)).intent == intent


@pytest.mark.parametrize("command", [WAVE, Intent("volume", {"change": "up"})])
def test_a_certain_command_is_carried_out(command: Intent) -> None:
    assert route(command, facts()).intent == command


@pytest.mark.parametrize("certain", [True, False])
def test_yes_carries_out_what_was_asked_back_and_no_does_not(certain: bool) -> None:
    asked = facts("yes", certain, Memory(pending=WAVE))
    assert route(Intent("yes"), asked).intent == WAVE
    assert route(Intent("no"), asked).intent == Intent("declined")


def test_yes_without_a_question_is_small_talk() -> None:
    assert route(Intent("yes"), facts()).intent == Intent("yes")


def test_something_else_is_answered_although_a_question_waits() -> None:
    assert route(JOKE, facts(memory=Memory(pending=WAVE))).intent == JOKE


def test_another_one_is_one_of_the_last_kind() -> None:
    assert route(Intent("another"), facts(memory=Memory(repeatable=JOKE))).intent == JOKE
    assert route(Intent("another"), facts()).intent == Intent("another")


# --- two minds -----------------------------------------------------------------------------------

UP = LinkHealth(up=True, round_trip_s=0.05)
FAST = LinkHealth(up=True, first_words_s=0.6)
SLOW = LinkHealth(up=True, first_words_s=2.5)
DOWN = LinkHealth(up=False, why="the network is away; plug it in.")
HOT = BoardHealth(heat_c=81.0)
EMPTY = BoardHealth(battery_percent=12, discharging=True)
CHARGING = BoardHealth(battery_percent=12, discharging=False)
S1, S2, CACHE, STOCK = Mind.SYSTEM_1, Mind.SYSTEM_2, Mind.CACHE, Mind.STOCK

BOTH = Facts("some words", True, Memory(), ACTING, system_1=True, system_2=UP)
FAR = replace(BOTH, system_1=False)
"""System 2 alone."""
AWAY = replace(BOTH, system_2=DOWN, promises=True, may_promise=True)
FAR_AWAY = replace(AWAY, system_1=False)
LAGGING = LinkHealth(up=True, round_trip_s=2.0, slow=True)

Row = tuple[Facts, Mind, Mind | None, bool, str]
TABLE: dict[str, Row] = {
    # facts, mind, rival, opens, a part of the reason
    "no System 2": (replace(BOTH, system_2=None), S1, None, False, "there is no System 2"),
    "no mind at all": (replace(FAR, system_2=None), STOCK, None, False, "no language model"),
    "away": (replace(BOTH, system_2=DOWN), S1, None, False, "the network is away"),
    "away, and alone": (replace(FAR, system_2=DOWN), STOCK, None, False, "System 2 is away"),
    "never": (replace(BOTH, use="never"), S1, None, False, "every word stay on board"),
    "never, and alone": (replace(FAR, use="never"), STOCK, None, False, "every word stay on board"),
    "never, though it was wished": (replace(BOTH, use="never", demand=Demand.WISH), S1, None, False, "stay"),
    "preferred": (replace(BOTH, use="prefer"), S2, None, False, "prefers System 2"),
    "preferred for talk, too": (replace(BOTH, use="prefer", demand=Demand.TALK), S2, None, False, "prefers"),
    "preferred, and slow": (replace(BOTH, use="prefer", system_2=SLOW), S2, None, True, "prefers"),
    "wished": (replace(BOTH, demand=Demand.WISH), S2, None, False, "asked for System 2"),
    "news": (replace(BOTH, demand=Demand.RECENCY), S2, None, False, "what is new"),
    "the world": (replace(BOTH, demand=Demand.KNOWLEDGE), S2, None, False, "about the world"),
    "the world, and fast": (
        replace(BOTH, demand=Demand.KNOWLEDGE, system_2=FAST),
        S2,
        None,
        False,
        "about the world",
    ),
    "the world, and slow": (
        replace(BOTH, demand=Demand.KNOWLEDGE, system_2=SLOW),
        S2,
        None,
        True,
        "about the world",
    ),
    "long thought": (replace(BOTH, demand=Demand.REASONING), S2, None, False, "long thought"),
    "eyes": (replace(BOTH, demand=Demand.VISION), S1, None, False, "eyes"),
    "small talk": (replace(BOTH, demand=Demand.TALK), S1, None, False, "small talk"),
    "either": (BOTH, S2, S1, False, "both are asked"),
    "either, and slow": (replace(BOTH, system_2=SLOW), S2, S1, False, "both are asked"),
    "either, without racing": (replace(BOTH, races=False), S1, None, False, "do not race"),
    "either, and hot": (replace(BOTH, board=HOT), S2, None, False, "hot (81"),
    "either, and nearly empty": (replace(BOTH, board=EMPTY), S2, None, False, "battery is low (12 %)"),
    "either, and charging": (replace(BOTH, board=CHARGING), S2, S1, False, "both are asked"),
    "hot, and slow": (replace(BOTH, board=HOT, system_2=SLOW), S2, None, True, "hot"),
    "hot, and away": (replace(BOTH, board=HOT, system_2=DOWN), S1, None, False, "System 2 is away"),
    "talk, and hot": (replace(BOTH, board=HOT, demand=Demand.TALK), S1, None, False, "small talk"),
    "System 2 alone": (FAR, S2, None, False, "no language model on board"),
    "System 2 alone, and slow": (replace(FAR, system_2=SLOW), S2, None, True, "no language model on board"),
    "a name": (
        replace(BOTH, withheld=frozenset({Private.NAMES}), demand=Demand.KNOWLEDGE),
        S1,
        None,
        False,
        "names",
    ),
    "names and health": (
        replace(BOTH, withheld=frozenset({Private.HEALTH, Private.NAMES})),
        S1,
        None,
        False,
        "health and names",
    ),
    "a place, preferred": (
        replace(BOTH, withheld=frozenset({Private.PLACES}), use="prefer"),
        S1,
        None,
        False,
        "places",
    ),
    "health, and alone": (replace(FAR, withheld=frozenset({Private.HEALTH})), STOCK, None, False, "health"),
    "asked before": (replace(BOTH, cached=True), CACHE, None, False, "is kept"),
    "asked before, and news": (replace(BOTH, cached=True, demand=Demand.RECENCY), S2, None, False, "new"),
    "asked before, and private": (
        replace(BOTH, cached=True, withheld=frozenset({Private.NAMES})),
        CACHE,
        None,
        False,
        "is kept",
    ),
    "news, and away": (replace(AWAY, demand=Demand.RECENCY), STOCK, None, False, "found out later"),
    "wished, and away": (replace(AWAY, demand=Demand.WISH), STOCK, None, False, "found out later"),
    "the world, and away": (replace(AWAY, demand=Demand.KNOWLEDGE), S1, None, False, "System 2 is away"),
    "the world, away, and alone": (
        replace(FAR_AWAY, demand=Demand.KNOWLEDGE),
        STOCK,
        None,
        False,
        "found out later",
    ),
    "news, away, and private": (
        replace(AWAY, demand=Demand.RECENCY, withheld=frozenset({Private.PLACES})),
        S1,
        None,
        False,
        "places",
    ),
    "news, and a lagging link": (
        replace(BOTH, demand=Demand.RECENCY, system_2=LAGGING),
        S2,
        None,
        True,
        "what is new",
    ),
    "not certain": (replace(BOTH, certain=False), STOCK, None, False, "uncertain"),
    "no words": (replace(BOTH, text=" "), STOCK, None, False, "no words"),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_what_no_skill_serves_is_decided_by_the_table(row: Row) -> None:
    facts_of_it, mind, rival, opens, reason = row
    found = route(None, facts_of_it)
    assert (found.mind, found.rival, found.opens) == (mind, rival, opens)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("alone", "phrase"),
    [
        (replace(FAR, system_2=DOWN), "no_system_2"),
        (replace(FAR, use="never"), "no_answer"),
        (replace(FAR, withheld=frozenset({Private.NAMES})), "kept_here"),
        (replace(FAR, system_2=None), "no_answer"),
    ],
)
def test_a_person_is_told_that_system_2_is_away_only_where_it_would_have_been_asked(
    alone: Facts, phrase: str
) -> None:
    assert route(None, alone).intent == Intent(phrase)


NEWS = replace(AWAY, demand=Demand.RECENCY)


@pytest.mark.parametrize(
    ("facts_of_it", "intent"),
    [
        (NEWS, "find_out"),
        (replace(NEWS, may_promise=False), "promise_offer"),
        (replace(FAR_AWAY, demand=Demand.REASONING), "find_out"),
        (replace(FAR_AWAY, demand=Demand.OTHER), "no_system_2"),
        (replace(FAR_AWAY, demand=Demand.TALK), "no_system_2"),
        (replace(FAR_AWAY, demand=Demand.RECENCY, promises=False), "no_system_2"),
        (replace(FAR_AWAY, demand=Demand.RECENCY, use="never"), "no_answer"),
        (replace(FAR_AWAY, demand=Demand.RECENCY, withheld=frozenset({Private.NAMES})), "kept_here"),
        (replace(FAR_AWAY, demand=Demand.RECENCY, certain=False), "not_understood"),
    ],
)
def test_what_is_promised_what_is_offered_and_what_is_neither(facts_of_it: Facts, intent: str) -> None:
    found = route(None, facts_of_it)
    assert found.intent is not None
    assert found.intent.name == intent
    asked = {"question": facts_of_it.text} if intent in ("find_out", "promise_offer") else {}
    assert found.intent.slots == asked


def test_a_reason_is_one_sentence_however_the_link_put_its_own() -> None:
    asked = replace(NEWS, system_2=LinkHealth(up=False, why="There was no answer; is System 2 running?"))
    assert "running?): only it can know" in route(None, asked).reason


def test_what_was_asked_before_is_answered_rather_than_promised() -> None:
    assert route(None, replace(FAR_AWAY, demand=Demand.KNOWLEDGE, cached=True)).mind is Mind.CACHE


@pytest.mark.parametrize(
    ("facts_of_it", "later"),
    [
        (replace(NEWS, system_2=UP), True),
        (replace(NEWS, system_2=UP, may_promise=False), True),
        (replace(NEWS, system_2=UP, promises=False), False),
        (replace(NEWS, system_2=UP, demand=Demand.KNOWLEDGE), False),
        (replace(NEWS, system_2=UP, demand=Demand.KNOWLEDGE, system_1=False), True),
        (replace(NEWS, system_2=UP, demand=Demand.OTHER), False),
        (replace(NEWS, system_2=UP, demand=Demand.OTHER, system_1=False), False),
    ],
)
def test_what_system_2_does_not_answer_in_time_is_found_out_later_where_only_it_can(
    facts_of_it: Facts, later: bool
) -> None:
    assert route(None, facts_of_it).later is later


ONCE = Memory(excused=frozenset({"excuse_offline"}))


@pytest.mark.parametrize(
    ("facts_of_it", "excuse"),
    [
        (NEWS, "excuse_offline"),
        (replace(AWAY, demand=Demand.KNOWLEDGE), "excuse_offline"),
        (replace(NEWS, memory=ONCE), ""),
        (replace(AWAY, demand=Demand.KNOWLEDGE, memory=ONCE), ""),
        (replace(AWAY, demand=Demand.TALK), ""),
        (replace(AWAY, demand=Demand.OTHER), ""),
        (replace(NEWS, use="never"), ""),
        (replace(NEWS, withheld=frozenset({Private.NAMES})), ""),
        (replace(NEWS, system_2=UP), ""),
        (replace(FAR_AWAY, demand=Demand.OTHER), ""),
    ],
)
def test_why_system_2_does_not_answer_is_said_once_where_it_would_have(
    facts_of_it: Facts, excuse: str
) -> None:
    assert route(None, facts_of_it).excuse == excuse


def test_never_mind_means_the_question_that_waits_and_else_silence() -> None:
    never_mind = Intent("stop", {"never_mind": 1})
    assert route(never_mind, replace(BOTH, promised=True)).intent == Intent("forget_question")
    assert route(never_mind, BOTH).intent == Intent("stop")
    assert route(Intent("stop"), replace(BOTH, promised=True)).intent == Intent("stop")


def test_yes_to_an_offer_keeps_the_question_and_no_does_not() -> None:
    offered = facts("yes", memory=Memory(pending=Intent("find_out", {"question": "who won"})))
    assert route(Intent("yes"), offered).intent == Intent("find_out", {"question": "who won"})
    assert route(Intent("no"), offered).intent == Intent("promise_declined")


healths = st.none() | st.builds(
    LinkHealth,
    up=st.booleans(),
    first_words_s=st.none() | st.floats(0, 20),
    hears=st.booleans(),
    slow=st.booleans(),
)
boards = st.builds(
    BoardHealth,
    heat_c=st.none() | st.floats(-20, 120),
    battery_percent=st.none() | st.integers(0, 100),
    discharging=st.booleans(),
)
any_facts = st.builds(
    Facts,
    text=st.sampled_from(["", "some words"]),
    certain=st.booleans(),
    memory=st.sampled_from([Memory(), Memory(pending=WAVE), Memory(repeatable=JOKE)]),
    acting=st.just(ACTING),
    system_1=st.booleans(),
    system_2=healths,
    use=st.sampled_from(["auto", "prefer", "never"]),
    races=st.booleans(),
    demand=st.sampled_from(Demand),
    withheld=st.frozensets(st.sampled_from(Private)),
    cached=st.booleans(),
    promises=st.booleans(),
    may_promise=st.booleans(),
    promised=st.booleans(),
    board=boards,
    confidence=st.none() | st.floats(-20, 0),
)
intents = st.sampled_from([WAVE, JOKE, Intent("time"), Intent("yes"), Intent("no"), Intent("another")])


def asks_system_2(found: Route) -> bool:
    return Mind.SYSTEM_2 in (found.mind, found.rival)


@settings(deadline=None)
@given(any_facts)
def test_nothing_leaves_that_may_not(of: Facts) -> None:
    if asks_system_2(route(None, of)):
        assert of.system_2 is not None
        assert of.system_2.up
        assert of.use != "never"
        assert not of.withheld


def promises(found: Route) -> bool:
    return found.later or (found.intent is not None and found.intent.name in (router.FIND_OUT, router.OFFER))


@settings(deadline=None)
@given(any_facts)
def test_nothing_is_promised_that_may_not_leave(of: Facts) -> None:
    if promises(route(None, of)):
        assert of.promises
        assert of.certain
        assert of.system_2 is not None
        assert of.use != "never"
        assert not of.withheld


@settings(deadline=None)
@given(any_facts)
def test_a_strained_board_never_asks_both(of: Facts) -> None:
    if strain(of.board):
        assert route(None, of).rival is None


@settings(deadline=None)
@given(any_facts, st.none() | intents)
def test_there_is_always_a_reason_and_only_minds_that_are_there(of: Facts, intent: Intent | None) -> None:
    found = route(intent, of)
    assert found.reason
    assert of.system_1 or Mind.SYSTEM_1 not in (found.mind, found.rival)
    assert (found.intent is None) == (found.mind in (S1, S2, CACHE))


@settings(deadline=None)
@given(any_facts, intents)
def test_a_skill_always_comes_first(of: Facts, intent: Intent) -> None:
    assert route(intent, of).mind is Mind.SKILL


@settings(deadline=None)
@given(any_facts)
def test_only_system_2_that_is_known_to_be_slow_is_waited_for_with_an_opening(of: Facts) -> None:
    found = route(None, of)
    if found.opens:
        assert found.mind is S2
        assert of.system_2 is not None
        assert of.system_2.slow or (of.system_2.first_words_s or 0) > router.SLOW_S


@settings(deadline=None)
@given(any_facts, st.none() | st.floats(-1000, 0))
def test_confidence_counts_nothing_until_it_is_measured(of: Facts, confidence: float | None) -> None:
    assert router.CONFIDENCE_WEIGHT == 0
    assert route(None, of) == route(None, replace(of, confidence=confidence))


@pytest.mark.parametrize(
    ("board", "words"),
    [
        (BoardHealth(), ""),
        (BoardHealth(heat_c=74.9), ""),
        (BoardHealth(heat_c=75.0), "the board is hot (75 °C)"),
        (BoardHealth(battery_percent=20, discharging=True), "the battery is low (20 %)"),
        (BoardHealth(battery_percent=21, discharging=True), ""),
        (BoardHealth(battery_percent=1), ""),
        (BoardHealth(discharging=True), ""),
    ],
)
def test_when_a_board_is_spared(board: BoardHealth, words: str) -> None:
    assert strain(board) == words
