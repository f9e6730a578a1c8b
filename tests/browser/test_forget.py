"""Forgetting by the page: asked twice, told once it is done, and then nothing of it is shown any more."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from device.contracts import Erased, ErasureReport, Line, Sent, Who
from device.notices import Forgot
from tests.browser.chromium import Chrome
from tests.device.panel.scripted import Served, reaches, record

SECRET, OLDER = "a purple giraffe", "the kettle is blue"
SENT = Sent("turn", "s 1", "wss://gateway.example", "2026-03-03T15:05:00+00:00")
GONE = ErasureReport((Erased("conversation", 2), Erased("alarms", 0)), (SENT,), asked_back=True)


async def opened(device: Served, chrome: Chrome) -> Page:
    """The page with its details, of a device that was told something."""
    device.lines[:] = [Line(Who.PERSON, OLDER)]
    device.turns[:] = [record(1)]
    page = await chrome.open(device.url)
    await page.get_by_role("button", name="Details").click()
    await page.locator("#text").fill(SECRET)
    await page.keyboard.press("Enter")
    await expect(page.locator("#log")).to_contain_text(f"You asked: {SECRET}.")
    await expect(page.locator("#turns li")).to_have_count(2)  # it is over
    device.session.done.clear()
    return page


@pytest.mark.parametrize(
    ("button", "question", "wish"),
    [
        ("Forget the last 5 minutes", "the last 5 minutes", "forget 300.0"),
        ("Forget everything", "everything that was ever said", "forget None"),
    ],
)
def test_it_forgets_only_after_a_second_click(chrome: Chrome, button: str, question: str, wish: str) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await opened(device, chrome)
        await expect(page.get_by_role("button", name="Yes, erase it")).to_be_hidden()
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_role("group", name=question)).to_be_visible()
        await expect(page.get_by_role("button", name="No")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Yes, erase it")).to_be_hidden()
        await expect(page.get_by_role("button", name=button)).to_be_focused()
        assert device.session.done == []
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Yes, erase it").click()
        await reaches(lambda: device.session.done == [wish])
        await expect(page.locator("#forget-told")).to_have_text("Erasing …")

    chrome.tell(story)


def test_every_page_shows_what_was_erased_and_had_been_sent_and_no_more_of_what_was_said(
    chrome: Chrome,
) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        pages = [await opened(device, chrome), await opened(device, chrome)]
        device.turns.clear()
        device.board.post(Forgot(GONE))
        for page in pages:
            await expect(page.locator("#forget-told")).to_have_text("It is forgotten.")
            await expect(page.locator("#forget-parts")).to_have_text("conversation: 2 erased")
            await expect(page.locator("#forget-left")).to_contain_text("asked to forget it, too")
            await expect(page.locator("#forget-sent")).to_contain_text("to wss://gateway.example")
            await expect(page.locator("#earlier-lines")).to_contain_text(OLDER)
            assert SECRET not in await page.content()
            await expect(page.locator("#turns li")).to_have_count(0)
            await expect(page.locator("#no-turns")).to_be_visible()

    chrome.tell(story)


def test_what_is_not_gone_is_not_shown_as_gone(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await opened(device, chrome)
        device.lines.clear()
        device.board.post(Forgot(ErasureReport((Erased("conversation", 0, "the disk is full"),), (SENT,))))
        await expect(page.locator("#forget-told")).to_contain_text("Not all of it is forgotten yet")
        await expect(page.locator("#forget-parts")).to_have_text("conversation: the disk is full")
        await expect(page.locator("#forget-left")).to_contain_text("cannot be taken back")
        await expect(page.locator("#earlier")).to_be_hidden()

    chrome.tell(story)
