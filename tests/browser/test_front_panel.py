"""The front panel in a real browser: what it shows, and what can be done by it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from device.contracts import Line, Mind, Route, Who
from device.egress import Content, Peer
from device.notices import Answering, Heard, LightChanged, LightState, Loudness, TurnEnded
from tests.browser.chromium import Chrome, light, sounds
from tests.device.panel.scripted import Served, reaches, record

MODEL = Route(Mind.SYSTEM_1, "no skill fits")


async def details(page: Page) -> None:
    await page.get_by_role("button", name="Details").click()
    await expect(page.locator("#details")).to_be_visible()


# --- stop, mute, again ---------------------------------------------------------------------------


def test_escape_stops_wherever_the_person_is(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        device.session.reply_s = 20.0
        page = await chrome.open(device.url)
        await details(page)
        for focused in ("text", "volume", "talk", "more"):
            await page.locator("#text").fill("a long story")
            await page.keyboard.press("Enter")
            await light(page, "speaking")
            await page.locator(f"#{focused}").focus()
            await page.keyboard.press("Escape")
            await light(page, "idle")
            assert device.session.done == ["ask a long story", "stop"], focused
            device.session.done.clear()

    chrome.tell(story)


def test_stop_is_there_in_every_state_and_with_the_details_open(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        stop = page.get_by_role("button", name="Stop")
        for opened in (False, True):
            if opened:
                await details(page)
            for state in LightState:
                device.session.show(state)
                await light(page, state.value)
                await expect(stop).to_be_in_viewport()
                await expect(stop).to_be_enabled()

    chrome.tell(story)


def test_mute_closes_the_microphone_and_is_seen_until_it_is_undone(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        mute = page.get_by_role("button", name="Mute the microphone")
        assert await mute.get_attribute("aria-pressed") == "false"
        await mute.click()
        await expect(mute).to_have_attribute("aria-pressed", "true")
        await expect(page.locator("#state")).to_have_text("The microphone is off")
        await mute.click()
        await expect(mute).to_have_attribute("aria-pressed", "false")
        assert device.session.done == ["mute", "unmute"]

    chrome.tell(story)


TRACKS = """
window.tracks = [];
const devices = navigator.mediaDevices;
const opened = devices?.getUserMedia.bind(devices);
if (devices) devices.getUserMedia = async (wanted) => {
  const stream = await opened(wanted);
  tracks.push(...stream.getTracks());
  return stream;
};
"""
"""Keeps what the page opens of the browser's microphone."""


def test_muted_the_browsers_own_microphone_is_closed_and_a_press_does_not_open_it(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.blank()
        await page.add_init_script(TRACKS)
        await page.goto(device.url)
        await light(page, "idle")

        async def opened(*states: str) -> None:
            await page.wait_for_function(
                "told => tracks.map((t) => t.readyState).join() === told", arg=",".join(states)
            )

        await opened("live")
        mute = page.get_by_role("button", name="Mute the microphone")
        await mute.click()
        await opened("ended")
        await page.locator("#talk").click(delay=300)
        await reaches(lambda: "release" in device.session.done)
        await opened("ended")
        assert not device.session.frames
        await mute.click()
        await opened("ended", "live")
        await page.locator("#talk").click(delay=600)
        await reaches(lambda: len(device.session.frames) > 10)

    chrome.tell(story)


def test_it_is_said_again(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await page.get_by_role("button", name="Say it again").click()
        await sounds(page, 0.4)
        await expect(page.locator("#log .bubble.device")).to_contain_text("Once more.")
        assert device.session.done == ["repeat"]

    chrome.tell(story)


# --- what it shows -------------------------------------------------------------------------------


def test_the_level_meter_moves_while_somebody_is_listened_to(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        meter = page.get_by_role("meter", name="Loudness of the microphone")
        await expect(meter).to_be_hidden()
        device.session.show(LightState.LISTENING)
        for peak_dbfs, rms_dbfs in ((-30.0, -42.0), (-6.0, -15.0)):
            device.board.post(Loudness(peak_dbfs, rms_dbfs))
            await expect(meter).to_have_attribute("aria-valuenow", str(round(peak_dbfs)))
            await expect(meter).to_have_css("--rms", f"{1 + rms_dbfs / 60:.3f}")
        device.session.show(LightState.IDLE)
        await expect(meter).to_be_hidden()

    chrome.tell(story)


def test_the_robots_lamp_has_the_colour_and_the_pattern_of_the_devices_light(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        for state, look in device.device.sights.looks.items():
            device.session.show(LightState(state))
            colour, pattern = look.split()
            await expect(page.locator("body")).to_have_attribute("data-pattern", pattern)
            await expect(page.locator("body")).to_have_css("--lamp", colour)

    chrome.tell(story)


def test_faults_are_sentences_that_go_when_they_are_mended(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        faults = ("The microphone is gone: plug it in again.", "The light cannot be reached.")
        device.session.stand(faults=faults)
        await expect(page.locator("#faults li")).to_have_text(list(faults))
        device.session.stand(faults=())
        await expect(page.locator("#faults")).to_be_hidden()

    chrome.tell(story)


async def answered(device: Served, page: Page, **changes: Any) -> None:
    """A turn goes by, without sound."""
    device.session.turn_id += 1
    turn_id = device.session.turn_id
    device.board.post(Heard(turn_id, "why is the sky blue", final=True, engine="scripted"))
    device.board.post(Answering(turn_id, "Because of the air.", MODEL))
    ended = {**record(turn_id), "asked": "system_1", "route": "system_1", "reason": MODEL.reason, **changes}
    device.board.post(TurnEnded(ended))
    await expect(page.locator("#log .chart")).to_have_count(turn_id)


def test_each_turn_shows_who_answered_why_and_how_long_each_stage_took(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await answered(device, page)
        assert await page.locator("#log .why").inner_text() == "the mind on board: no skill fits"
        chart = page.locator("#log .chart")
        bar = chart.get_by_role("img")
        words = await bar.get_attribute("aria-label")
        assert words == (
            "First sound after 0.31 s: hearing the end 40 ms, understanding the words 172 ms, deciding who "
            "answers 3 ms, finding the first words 1 ms, making the voice 45 ms, until it sounded 46 ms"
        )
        widths = await bar.locator("span").evaluate_all("spans => spans.map(span => span.offsetWidth)")
        assert len(widths) == 6
        assert widths[1] > 3 * widths[0] > 3 * 10
        await chart.locator("summary").click()
        rows = await chart.locator("tr").all_inner_texts()
        assert [row.split("\t") for row in rows][1] == ["understanding the words", "172 ms"]

    chrome.tell(story)


def test_a_turn_that_was_cut_off_before_it_sounded_says_so(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await answered(device, page, cut_off=True, stages_ms={"captured": 40.0, "transcript": 30.0})
        assert await page.locator("#log .chart summary").inner_text() == "No sound, interrupted"
        await answered(device, page, cut_off=True, stages_ms={})
        assert await page.locator("#log .chart").last.locator(".bar").count() == 0

    chrome.tell(story)


def test_a_page_that_opens_shows_the_conversation_and_the_last_turns(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        device.lines += [Line(Who.PERSON, "tell me a joke"), Line(Who.DEVICE, "Knock, knock.")]
        device.turns += [
            record(1),
            {**record(2), "asked": "system_1", "route": "system_1", "reason": "no skill fits"},
        ]
        page = await chrome.open(device.url)
        for _ in range(2):
            await expect(page.locator("#earlier .bubble")).to_have_text(
                ["You: tell me a joke", "The robot: Knock, knock."]
            )
            await details(page)
            heads = page.locator("#turns .turn-head")
            await expect(heads).to_contain_text(["the mind on board: no skill fits", "a skill on board"])
            await page.reload()
            await light(page, "idle")

    chrome.tell(story)


def test_after_a_lost_connection_nothing_is_shown_twice(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await answered(device, page)
        device.lines.append(Line(Who.PERSON, "why is the sky blue"))
        await page.context.set_offline(True)
        for open_page in device.panel._floor:
            await open_page._close(1001, "")
        await page.wait_for_selector("#banner:visible")
        await page.context.set_offline(False)
        await light(page, "idle")
        assert await page.locator(".bubble.person:visible").count() == 1

    chrome.tell(story)


def test_what_left_is_told_and_before_that_that_nothing_did(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await details(page)
        await expect(page.locator("#nothing-left")).to_be_visible()
        device.egress.count(Peer("192.0.2.7", 443), Content.CONTROL, 10)
        device.egress.count(Peer("192.0.2.7", 8080), Content.TEXT, 1234)
        row = page.locator("#departures li")
        await expect(row).to_have_count(1)
        await expect(row).to_contain_text("1 kB of words to 192.0.2.7, port 8080, at ")
        await expect(page.locator("#nothing-left")).to_be_hidden()
        device.board.post(LightChanged(LightState.THINKING, leaving=True))
        await expect(page.locator("#leaving")).to_be_visible()

    chrome.tell(story)


def test_where_it_can_be_opened_is_told_and_the_access_code_only_when_asked_for(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await details(page)
        await expect(page.locator("#addresses")).to_contain_text(device.address)
        await expect(page.locator("#no-network")).to_be_visible()
        assert device.token not in await page.locator("body").inner_text()
        await page.get_by_role("button", name="Show the access code").click()
        await expect(page.locator("#token-shown")).to_have_text(device.token)
        await page.get_by_role("button", name="Hide the access code").click()
        await expect(page.locator("#token-shown")).to_have_text("")

    chrome.tell(story)


# --- settings ------------------------------------------------------------------------------------


def test_settings_are_in_force_at_once_and_kept(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        other = await chrome.open(device.url)
        await details(page)
        await details(other)
        volume = page.get_by_role("slider", name="Volume")
        assert await volume.input_value() == "80"
        await expect(page.locator("#loudest")).to_contain_text("85 %")
        await volume.focus()
        await page.keyboard.press("ArrowLeft")
        await expect(other.locator("#volume-value")).to_have_text("75 %")
        await expect(other.get_by_role("slider", name="pause")).to_be_hidden()
        await page.get_by_label("press once").check()
        await expect(other.locator("#talk-words")).to_have_text("Press to talk")
        await expect(other.get_by_role("slider", name="pause")).to_be_visible()
        assert (device.session.volume, device.session.talk.mode) == (75, "toggle")
        kept = device.chosen.read_text()
        assert "voice.volume = 75" in kept
        assert 'talk.mode = "toggle"' in kept

    chrome.tell(story)


def test_what_is_changed_by_voice_is_shown(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        device.session.set_volume(30)
        await expect(page.locator("#volume-value")).to_have_text("30 %")

    chrome.tell(story)


# --- a device with its own sound -----------------------------------------------------------------

WATCHED = """
window.opened = [];
for (const kind of ["AudioContext", "webkitAudioContext"]) {
    const made = window[kind];
    if (made) window[kind] = class extends made {
        constructor(...a) { super(...a); window.opened.push(kind); }
    };
}
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (...a) => { window.opened.push("microphone"); return ask(...a); };
"""


@pytest.mark.parametrize(("own_sound", "opened"), [(True, []), (False, ["AudioContext", "microphone"])])
def test_a_device_with_its_own_microphone_and_speaker_opens_neither_of_the_browsers(
    chrome: Chrome, own_sound: bool, opened: list[str]
) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.blank()
        await page.add_init_script(WATCHED)
        await page.goto(device.url)
        await light(page, "idle")
        await page.keyboard.down("Space")
        await light(page, "listening")
        await page.keyboard.up("Space")
        await reaches(lambda: device.session.done == ["press", "release"])
        await light(page, "speaking")
        assert await page.evaluate("window.opened") == opened

    chrome.tell(story, own_sound=own_sound)
