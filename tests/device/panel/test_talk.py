"""What goes through the page's socket, both ways, with a client that others wrote as the page."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from typing import Any, Literal

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from device.contracts import FRAME_MS, RATE_HZ, Emotion, Gesture, Mind, Route
from device.notices import Answering, Heard, LightChanged, LightState, Moved, Notice, Refused, TurnEnded
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


def tell(story: Story, mode: Literal["hold", "toggle"] = "hold") -> None:
    """Run a story with a server and a way to open pages."""

    async def whole() -> None:
        async with asyncio.timeout(20), served(mode) as everything, asyncio.TaskGroup() as pages:

            async def open_page(rate_hz: int = 48_000) -> Browser:
                url = everything.url.replace("http:", "ws:") + "talk"
                browser = Browser(await connect(url, origin=everything.origin), rate_hz)
                await browser.say("hello", rate_hz=rate_hz)
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
        await reaches(lambda: device.session.done == ["press", "press"])

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
        assert device.session.done == ["press"]

    tell(story, mode="toggle")


# --- what the page is told -----------------------------------------------------------------------


def test_a_new_page_is_greeted_with_the_mode_the_light_and_the_floor() -> None:
    async def story(device: Served, open_page: Any) -> None:
        device.session.light = LightChanged(LightState.MUTED, leaving=True)
        page = await open_page()
        assert page.told == [
            {"type": "welcome", "mode": "toggle", "pre_roll_ms": 300, "post_roll_ms": 200},
            {"type": "light", "state": "muted", "leaving": True, "mood": "neutral"},
            {"type": "floor", "yours": True},
        ]

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
            {"type": "answering", "turn_id": 3, "text": "It is noon.", "mind": "skill", "reason": "it fits"},
        ),
        (Moved(Gesture.NOD), {"type": "moved", "gesture": "nod"}),
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
