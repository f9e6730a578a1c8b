"""Whole turns in which System 2 may answer, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from device.brain.recogniser import Recogniser
from device.config import Consent
from device.contracts import Audio, Hush, KeptReply, LinkHealth, Mind, Question, Say, Spoken
from device.errors import MindError, NoSystem2
from device.record import Stage, TurnRecord
from tests.device.session.rig import Device
from tests.device.session.two_minds import TwoMinds
from tests.fakes import SOUND_HZ, FakeGate, FakeModel, FakeSystem2

AS_KEPT = KeptReply(1, "As kept.", 1.0, "pack")
WORLD = "who painted the mona lisa"
"""A question that System 2 is asked alone."""
EITHER = "my socks and the wardrobe"
"""Words that either mind may answer."""
FAR = "Far away it is noon. Lunch is at one."
NEAR = "On board we think it was Leo."
LONG = (Say("One two three four five six seven eight nine ten. "),) * 8


async def one_turn(device: Device) -> TurnRecord:
    await device.say()
    return await device.turn()


def first_sound_ms(record: TurnRecord) -> float:
    return record.stages_ms[Stage.FIRST_AUDIO.value]


def told(device: Device, minds: TwoMinds) -> TurnRecord:
    """One turn; afterwards System 2 has been closed as often as it was asked."""
    record = device.play(one_turn)
    if minds.system_2 is not None:
        assert minds.system_2.closed == len(minds.system_2.questions)
    return record


def test_system_2_answers_what_asks_about_the_world(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, WORLD)
    record = told(minds.device(), minds)
    assert record.spoken == FAR
    assert record.route is not None
    assert (record.route.mind, record.falls) == (Mind.SYSTEM_2, [])
    assert minds.far.questions == [Question(record.turn_id, WORLD, "en")]


def test_what_system_2_heard_itself_is_asked_about_by_its_number(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, WORLD)
    device = minds.device()
    device.stt.heard_as = 7
    told(device, minds)
    assert [question.heard_as for question in minds.far.questions] == [7]


def test_a_skill_never_leaves_the_device(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, "what time is it", settled={"use": lambda: "prefer"})
    record = told(minds.device(), minds)
    assert record.route is not None
    assert record.route.mind is Mind.SKILL
    assert minds.far.questions == []


@pytest.mark.parametrize(
    "text", ["why does my son have asthma", "who is my friend oliver", "where do i live"]
)
def test_what_tells_about_a_person_stays_on_board(recogniser: Recogniser, text: str) -> None:
    minds = TwoMinds(recogniser, "i live in leeds and my friend tom has asthma")
    record = told(minds.device(), minds)
    assert minds.far.questions == []
    assert record.spoken == NEAR
    assert record.route is not None
    assert "nobody agreed to send" in record.route.reason


def test_what_a_person_agreed_to_send_may_leave(recogniser: Recogniser) -> None:
    text = "why does my friend tom have asthma"
    agreed = Consent(names=True, health=True)
    minds = TwoMinds(recogniser, text, settled={"consent": agreed, "use": lambda: "prefer"})
    assert told(minds.device(), minds).spoken == FAR


def test_a_person_can_keep_everything_on_board_at_run_time(recogniser: Recogniser) -> None:
    use = ["auto"]
    minds = TwoMinds(recogniser, WORLD, settled={"use": lambda: use[0]})
    device = minds.device()

    async def story(device: Device) -> tuple[TurnRecord, TurnRecord]:
        first = await one_turn(device)
        use[0] = "never"
        await device.say()
        return first, await device.turn(2)

    first, second = device.play(story)
    assert (first.spoken, second.spoken) == (FAR, NEAR)
    assert len(minds.far.questions) == 1


# --- falls ---------------------------------------------------------------------------------------


def test_without_a_link_the_answer_is_heard_within_two_seconds(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, WORLD)
    minds.far.health = LinkHealth(up=False, why="the network is away.")
    record = told(minds.device(), minds)
    assert record.spoken == f"I am offline just now. {NEAR}"
    assert first_sound_ms(record) <= 2000
    assert minds.far.questions == []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda far: setattr(far, "first_s", 60.0), "system_1: System 2 had no words within 1.5 s"),
        (lambda far: setattr(far, "hangs_after", 0), "system_1: System 2 had no words within 1.5 s"),
        (
            lambda far: setattr(far, "items", ()),
            "system_1: System 2 did not answer: The mind gave no answer.",
        ),
        (
            lambda far: setattr(far, "items", (NoSystem2("It went away."),)),
            "system_1: System 2 did not answer: It went away.",
        ),
    ],
    ids=["slow", "silent", "empty", "refusing"],
)
def test_when_system_2_does_not_answer_in_time_system_1_does(
    recogniser: Recogniser, spoil: Callable[[FakeSystem2], None], why: str
) -> None:
    minds = TwoMinds(recogniser, WORLD)
    spoil(minds.far)
    record = told(minds.device(), minds)
    assert record.spoken == NEAR
    assert record.falls == [why]
    assert record.route is not None
    assert record.route.mind is Mind.SYSTEM_1
    assert first_sound_ms(record) <= 2000


def test_a_link_that_is_lost_while_it_is_waited_for_is_not_waited_for_longer(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, WORLD)
    minds.far.first_s = 60.0

    async def story(device: Device) -> TurnRecord:
        await device.say()
        await device.until(lambda: bool(minds.far.questions))
        minds.far.lost.set()
        return await device.turn()

    record = minds.device().play(story)
    assert record.falls == ["system_1: System 2 did not answer: The link to System 2 was lost."]
    assert first_sound_ms(record) <= 500


def test_the_fall_goes_over_system_1_and_the_cache_to_a_stock_phrase_in_order(recogniser: Recogniser) -> None:
    broken = FakeModel(fails=MindError("The model is gone."))
    minds = TwoMinds(recogniser, "what is the news", model=broken, kept=AS_KEPT)
    minds.far.items = (NoSystem2("It went away."),)
    record = told(minds.device(), minds)
    assert [fall.partition(":")[0] for fall in record.falls] == ["system_1", "cache"]
    assert record.spoken == "As kept."

    minds = TwoMinds(recogniser, WORLD, model=FakeModel(fails=MindError("The model is gone.")))
    minds.far.items = (NoSystem2("It went away."),)
    record = told(minds.device(), minds)
    assert [fall.partition(":")[0] for fall in record.falls] == ["system_1", "stock"]
    assert record.spoken == "Stock mind failed."
    assert record.error_code == "mind"


def test_where_only_system_2_could_have_answered_it_is_said_that_it_is_away(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, WORLD, model=None)
    minds.far.items = (NoSystem2("It went away."),)
    assert told(minds.device(), minds).spoken == "Stock no system 2."


@pytest.mark.parametrize("use", ["auto", "prefer", "never"])
def test_what_was_kept_is_said_whomever_a_person_prefers(recogniser: Recogniser, use: str) -> None:
    minds = TwoMinds(recogniser, WORLD, kept=AS_KEPT, settled={"use": lambda: use})
    assert told(minds.device(), minds).spoken == "As kept."
    assert minds.far.questions == []


def test_ready_sound_is_not_played_where_the_gate_lets_its_words_be_said_no_more(
    recogniser: Recogniser,
) -> None:
    sound = Audio(b"\1\0" * SOUND_HZ, SOUND_HZ)
    ready = (Spoken("All is well.", sound), Spoken("A forbidden thing.", sound))
    minds = TwoMinds(recogniser, WORLD, kept=replace(AS_KEPT, spoken=ready))
    device = minds.device()
    assert told(device, minds).spoken == "All is well. Let us talk of something else."
    assert device.voice.texts == ["Let us talk of something else."]


def test_an_answer_that_dies_in_the_middle_is_ended_honestly(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, WORLD)
    minds.far.items = (Say("It was painted by Leo. "), Say("He also "), NoSystem2("It went away."))
    record = told(minds.device(), minds)
    assert record.spoken == "It was painted by Leo. Stock lost thread."
    assert minds.model is not None
    assert minds.model.prompts == []


def test_what_was_asked_before_is_answered_from_the_cache(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, WORLD, kept=AS_KEPT)
    record = told(minds.device(), minds)
    assert record.spoken == "As kept."
    assert record.route is not None
    assert record.route.mind is Mind.CACHE
    assert minds.far.questions == []


# --- races ---------------------------------------------------------------------------------------


def test_the_mind_with_the_first_good_clause_is_heard(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, EITHER, system_2=FakeSystem2(first_s=1.0))
    record = told(minds.device(), minds)
    assert record.spoken == NEAR
    assert record.falls == ["system_1: System 1 had the first good clause"]


@pytest.mark.parametrize("evasion", ["I do not know. ", "I'm sorry, ", "As an AI, I cannot see. "])
def test_an_evasion_wins_no_race(recogniser: Recogniser, evasion: str) -> None:
    minds = TwoMinds(recogniser, EITHER, FakeModel((evasion, "But well.")), FakeSystem2(first_s=1.0))
    record = told(minds.device(), minds)
    assert record.spoken == FAR
    assert minds.model is not None
    assert minds.model.closed == 1


def test_a_clause_that_would_not_be_spoken_wins_no_race(recogniser: Recogniser) -> None:
    gate = FakeGate()
    near = FakeModel(("A forbidden thing. ", "But well."))
    minds = TwoMinds(recogniser, EITHER, near, FakeSystem2(first_s=1.0), settled={"gate": gate})
    device = minds.device()
    device.gate = gate
    assert told(device, minds).spoken == FAR


def test_whoever_wins_alone_is_told_of_the_others_trouble(recogniser: Recogniser) -> None:
    near, far = FakeModel(fails=MindError("The model is gone.")), FakeSystem2(first_s=0.5)
    minds = TwoMinds(recogniser, EITHER, near, far)
    record = told(minds.device(), minds)
    assert record.spoken == FAR
    assert record.falls == [
        "system_2: System 2 had the first good clause; System 1 did not answer: The model is gone."
    ]


# --- openings ------------------------------------------------------------------------------------

SLOW = LinkHealth(up=True, first_words_s=2.0)


def test_a_mind_that_is_known_to_be_slow_is_opened_for_and_greets_nobody_twice(
    recogniser: Recogniser,
) -> None:
    far = FakeSystem2((Say("Su"), Say("re! Great que"), Say("stion! It was Leo.")), first_s=2.5, health=SLOW)
    minds = TwoMinds(recogniser, WORLD, system_2=far)
    record = told(minds.device(), minds)
    assert record.spoken == "Let me think about that. It was Leo."
    assert first_sound_ms(record) < 500
    assert far.questions[0].already_said == "Let me think about that."
    assert record.falls == []


def test_when_it_takes_even_longer_system_1_goes_on_from_the_opening(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, WORLD, system_2=FakeSystem2(first_s=60.0, health=SLOW))
    record = told(minds.device(), minds)
    assert record.spoken == f"Let me think about that. {NEAR}"
    assert record.falls == ["system_1: System 2 had no words within 4 s"]


def test_an_opening_alone_is_no_answer(recogniser: Recogniser) -> None:
    minds = TwoMinds(recogniser, WORLD, system_2=FakeSystem2((Say("Sure!"),), first_s=1.0, health=SLOW))
    record = told(minds.device(), minds)
    assert record.spoken == f"Let me think about that. {NEAR}"
    assert record.falls == ["system_1: System 2 did not answer: The mind gave no answer."]


def test_it_is_waited_for_no_longer_than_any_mind(recogniser: Recogniser) -> None:
    sluggish = LinkHealth(up=True, first_words_s=7.0)
    minds = TwoMinds(recogniser, WORLD, system_2=FakeSystem2(first_s=60.0, health=sluggish))
    record = told(minds.device(), minds)
    assert record.falls == ["system_1: System 2 had no words within 8 s"]
    assert record.spoken == f"Let me think about that. {NEAR}"


def test_when_it_is_later_than_expected_nothing_is_pretended(recogniser: Recogniser) -> None:
    punctual = LinkHealth(up=True, first_words_s=0.5)
    minds = TwoMinds(recogniser, WORLD, system_2=FakeSystem2(first_s=1.3, health=punctual))
    assert told(minds.device(), minds).spoken == FAR


# --- what System 2 takes back ----------------------------------------------------------------------


def test_what_system_2_takes_back_is_silenced_and_not_remembered(recogniser: Recogniser) -> None:
    half_a_second = Say("One two three four five.", ends=True)
    minds = TwoMinds(recogniser, WORLD)
    minds.far.items, minds.far.every_s = (*4 * [half_a_second], Hush(), *LONG), 0.15
    device = minds.device()
    record = told(device, minds)
    assert record.spoken_s == pytest.approx(0.6, abs=0.02)
    assert record.spoken == "One two three four five. One"
    assert record.error == ""
    assert [line.text for line in device.conversation.history] == [WORLD, record.spoken]


@pytest.mark.parametrize("asked", [WORLD, EITHER])
def test_an_answer_that_is_taken_back_before_it_began_is_left_to_system_1(
    recogniser: Recogniser, asked: str
) -> None:
    minds = TwoMinds(recogniser, asked, system_2=FakeSystem2((Hush(),)))
    assert told(minds.device(), minds).spoken == NEAR


# --- the gate, and barge-in ----------------------------------------------------------------------


def test_a_clause_of_system_2_that_the_gate_refuses_is_not_spoken_nor_anything_after_it(
    recogniser: Recogniser,
) -> None:
    minds = TwoMinds(recogniser, WORLD)
    minds.far.items = (Say("It is noon. "), Say("Then a forbidden thing. "), *LONG)
    record = told(minds.device(), minds)
    assert record.spoken == "It is noon. Let us talk of something else."


def test_sound_of_system_2_is_judged_by_its_words(recogniser: Recogniser) -> None:
    sound = Audio(b"\1\0" * SOUND_HZ, SOUND_HZ)
    minds = TwoMinds(recogniser, WORLD)
    minds.far.items = (Spoken("It is noon.", sound), Spoken("A forbidden thing.", sound), *LONG)
    device = minds.device()
    record = told(device, minds)
    assert record.spoken == "It is noon. Let us talk of something else."
    assert "It is noon." not in device.voice.texts


@pytest.mark.parametrize("asked", [WORLD, EITHER])
@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.3, 0.7, 1.2, 2.1, 3.5, 6.0])
def test_a_barge_in_at_any_time_ends_both_minds_and_nothing_of_them_is_heard_after_it(
    recogniser: Recogniser, asked: str, slow: bool, after_s: float
) -> None:
    far = FakeSystem2(LONG * 8, first_s=1.8 if slow else 0.6, every_s=0.1)
    far.health = LinkHealth(up=True, first_words_s=2.0 if slow else 0.5)
    minds = TwoMinds(recogniser, asked, FakeModel(["on ", "board. "] * 40, every_s=0.1), far)

    async def story(device: Device) -> tuple[int, int, TurnRecord]:
        await device.say()
        await asyncio.sleep(0.3 + after_s)
        device.session.press()
        await device.turn()
        assert far.closed == len(far.questions)
        assert minds.model is not None
        assert minds.model.closed == len(minds.model.prompts)
        before = far.given, len(device.voice.texts)
        await asyncio.sleep(5.0)
        assert (far.given, len(device.voice.texts)) == before
        device.session.release()
        return *before, device.records[0]

    given, _, record = minds.device().play(story)
    assert record.cut_off
    assert given < len(far.items)
