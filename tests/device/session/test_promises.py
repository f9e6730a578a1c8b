"""Questions that only System 2 can answer, asked while it cannot: whole turns in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from device.brain.packs import promise_phrases
from device.brain.recogniser import Recogniser
from device.config import Consent
from device.contracts import LinkHealth, Mind, Outcome, Outgoing, OutgoingKind, Say
from device.errors import TtsError
from device.promises.promises import PromiseClocks, Promises
from device.record import TurnRecord
from tests.device.promises.promised import DirectDisk, FakeOutbox
from tests.device.session.two_minds import TwoMinds
from tests.fakes import FakeModel, FakeSystem2
from tests.virtual_time import run

NEWS = "what is the latest news about the zephyr cup"
WORLD = "who painted the mona lisa"
ANSWER = "The quokkas won the cup."
AWAY = LinkHealth(up=False, why="the network is away.")
OFFLINE = "I am offline just now."
NEAR = "On board we think it was Leo."
KEPT = "I will find out and tell you."
AGREED = Consent(questions=True)
BORN_S = 1.8e9


@dataclass
class Home:
    """A device that keeps promises; each `start` makes it anew around the same files."""

    recogniser: Recogniser
    state: Path
    consent: Consent = field(default_factory=Consent)
    model: FakeModel | None = field(default_factory=lambda: FakeModel(("On board ", "we think it was Leo.")))
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    far: FakeSystem2 = field(default_factory=lambda: FakeSystem2(health=AWAY))
    outcomes: list[Outcome] = field(default_factory=list)
    settled: dict[str, Any] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def start(self) -> AsyncIterator[Home]:
        loop = asyncio.get_running_loop()
        self.disk = DirectDisk(self.state)
        self.promises = Promises(
            self.disk,
            self.outbox,
            lambda announcement: self.device.session.announce(announcement),
            itertools.count(1),
            promise_phrases("en"),
            keep_s=48 * 3600.0,
            clocks=PromiseClocks(lambda: BORN_S + loop.time(), loop.time, lambda: BORN_S + loop.time()),
            withdraw=lambda announcement_id: self.device.session.withdraw(announcement_id),
        )
        minds = TwoMinds(
            self.recogniser,
            model=self.model,
            system_2=self.far,
            settled={"consent": self.consent} | self.settled,
            promises=self.promises,
        )
        self.device = minds.device()
        self.device.ended = self.promises.turn_ended
        async with self.device.running():
            self.device.session.announced = self._over
            running = asyncio.create_task(self.promises.run())
            await asyncio.sleep(0.1)
            yield self
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    def _over(self, announcement_id: int, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.promises.over(announcement_id, outcome)

    async def hears(self, text: str) -> TurnRecord:
        """One spoken turn."""
        self.device.stt.hears = text
        count = len(self.device.records) + 1
        await self.device.say()
        return await self.device.turn(count)

    async def answered(self, text: str = ANSWER) -> list[str]:
        """The link is back: what waits is sent, and every question is answered."""
        self.far.health = LinkHealth(up=True)
        questions = [item for item in self.outbox.drain() if item.kind is OutgoingKind.QUESTION]
        bodies = [{"question_id": item.body["question_id"], "text": text} for item in questions]
        return [await self.promises.answered(body) for body in bodies]

    async def told(self, text: str) -> None:
        """An announcement with these words sounds to its end."""
        await self.device.until(lambda: any(text in record.spoken for record in self.device.records))
        await asyncio.sleep(0.5)

    def on_disk(self, words: str) -> bool:
        return any(words.encode() in file.read_bytes() for file in self.state.iterdir())


@pytest.fixture
def home(recogniser: Recogniser, tmp_path: Path) -> Home:
    return Home(recogniser, tmp_path)


def test_a_question_is_kept_over_a_restart_told_when_a_person_is_there_and_then_erased(home: Home) -> None:
    async def before() -> None:
        async with home.start():
            offer = await home.hears(NEWS)
            assert offer.spoken == f"{OFFLINE} Shall I find out, and tell you later?"
            assert not home.on_disk("zephyr")
            assert (await home.hears("yes")).spoken == KEPT
            assert home.on_disk("zephyr")
            (item,) = home.outbox.questions()
            assert item.body["text"] == NEWS

    async def after() -> None:
        async with home.start():
            assert await home.answered() == ["ok"]
            await asyncio.sleep(300)
            assert home.device.records == []
            assert (await home.hears("tell me a joke")).route.mind is Mind.SKILL  # type: ignore[union-attr]
            await home.told(f"You asked: {NEWS}. I found out: {ANSWER}")
            assert home.outcomes == [Outcome.SAID]
            assert not home.on_disk("zephyr")
            assert not home.on_disk("quokkas")
            assert (await home.hears("what did you find out")).spoken.startswith("There is nothing")

    run(before())
    run(after())


def test_with_standing_consent_it_is_promised_in_one_sentence_after_it_is_on_disk(home: Home) -> None:
    home.consent = AGREED

    async def story() -> None:
        async with home.start():
            record = await home.hears(NEWS)
            assert record.spoken == f"{OFFLINE} {KEPT}"
            assert home.on_disk("zephyr")
            again = await home.hears(NEWS)
            assert again.spoken == "I have not forgotten that, and I will tell you as soon as I know."
            assert len(home.outbox.questions()) == 1

    run(story())


@pytest.mark.parametrize("fails", ["disk", "outbox"])
def test_what_cannot_be_kept_is_not_promised(home: Home, fails: str) -> None:
    home.consent = AGREED

    async def story() -> None:
        async with home.start():
            (home.disk if fails == "disk" else home.outbox).fails = True
            record = await home.hears(NEWS)
            assert record.spoken == f"{OFFLINE} I cannot make a note of that, so please ask me again later."

    run(story())


def test_no_leaves_nothing_and_so_does_saying_something_else(home: Home) -> None:
    async def story() -> None:
        async with home.start():
            await home.hears(NEWS)
            assert (await home.hears("no")).spoken == "All right, I leave it."
            await home.hears(NEWS)
            await home.hears("tell me a joke")
            await home.hears("yes")
            assert not home.promises.waiting
            assert not home.on_disk("zephyr")

    run(story())


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        (WORLD, f"{OFFLINE} {NEAR}"),
        ("what is the latest news about my friend tom", NEAR),
        ("my socks and the wardrobe", NEAR),
    ],
)
def test_what_someone_on_board_answers_or_may_not_leave_is_not_promised(
    home: Home, asked: str, spoken: str
) -> None:
    home.consent = AGREED

    async def story() -> None:
        async with home.start():
            assert (await home.hears(asked)).spoken == spoken
            assert not home.promises.waiting

    run(story())


def test_where_every_word_stays_on_board_nothing_is_promised_and_nothing_excused(home: Home) -> None:
    home.consent, home.settled = AGREED, {"use": lambda: "never"}

    async def story() -> None:
        async with home.start():
            assert (await home.hears(NEWS)).spoken == NEAR
            assert not home.promises.waiting

    run(story())


def test_without_a_mind_on_board_what_it_would_have_known_is_promised_too(home: Home) -> None:
    home.consent, home.model = AGREED, None

    async def story() -> None:
        async with home.start():
            assert (await home.hears(WORLD)).spoken == f"{OFFLINE} {KEPT}"

    run(story())


@pytest.mark.parametrize(
    "spoil",
    [lambda far: setattr(far, "first_s", 60.0), lambda far: setattr(far, "items", ())],
    ids=["slow", "empty"],
)
@pytest.mark.parametrize("agreed", [True, False])
def test_what_system_2_does_not_answer_in_time_is_found_out_later_and_not_guessed(
    home: Home, spoil: Callable[[FakeSystem2], None], agreed: bool
) -> None:
    home.far.health = LinkHealth(up=True)
    spoil(home.far)
    home.consent = Consent(questions=agreed)

    async def story() -> None:
        async with home.start():
            record = await home.hears(NEWS)
            end = KEPT if agreed else "Shall I find out, and tell you later?"
            assert record.spoken == f"I get no answer to that just now. {end}"
            assert home.model is not None
            assert home.model.prompts == []
            if not agreed:
                await home.hears("yes please")
            assert home.promises.has(NEWS)

    run(story())


def test_a_slow_link_is_named_as_the_reason(home: Home) -> None:
    home.far.health = LinkHealth(up=True, slow=True, round_trip_s=2.0)
    home.far.first_s = 60.0
    home.consent = AGREED

    async def story() -> TurnRecord:
        async with home.start():
            return await home.hears(NEWS)

    record = run(story())
    assert record.spoken == f"Let me think about that. My connection is slow just now. {KEPT}"


def test_an_answer_that_comes_over_a_slow_link_is_waited_for(home: Home) -> None:
    home.far.health = LinkHealth(up=True, slow=True, round_trip_s=2.0)
    home.far.first_s = 3.0
    home.far.items = (Say(ANSWER),)

    async def story() -> TurnRecord:
        async with home.start():
            return await home.hears(NEWS)

    assert run(story()).spoken == f"Let me think about that. {ANSWER}"


# --- the answer ------------------------------------------------------------------------------------


async def promised(home: Home, *questions: str) -> None:
    for question in questions:
        await home.hears(question)
    await home.answered()


def test_an_answer_is_told_after_the_reply_and_never_over_it(home: Home) -> None:
    home.consent = AGREED

    async def story() -> None:
        async with home.start():
            await promised(home, NEWS)
            home.device.stt.hears = WORLD
            home.far.items = (Say("One two three four five six seven eight nine ten. "),) * 5
            await home.device.say()
            await home.told(ANSWER)
            reply, told = home.device.records[-2:]
            assert len(reply.spoken.split()) == 50
            assert ANSWER in told.spoken

    run(story())


@pytest.mark.parametrize("up", [True, False])
def test_who_asks_the_same_again_gets_the_answer_that_is_there(home: Home, up: bool) -> None:
    home.consent = AGREED

    async def story() -> None:
        async with home.start():
            await promised(home, NEWS)
            home.far.health = LinkHealth(up=up)
            assert (await home.hears(NEWS)).spoken == "Yes, there is something."
            await home.told(ANSWER)
            assert home.far.questions == []
            assert not home.on_disk("quokkas")

    run(story())


def test_a_yes_that_comes_when_the_link_is_back_keeps_the_promise_at_once(home: Home) -> None:
    async def story() -> None:
        async with home.start():
            await home.hears(NEWS)
            home.far.health = LinkHealth(up=True)
            assert (await home.hears("yes")).spoken == KEPT
            assert await home.answered() == ["ok"]
            await home.hears("tell me a joke")
            await home.told(ANSWER)

    run(story())


def test_an_answer_that_the_voice_fails_at_is_not_lost(home: Home) -> None:
    home.consent = AGREED

    async def story() -> None:
        async with home.start():
            await promised(home, NEWS)
            home.device.voice.fails_on = lambda text: TtsError("broken") if ANSWER in text else None
            await home.hears("tell me a joke")
            await asyncio.sleep(20)
            assert home.promises.waiting
            home.device.voice.fails_on = lambda text: None
            await home.hears("tell me a joke")
            await home.told(ANSWER)
            assert not home.promises.waiting

    run(story())


def test_several_answers_are_told_one_after_the_other(home: Home) -> None:
    home.consent = AGREED

    async def story() -> None:
        async with home.start():
            await promised(home, NEWS, "what is the weather in paris today")
            await home.hears("tell me a joke")
            await asyncio.sleep(20)
            told = [record.spoken for record in home.device.records[-2:]]
            assert ("zephyr" in told[0], "paris" in told[1]) == (True, True)
            assert not home.promises.waiting

    run(story())


def test_an_answer_that_is_cut_off_is_told_again_when_it_is_asked_for(home: Home) -> None:
    home.consent = AGREED

    async def story() -> None:
        async with home.start():
            await promised(home, NEWS)
            await home.hears("tell me a joke")
            await home.device.until(lambda: home.device.voice.texts[-1].endswith(ANSWER))
            await asyncio.sleep(0.3)
            await home.hears("tell me a joke")
            assert home.outcomes == [Outcome.DISMISSED]
            await asyncio.sleep(60)
            assert (await home.hears("what did you find out")).spoken == "Yes, there is something."
            await home.told(ANSWER)
            assert home.outcomes == [Outcome.DISMISSED, Outcome.SAID]

    run(story())


def test_who_asks_too_early_is_told_so(home: Home) -> None:
    home.consent = AGREED

    async def story() -> TurnRecord:
        async with home.start():
            await home.hears(NEWS)
            return await home.hears("did you find out")

    assert run(story()).spoken == "I have no answer yet, and I will tell you as soon as I know."


def test_an_answer_passes_the_gate(home: Home) -> None:
    home.consent = AGREED

    async def story() -> TurnRecord:
        async with home.start():
            await home.hears(NEWS)
            await home.answered("A forbidden thing.")
            await home.hears("tell me a joke")
            await home.told("Let us talk of something else.")
            return home.device.records[-1]

    assert "forbidden" not in run(story()).spoken


@pytest.mark.parametrize("words", ["forget it", "never mind", "never mind about that", "forget my question"])
@pytest.mark.parametrize("sent", [True, False])
def test_forget_it_erases_the_question_here_and_there(home: Home, words: str, sent: bool) -> None:
    home.consent = AGREED

    async def story() -> list[Outgoing]:
        async with home.start():
            await home.hears(NEWS)
            if sent:
                home.outbox.drain()
            assert (await home.hears(words)).spoken == "All right, I have forgotten your question."
            assert not home.on_disk("zephyr")
            return home.outbox.drain()

    assert [item.kind for item in run(story())] == ([OutgoingKind.ERASURE] if sent else [])


def test_an_answer_that_waits_to_be_told_is_not_told_once_it_is_forgotten(home: Home) -> None:
    home.consent = AGREED

    async def story() -> None:
        async with home.start():
            await promised(home, NEWS)
            pressed = home.promises.turn_ended

            def press_again(record: TurnRecord) -> None:
                """Before the answer that is told after this turn has begun."""
                home.device.ended = pressed
                home.device.session.press()
                pressed(record)

            home.device.ended = press_again
            await home.hears("tell me a joke")
            home.device.stt.hears = "forget it"
            await home.device.say()  # the button is down already
            await home.device.turn(3)
            await asyncio.sleep(120)
            assert home.outcomes == [Outcome.DROPPED]
            assert not any("quokkas" in text for text in home.device.voice.texts)

    run(story())


def test_without_a_promise_forget_it_means_silence(home: Home) -> None:
    async def story() -> TurnRecord:
        async with home.start():
            return await home.hears("forget it")

    record = run(story())
    assert record.spoken == ""
    assert record.error == ""
