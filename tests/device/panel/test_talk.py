"""What goes through the page's socket, both ways, with a client that others wrote as the page."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from typing import Any, Literal

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from device.config import Looks
from device.contracts import (
    FRAME_MS,
    RATE_HZ,
    Emotion,
    Erased,
    ErasureReport,
    Gesture,
    Line,
    Mind,
    Route,
    Who,
)
from device.egress import Content, Peer
from device.notices import (
    Answering,
    Forgot,
    Heard,
    LightChanged,
    LightState,
    Loudness,
    Moved,
    Notice,
    Refused,
    Standing,
    TurnEnded,
)
from device.panel.messages import read_sound, write_sound
from tests.device.panel.scripted import Served, reaches, served
from tests.tones import loudest_hz, tone


class Browser:
    """Speaks the page's protocol; plays sound in no time and reports it."""

    def __init__(self, link: ClientConnection, rate_hz: int) -> None:
        self._link = link
        self.rate_hz = rate_hz
        self.told: list[dict[str, Any]] = []
        self.heard: dict[int, bytes] = {}

    async def say(self, kind: str, **fields: Any) -> None:
        await self._link.send(json.dumps({"type": kind, **fields}))

    async def send_take(self, take_id: int, pcm: bytes) -> None:
        size = 2 * (self.rate_hz // 50)
        for at in range(0, len(pcm), size):
            await self._link.send(write_sound(take_id, pcm[at : at + size]))
        await self._link.send(write_sound(take_id, b""))

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.told]

    def standing(self) -> dict[str, Any]:
        """The last that was told."""
        return [message for message in self.told if message["type"] == "standing"][-1]

    def offered(self, setting: str) -> Any:
        """Its value, as it was told last."""
        last = [message for message in self.told if message["type"] == "offers"][-1]
        return next(offer["value"] for offer in last["offers"] if offer["setting"] == setting)

    async def tells(self, kind: str) -> dict[str, Any]:
        """The first message of that kind, when it has come."""
        await reaches(lambda: kind in self.kinds())
        return next(message for message in self.told if message["type"] == kind)

    async def run(self) -> None:
        """Everything that comes, until the link closes."""
        with contextlib.suppress(ConnectionClosed):
            async for frame in self._link:
                if isinstance(frame, str):
                    self.told.append(json.loads(frame))
                else:
                    await self._play(*read_sound(frame))

    async def _play(self, sound_id: int, pcm: bytes) -> None:
        self.heard[sound_id] = self.heard.get(sound_id, b"") + pcm
        await self.say("played", sound_id=sound_id, samples=len(self.heard[sound_id]) // 2)

    async def vanish(self) -> None:
        """As when a computer goes to sleep: no good-bye."""
        self._link.transport.abort()

    async def close(self) -> None:
        await self._link.close()


Story = Callable[[Served, Callable[..., Coroutine[Any, Any, Browser]]], Coroutine[Any, Any, None]]


def tell(story: Story, mode: Literal["hold", "toggle"] = "hold", **options: Any) -> None:
    """Run a story with a server and a way to open pages."""

    async def whole() -> None:
        async with asyncio.timeout(20), served(mode, **options) as everything, asyncio.TaskGroup() as pages:

            async def open_page(rate_hz: int = 48_000) -> Browser:
                url = everything.address.replace("http:", "ws:") + "talk"
                browser = Browser(await connect(url, origin=everything.origin), rate_hz)
                await browser.say("hello", token=everything.token)
                if not everything.own_sound:
                    await browser.say("tuned", rate_hz=rate_hz)
                readers.append(pages.create_task(browser.run()))
                await browser.tells("floor")
                return browser

            readers: list[asyncio.Task[None]] = []
            await story(everything, open_page)
            for reader in readers:
                reader.cancel()

    asyncio.run(whole())


# --- the microphone ------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_a_tone_of_the_browser_becomes_as_many_frames_of_the_same_pitch(rate_hz: int) -> None:
    async def story(device: Served, open_page: Any) -> None:
        page = await open_page(rate_hz)
        await page.say("press")
        await page.send_take(1, tone(1000, 2.0, rate_hz))
        expected = 2000 // FRAME_MS
        await reaches(lambda: len(device.session.frames) >= expected - 1)
        await page.say("release")
        await reaches(lambda: "release" in device.session.done)
        assert expected - 1 <= len(device.session.frames) <= expected + 1
        pcm = b"".join(frame.pcm for frame in device.session.frames)
        assert loudest_hz(pcm, RATE_HZ) == pytest.approx(1000, abs=2)

    tell(story)


def test_only_the_page_that_pressed_last_is_listened_to() -> None:
    async def story(device: Served, open_page: Any) -> None:
        first, second = await open_page(16_000), await open_page(16_000)
        await second.say("press")
        await reaches(lambda: device.session.done == ["press"])
        await first.send_take(1, tone(300, 0.5, 16_000))
        await first.say("stop")
        await reaches(lambda: "stop" in device.session.done)
        assert device.session.frames == []
        await second.send_take(1, tone(300, 0.5, 16_000))
        await reaches(lambda: len(device.session.frames) == 25)

    tell(story)


@pytest.mark.parametrize(("kind", "fields"), [("ask", {"text": "hello"}), ("repeat", {})])
def test_whoever_speaks_into_a_page_is_not_cut_off_by_another_that_types(kind: str, fields: Any) -> None:
    async def story(device: Served, open_page: Any) -> None:
        speaking, typing = await open_page(16_000), await open_page(16_000)
        await speaking.say("press")
        await reaches(lambda: device.session.done == ["press"])
        await typing.say(kind, **fields)
        await reaches(lambda: len(device.session.done) == 2)
        await speaking.send_take(1, tone(300, 0.5, 16_000))
        await reaches(lambda: len(device.session.frames) == 25)

    tell(story)


# --- the button ----------------------------------------------------------------------------------


def test_a_press_a_release_a_request_and_a_stop_reach_the_session_in_order() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page = await open_page()
        for kind, fields in (("press", {}), ("release", {}), ("ask", {"text": "hello"}), ("stop", {})):
            await page.say(kind, **fields)
        await reaches(lambda: device.session.done == ["press", "release", "ask hello", "stop"])

    tell(story)


def test_a_release_without_a_press_is_nothing() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page = await open_page()
        await page.say("release")
        await page.say("stop")
        await reaches(lambda: device.session.done == ["stop"])

    tell(story)


@pytest.mark.parametrize("how", ["vanish", "close"])
def test_a_page_that_vanishes_while_its_button_is_held_has_let_go(how: str) -> None:
    async def story(device: Served, open_page: Any) -> None:
        page = await open_page()
        await page.say("press")
        await reaches(lambda: device.session.done == ["press"])
        await getattr(page, how)()
        await reaches(lambda: device.session.done == ["press", "release"])

    tell(story)


@pytest.mark.parametrize("how", ["say", "vanish"])
def test_who_lets_go_after_another_page_took_the_floor_is_not_held_for_stuck(how: str) -> None:
    async def story(device: Served, open_page: Any) -> None:
        page, other = await open_page(), await open_page()
        await page.say("press")
        await reaches(lambda: device.session.done == ["press"])
        await other.say("ask", text="hello")
        await reaches(lambda: "ask hello" in device.session.done)
        await (page.say("release") if how == "say" else page.vanish())
        await reaches(lambda: device.session.done[-1] == "release")

    tell(story)


def test_a_page_that_lets_go_takes_nothing_from_another_one_that_holds() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page, other = await open_page(), await open_page()
        await page.say("press")
        await other.say("press")
        await reaches(lambda: {"type": "floor", "yours": False} in page.told)
        await page.say("release")
        await page.say("mute", muted=True)  # comes after it
        await other.say("release")
        await reaches(lambda: device.session.done == ["press", "press", "mute", "release"])

    tell(story)


def test_a_page_that_vanishes_with_its_button_up_changes_nothing() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page, other = await open_page(), await open_page()
        await page.say("press")
        await page.say("release")
        await reaches(lambda: device.session.done == ["press", "release"])
        await page.vanish()
        await reaches(
            lambda: other.told[-1] == {"type": "floor", "yours": True} or "floor" in other.kinds()[1:]
        )
        assert device.session.done == ["press", "release"]

    tell(story)


def test_in_toggle_mode_a_page_that_vanishes_while_the_device_listens_ends_the_utterance() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page = await open_page()
        await page.say("press")
        await reaches(lambda: device.session.light.state is LightState.LISTENING)
        await page.vanish()
        await reaches(lambda: device.session.done == ["press", "release", "press", "release"])

    tell(story, mode="toggle")


def test_in_toggle_mode_a_page_that_vanishes_after_it_was_heard_changes_nothing() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page, other = await open_page(), await open_page()
        await page.say("press")
        await reaches(lambda: device.session.light.state is LightState.LISTENING)
        device.session.show(LightState.THINKING)
        await reaches(
            lambda: (
                page.told[-1] == {"type": "light", "state": "thinking", "leaving": False, "mood": "neutral"}
            )
        )
        device.session.show(LightState.LISTENING)  # by another button
        await page.vanish()
        await reaches(lambda: {"type": "floor", "yours": True} in other.told)
        assert device.session.done == ["press", "release"]

    tell(story, mode="toggle")


# --- switches and settings -----------------------------------------------------------------------


def test_mute_and_repeat_reach_the_session_and_every_page_is_told() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page, other = await open_page(), await open_page()
        await page.say("mute", muted=True)
        for each in (page, other):
            await reaches(lambda each=each: each.standing()["muted"])  # type: ignore[misc]
        await page.say("mute", muted=False)
        await page.say("repeat")
        await reaches(lambda: device.session.done == ["mute", "unmute", "repeat"])

    tell(story)


def test_who_asks_to_hear_it_again_hears_it_there() -> None:
    async def story(device: Served, open_page: Any) -> None:
        first, second = await open_page(), await open_page()
        await second.say("repeat")
        await second.tells("turn")
        assert first.heard == {}
        assert len(second.heard) == 1

    tell(story)


@pytest.mark.parametrize(
    ("setting", "value", "kept"),
    [
        ("voice.volume", 35, "voice.volume = 35"),
        ("talk.mode", "toggle", 'talk.mode = "toggle"'),
        ("talk.patience_s", 2, "talk.patience_s = 2.0"),
        ("voice.words_per_minute", 120, "voice.words_per_minute = 120"),
    ],
)
def test_what_is_chosen_is_in_force_kept_and_shown_on_every_page(setting: str, value: Any, kept: str) -> None:
    async def story(device: Served, open_page: Any) -> None:
        page, other = await open_page(), await open_page()
        await page.say("choose", setting=setting, value=value)
        for each in (page, other):
            await reaches(lambda each=each: each.offered(setting) == value)  # type: ignore[misc]
        assert kept in device.chosen.read_text()
        now = {
            "voice.volume": device.session.volume,
            "talk.mode": device.session.talk.mode,
            "talk.patience_s": device.session.talk.patience_s,
            "voice.words_per_minute": value,
        }
        assert now[setting] == value

    tell(story)


# --- a device with a microphone and a speaker of its own -----------------------------------------


def test_a_page_of_a_device_with_its_own_sound_is_a_remote_control() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page = await open_page()
        assert (page.told[0]["microphone"], page.told[0]["speaker"]) == ("device", "device")
        await page.say("press")
        await page.send_take(1, tone(300, 0.2, 48_000))
        await page.say("release")
        await page.tells("turn")
        assert device.session.done == ["press", "release"]
        assert device.session.frames == []
        assert page.heard == {}

    tell(story, own_sound=True)


def test_its_voice_goes_on_when_the_last_page_is_closed() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page = await open_page()
        device.session.show(LightState.SPEAKING)
        await page.vanish()
        await reaches(lambda: len(device.panel) == 0)
        assert device.session.done == []

    tell(story, own_sound=True)


# --- what left -----------------------------------------------------------------------------------


def test_what_leaves_is_told_at_once_and_then_at_most_once_a_second() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page = await open_page()
        for _ in range(20):
            device.egress.count(Peer("192.0.2.7", 443), Content.TEXT, 10)
            await asyncio.sleep(0.01)
        told = [message for message in page.told if message["type"] == "left"]
        assert len(told) == 2
        (first,) = told[1]["departures"]
        assert (first["host"], first["port"], first["content"]) == ("192.0.2.7", 443, "text")
        await reaches(lambda: page.told[-1].get("departures", [{}])[0].get("sent_bytes") == 200)

    tell(story)


# --- what the page is told -----------------------------------------------------------------------


def test_a_new_page_is_told_all_that_it_shows() -> None:
    async def story(device: Served, open_page: Any) -> None:
        device.session.light = LightChanged(LightState.MUTED, leaving=True)
        device.lines.append(Line(Who.PERSON, "hello"))
        device.turns.append({"turn_id": 1})
        page = await open_page()
        assert page.told == [
            {
                "type": "welcome",
                "name": "Robot",
                "microphone": "page",
                "speaker": "page",
                "pre_roll_ms": 300,
                "post_roll_ms": 200,
                "loudest": 85,
                "looks": msgspec.structs.asdict(Looks()),
            },
            {"type": "light", "state": "muted", "leaving": True, "mood": "neutral"},
            {
                "type": "standing",
                "muted": False,
                "setup": False,
                "online": True,
                "volume": 80,
                "mode": "toggle",
                "faults": [],
                "system2": None,
            },
            page.told[3],
            {"type": "history", "lines": [{"who": "person", "text": "hello"}], "turns": [{"turn_id": 1}]},
            {"type": "left", "departures": []},
            {"type": "reach", "here": device.address, "network": [], "fingerprint": ""},
            {"type": "floor", "yours": True},
        ]
        assert page.told[3]["type"] == "offers"

    tell(story, mode="toggle")


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        (
            LightChanged(LightState.FAULT, leaving=True, mood=Emotion.CALM),
            {"type": "light", "state": "fault", "leaving": True, "mood": "calm"},
        ),
        (
            Heard(3, "what time", final=False, engine="ears"),
            {"type": "heard", "turn_id": 3, "text": "what time", "final": False, "engine": "ears"},
        ),
        (
            Answering(3, "It is noon.", Route(Mind.SKILL, "it fits")),
            {
                "type": "answering",
                "turn_id": 3,
                "text": "It is noon.",
                "mind": "skill",
                "reason": "it fits",
                "rival": None,
                "opens": False,
            },
        ),
        (Moved(Gesture.NOD), {"type": "moved", "gesture": "nod"}),
        (Loudness(-9.5, -20.0), {"type": "loudness", "peak_dbfs": -9.5, "rms_dbfs": -20.0}),
        (
            Standing(True, False, False, 40, "toggle", ("The speaker is gone.",)),
            {
                "type": "standing",
                "muted": True,
                "setup": False,
                "online": False,
                "volume": 40,
                "mode": "toggle",
                "faults": ["The speaker is gone."],
                "system2": None,
            },
        ),
        (Refused("I am muted."), {"type": "refused", "why": "I am muted."}),
        (TurnEnded({"turn_id": 3}), {"type": "turn", "record": {"turn_id": 3}}),
    ],
)
def test_every_page_is_told_what_the_session_says(notice: Notice, told: dict[str, Any]) -> None:
    async def story(device: Served, open_page: Any) -> None:
        pages = [await open_page(), await open_page()]
        device.board.post(notice)
        for page in pages:
            await reaches(lambda page=page: page.told[-1] == told)  # type: ignore[misc]

    tell(story)


def test_what_is_to_be_forgotten_is_asked_for_once_and_every_page_shows_what_is_left() -> None:
    async def story(device: Served, open_page: Any) -> None:
        pages = [await open_page(), await open_page()]
        await pages[0].say("forget", last_s=300)
        await reaches(lambda: device.session.done == ["forget 300.0"])
        device.lines[:] = [Line(Who.PERSON, "hello")]
        device.board.post(Forgot(ErasureReport((Erased("conversation", 2, "the disk is full"),))))
        for page in pages:
            await reaches(lambda page=page: page.told[-1]["type"] == "history")  # type: ignore[misc]
            assert page.told[-2:] == [
                {
                    "type": "forgotten",
                    "done": False,
                    "parts": [{"part": "conversation", "removed": 2, "failed": "the disk is full"}],
                    "sent": [],
                    "asked_back": False,
                },
                {"type": "history", "lines": [{"who": "person", "text": "hello"}], "turns": []},
            ]

    tell(story)


# --- the voice -----------------------------------------------------------------------------------


def test_a_reply_sounds_on_the_page_that_asked_and_nowhere_else() -> None:
    async def story(device: Served, open_page: Any) -> None:
        first, second = await open_page(44_100), await open_page(48_000)
        await second.say("ask", text="hello")
        await second.tells("turn")
        assert first.heard == {}
        (pcm,) = second.heard.values()
        assert len(pcm) / 2 / 48_000 == pytest.approx(device.session.reply_s, abs=0.001)
        assert loudest_hz(pcm, 48_000) == pytest.approx(440, abs=2)
        assert device.session.played_s == pytest.approx(device.session.reply_s, abs=0.001)
        assert {"type": "floor", "yours": False} in first.told

    tell(story)


def test_a_press_silences_the_reply_before_anything_else_is_sent() -> None:
    async def story(device: Served, open_page: Any) -> None:
        page = await open_page()
        device.session.reply_s = 30.0
        await page.say("ask", text="a long story")
        await page.tells("play")
        await page.say("press")
        await page.tells("silence")
        silenced = {sound_id: len(pcm) for sound_id, pcm in page.heard.items()}
        await asyncio.sleep(0.2)
        assert {sound_id: len(pcm) for sound_id, pcm in page.heard.items()} == silenced
        assert {"type": "light", "state": "listening", "leaving": False, "mood": "neutral"} in page.told

    tell(story)


def test_a_voice_stops_when_nobody_is_left_to_hear_it() -> None:
    async def story(device: Served, open_page: Any) -> None:
        device.session.reply_s = 30
        other, page = await open_page(), await open_page()
        device.session.ask("hello")
        device.session.show(LightState.SPEAKING)
        await page.vanish()
        await other.say("ask", text="another")
        await reaches(lambda: "ask another" in device.session.done)
        assert "stop" not in device.session.done
        device.session.show(LightState.SPEAKING)
        await other.vanish()
        await reaches(lambda: device.session.done[-1] == "stop")

    tell(story)


def test_a_reply_that_no_page_hears_ends_all_the_same() -> None:
    async def story(device: Served, open_page: Any) -> None:
        device.session.reply_s = 0.4
        device.session.ask("again")
        await reaches(lambda: device.session.played_s > 0)
        assert device.session.played_s == pytest.approx(0.4, abs=0.01)

    tell(story)
