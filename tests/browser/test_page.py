"""A real browser holds the button, is listened to and hears the answer."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from playwright.async_api import Page, expect

from device.contracts import FRAME_MS, Emotion, Gesture
from device.notices import Heard, LightChanged, LightState, Moved, Refused
from tests.browser.chromium import Chrome, light, sounds
from tests.device.panel.scripted import Served, reaches, served

PEAK = 0.5
"""The scripted session's tone is half of full scale."""


def loudness(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """RMS of every 20 ms."""
    size = rate_hz * FRAME_MS // 1000
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    return np.asarray(np.sqrt((whole**2).mean(axis=1)))


def likeness(heard: np.ndarray, said: np.ndarray) -> float:
    """The best correlation of `heard` with any place of `said`, which is played in a loop."""
    ring = np.concatenate([said, said])
    places = range(len(ring) - len(heard))
    return float(max(np.corrcoef(heard, ring[at : at + len(heard)])[0, 1] for at in places))


async def hold_mouse(page: Page) -> None:
    await page.locator("#talk").hover()
    await page.mouse.down()


def test_what_the_microphone_hears_while_the_button_is_held_arrives_as_frames(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await page.wait_for_timeout(600)
        assert device.session.frames == []
        await hold_mouse(page)
        await light(page, "listening")
        await page.wait_for_timeout(1500)
        await page.mouse.up()
        await light(page, "idle")
        count = len(device.session.frames)
        await page.wait_for_timeout(300)
        assert len(device.session.frames) == count
        assert (300 + 1500) / FRAME_MS < count < (300 + 1500 + 200 + 900) / FRAME_MS
        heard = np.frombuffer(b"".join(f.pcm for f in device.session.frames), np.int16) / 32768
        said, rate_hz = soundfile.read(chrome.microphone)
        alike = likeness(loudness(heard, 16_000), loudness(said, rate_hz))
        assert alike > 0.9, alike

    chrome.tell(story)


def test_the_answer_sounds_and_is_shown_with_who_gave_it(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await hold_mouse(page)
        await light(page, "listening")
        device.board.post(Heard(device.session.turn_id, "what time", final=False, engine="scripted"))
        await expect(page.locator("#live")).to_have_text("what time")
        await page.mouse.up()
        await light(page, "speaking")
        await sounds(page, 0.9 * PEAK)
        assert await page.locator("#robot").get_attribute("data-gesture") == "wave"
        await light(page, "idle")
        assert device.session.played_s == pytest.approx(device.session.reply_s, abs=0.001)
        assert "what time is it" in await page.locator(".bubble.person").last.inner_text()
        assert "It is noon." in await page.locator(".bubble.device").inner_text()
        assert await page.locator("#log .why").inner_text() == "a skill on board: the sentence for time fits"
        assert await page.locator("#log .chart summary").inner_text() == "First sound after 0.31 s"
        assert await page.locator("#live").is_hidden()

    chrome.tell(story)


def test_the_space_bar_talks_but_not_from_the_text_field(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await page.keyboard.down("Space")
        await page.keyboard.down("Space")  # the key's own repeat
        await light(page, "listening")
        await page.keyboard.up("Space")
        await light(page, "idle")
        await page.locator("#text").press_sequentially("two words")
        await page.keyboard.press("Enter")
        await light(page, "speaking")
        assert device.session.done == ["press", "release", "ask two words"]
        assert await page.locator("#text").input_value() == ""

    chrome.tell(story)


def test_touch_talks(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url, touch=True)
        box = await page.locator("#talk").bounding_box()
        assert box is not None
        finger = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
        hand = await page.context.new_cdp_session(page)
        await hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": finger})
        await light(page, "listening")
        finger[0]["y"] -= 200  # it slides off the button
        await hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": finger})
        await page.wait_for_timeout(200)
        assert device.session.done == ["press"]
        await hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        await light(page, "speaking")
        assert device.session.done == ["press", "release"]
        assert len(device.session.frames) > 200 / FRAME_MS

    chrome.tell(story)


def test_a_page_that_is_no_longer_looked_at_lets_go(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await hold_mouse(page)
        await light(page, "listening")
        await page.evaluate("window.dispatchEvent(new Event('blur'))")
        await reaches(lambda: device.session.done == ["press", "release"])

    chrome.tell(story)


def test_a_page_that_is_closed_while_the_button_is_held_lets_go(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await hold_mouse(page)
        await light(page, "listening")
        await page.close()
        await reaches(lambda: device.session.done == ["press", "release"])

    chrome.tell(story)


def test_a_press_silences_the_answer_in_the_page(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        device.session.reply_s = 20.0
        await page.locator("#text").fill("a long story")
        await page.keyboard.press("Enter")
        await light(page, "speaking")
        await sounds(page, 0.9 * PEAK)
        await hold_mouse(page)
        await light(page, "listening")
        await page.evaluate("delete document.body.dataset.peak")
        await page.wait_for_timeout(500)
        assert await page.evaluate("document.body.dataset.peak") is None
        assert device.session.played_s < 10

    chrome.tell(story)


def test_stop_is_in_reach_whenever_it_speaks(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        device.session.reply_s = 20.0
        await page.locator("#text").fill("a long story")
        await page.keyboard.press("Enter")
        await light(page, "speaking")
        await page.get_by_role("button", name="Stop").click()
        await light(page, "idle")
        assert device.session.done == ["ask a long story", "stop"]

    chrome.tell(story)


def test_in_toggle_mode_one_press_begins_and_the_next_ends(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await expect(page.locator("#talk-words")).to_have_text("Press to talk")
        await expect(page.locator("#invitation")).to_contain_text("Press the button")
        await page.locator("#talk").click()
        await light(page, "listening")
        await page.wait_for_timeout(500)
        assert await page.locator("#talk").get_attribute("aria-pressed") == "true"
        device.session.show(LightState.THINKING)  # the device heard the end by itself
        await page.wait_for_timeout(600)
        count = len(device.session.frames)
        assert count > 500 / FRAME_MS
        await page.wait_for_timeout(300)
        assert len(device.session.frames) == count
        assert device.session.done == ["press", "release"]

    chrome.tell(story, "toggle")


def test_in_toggle_mode_a_click_of_a_helping_technology_begins_and_the_next_one_ends(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await page.evaluate("document.getElementById('talk').click()")
        await light(page, "listening")
        await page.evaluate("document.getElementById('talk').click()")
        await light(page, "speaking")
        assert device.session.done == ["press", "release"] * 2

    chrome.tell(story, "toggle")


def test_a_click_of_a_helping_technology_begins_and_the_next_one_ends(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await page.evaluate("document.getElementById('talk').click()")
        await light(page, "listening")
        await page.evaluate("document.getElementById('talk').click()")
        await light(page, "idle")
        assert device.session.done == ["press", "release"]

    chrome.tell(story)


def test_without_the_microphone_it_says_what_to_do_and_typing_works(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url, may_listen=False)
        await hold_mouse(page)
        await expect(page.locator("#hint")).to_contain_text("may not use the microphone. Allow it")
        await page.mouse.up()
        await page.locator("#text").fill("hello")
        await page.keyboard.press("Enter")
        await light(page, "speaking")
        assert device.session.done == ["ask hello"]

    chrome.tell(story)


def test_the_robot_makes_each_gesture_and_a_refusal_is_shown(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        for gesture in Gesture:
            device.board.post(Moved(gesture))
            await page.wait_for_selector(f'#robot[data-gesture="{gesture.value}"]')
        device.board.post(Refused("The microphone is switched off."))
        await expect(page.locator("#hint")).to_have_text("The microphone is switched off.")

    chrome.tell(story)


def test_the_robots_face_shows_each_mood_until_the_next(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url, reduced_motion="no-preference")
        faces = set()
        for mood in Emotion:
            device.board.post(LightChanged(LightState.SPEAKING, leaving=False, mood=mood))
            await page.wait_for_selector(f'body[data-mood="{mood.value}"]')
            faces.add(await page.evaluate(LOOKS))
        assert len(faces) == len(Emotion)

    chrome.tell(story)


LOOKS = """() => {
    for (const moving of document.getAnimations()) if (moving instanceof CSSTransition) moving.finish();
    return ['.eye', '.smile', '.head', '.heart'].map(part => {
    const style = getComputedStyle(document.querySelector('#robot ' + part));
    const moves = style.animationName + ' ' + style.animationDuration;
    return [style.rx, style.ry, style.d, style.transform, part == '.eye' ? '' : moves].join(' ');
    }).join('; ');
}"""
"""How the robot looks, as far as moods change it."""


def test_it_says_when_the_device_is_gone_and_comes_back_by_itself(chrome: Chrome) -> None:
    async def whole() -> None:
        async with served() as device:
            page = await chrome.open(device.url)
            port = int(device.address.rstrip("/").rpartition(":")[2])
        await page.wait_for_selector("#banner:visible")
        assert "Not connected to the device" in await page.locator("#banner").inner_text()
        assert await page.locator("#talk").is_disabled()
        async with served(port=port):
            await light(page, "idle")
            assert await page.locator("#banner").is_hidden()
            assert await page.locator("#talk").is_enabled()

    chrome.run(whole())


def test_two_windows_share_the_device_and_the_one_that_asked_hears_the_answer(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        first, second = await chrome.open(device.url), await chrome.open(device.url)
        await second.locator("#text").fill("hello")
        await second.keyboard.press("Enter")
        await light(first, "speaking")
        assert "Another window is talking" in await first.locator("#hint").inner_text()
        await sounds(second, 0.9 * PEAK)
        await first.wait_for_selector(".bubble.device")
        assert await first.evaluate("document.body.dataset.peak") is None

    chrome.tell(story)


def test_the_page_keeps_to_its_policy_and_its_console_is_empty(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.blank()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(device.url)
        await light(page, "idle")
        await page.keyboard.down("Space")
        await light(page, "listening")
        await page.keyboard.up("Space")
        await light(page, "speaking")
        assert [line for line in said if "AudioContext was not allowed to start" not in line] == []
        assert {url[: len(device.address)] for url in asked} == {device.address}

    chrome.tell(story)
