"""System 2 on the page: whether it is there and why not, what it was sent, when it is asked, who answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Page, expect

from device.contracts import Mind, Route
from device.egress import Content, Peer
from device.notices import Answering, LightState, TurnEnded
from tests.browser.chromium import Chrome, light
from tests.device.panel.scripted import GATEWAY, Served, record

GONE = "The gateway does not answer: is it running?"
LATE = "no words within 1.5 s"
ASKED = Route(Mind.SYSTEM_2, "it asks for news", rival=Mind.SYSTEM_1, opens=True)


async def opened(device: Served, chrome: Chrome, **changes: Any) -> Page:
    """The page with its details, of a device with a gateway."""
    device.session.stand(system2=replace(GATEWAY, **changes))
    page = await chrome.open(device.url)
    await page.get_by_role("button", name="Details").click()
    return page


async def told(page: Page, **words: str) -> None:
    for part, sentence in words.items():
        await expect(page.locator(f"#system2-{part}")).to_have_text(sentence)


def test_without_system_2_it_says_so_and_how_to_have_one(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await page.get_by_role("button", name="Details").click()
        await told(page, state="There is none.")
        await expect(page.locator("#system2-none")).to_contain_text("make gateway")
        await expect(page.locator("#system2-none")).to_contain_text("system2.url")
        await expect(page.get_by_role("group", name="When it is asked")).to_be_hidden()

    chrome.tell(story)


def test_that_it_is_reached_is_told_with_how_fast_it_is_and_what_it_was_sent(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await opened(device, chrome)
        await told(
            page,
            state="Connected.",
            where="gateway.example, port 443",
            trip="40 ms",
            first="0.8 s",
            sent="nothing yet",
        )
        await expect(page.locator("#system2-none")).to_be_hidden()
        device.egress.count(Peer("gateway.example", 443), Content.CONTROL, 420)
        device.egress.count(Peer("elsewhere.example", 443), Content.TEXT, 99)
        device.egress.count(Peer("gateway.example", 443), Content.TEXT, 12_345)
        await told(page, sent="420 bytes of greetings and pings, 12 kB of words")
        device.session.stand(system2=replace(GATEWAY, round_trip_ms=0, first_words_s=None))
        await told(page, trip="less than 10 ms", first="not asked yet")

    chrome.tell(story)


def test_why_it_is_not_reached_stands_there_and_beside_the_light(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await opened(device, chrome, up=False, round_trip_ms=None)
        await told(page, state="Connecting …", trip="not measured yet")
        device.session.stand(online=False, system2=replace(GATEWAY, up=False, why=GONE))
        device.session.show(LightState.OFFLINE)
        await light(page, "offline")
        await told(page, state=f"Not connected. {GONE}")
        await expect(page.locator("#state")).to_have_text("Ready, without the cloud")
        await expect(page.locator("#why-offline")).to_have_text(GONE)
        device.session.stand(online=True, system2=GATEWAY)
        await expect(page.locator("#why-offline")).to_be_hidden()

    chrome.tell(story)


def test_when_it_is_asked_is_chosen_there_and_shown_on_every_page(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page, other = await opened(device, chrome), await opened(device, chrome)
        await expect(page.get_by_label("when it is needed")).to_be_checked()
        await page.get_by_label("every word stays on board").check()
        await expect(other.get_by_label("every word stays on board")).to_be_checked()
        await told(other, state="Connected. Nothing is asked of it.")
        assert device.session.use == "never"
        await page.keyboard.press("ArrowUp")
        await expect(other.get_by_label("whenever possible")).to_be_checked()
        assert 'system2.use = "prefer"' in device.chosen.read_text()

    chrome.tell(story)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "never: nobody has agreed to that"),
        (
            {"sound_agreed": True, "hears": True},
            "may be sent: somebody has agreed to that",
        ),
        ({"sound_agreed": True}, "agreed to, but this one takes none"),
    ],
)
def test_whether_live_sound_is_sent_is_said_plainly(
    chrome: Chrome, changes: dict[str, Any], sentence: str
) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        await told(await opened(device, chrome, **changes), sound=sentence)

    chrome.tell(story)


def test_of_one_on_the_device_itself_it_is_told_that_nothing_is_counted(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await opened(device, chrome, host="127.0.0.1", port=8090, local=True)
        await told(page, sent="it runs on this device; what it passes on is not counted here")

    chrome.tell(story)


def test_who_was_asked_and_who_answered_in_the_end_are_told_in_order(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        device.board.post(Answering(7, "Let me think.", ASKED))
        device.board.post(Answering(7, "I only know yesterday's.", Route(Mind.SYSTEM_1, LATE)))
        device.board.post(Answering(7, "It was sunny.", Route(Mind.SYSTEM_1, LATE)))
        first = (
            "the mind in the cloud: it asks for news; the mind on board was asked, too; "
            "the first words were the device’s own"
        )
        second = f"the mind on board: {LATE}"
        await expect(page.locator("#log .why")).to_have_text([first, f"then {second}"])
        ended = {
            "asked": "system_2",
            "rival": "system_1",
            "opens": True,
            "falls": [f"system_1: {LATE}"],
            "route": "system_1",
            "reason": "it asks for news",
        }
        device.board.post(TurnEnded({**record(7), **ended}))
        await page.locator("#log summary").click()
        await expect(page.locator("#log .why")).to_have_text([first, f"then {second}"])
        await expect(page.locator("#log .course li")).to_have_text([first, second])
        await page.get_by_role("button", name="Details").click()
        await expect(page.locator("#turns .turn-head")).to_contain_text(f"{first}; then {second}")

    chrome.tell(story)


def test_how_a_race_began_is_told_when_it_is_over(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        won = "its first clause came first"
        device.board.post(Answering(7, "Because of the air.", Route(Mind.SYSTEM_1, won)))
        await expect(page.locator("#log .why")).to_have_text([f"the mind on board: {won}"])
        raced = {"asked": "system_2", "rival": "system_1", "falls": [f"system_1: {won}"], "route": "system_1"}
        device.board.post(TurnEnded({**record(7), **raced, "reason": "either mind may know"}))
        first = "the mind in the cloud: either mind may know; the mind on board was asked, too"
        await expect(page.locator("#log .why")).to_have_text([first, f"then the mind on board: {won}"])

    chrome.tell(story)
