"""Who gets in: the token in a real browser, and pages that are not ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.browser.chromium import Chrome, light
from tests.device.panel.scripted import Served, reaches


async def type_token(page: Page, token: str) -> None:
    await page.get_by_label("Access code").fill(token)
    await page.get_by_role("button", name="Open").click()


def test_the_token_leaves_the_address_bar_and_is_known_at_the_next_visit(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        assert page.url == device.address
        again = await page.context.new_page()
        await again.goto(device.address)
        await light(again, "idle")

    chrome.tell(story)


def test_without_a_token_the_page_asks_for_it_and_tells_where_it_stands(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.blank()
        await page.goto(device.address)
        await expect(page.locator("#door")).to_contain_text("Open the address that the device printed")
        await expect(page.get_by_label("Access code")).to_be_focused()
        assert await page.locator("main").is_hidden()
        await type_token(page, device.token.upper().replace("-", " "))
        await light(page, "idle")
        assert await page.locator("#door").is_hidden()
        assert await page.locator("#talk").is_enabled()

    chrome.tell(story)


def test_a_wrong_token_is_told_and_not_tried_again(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.blank()
        sockets: list[str] = []
        page.on("websocket", lambda opened: sockets.append(opened.url))
        await page.goto(f"{device.address}#token=0000-0000-0000-0000")
        await expect(page.locator("#door-why")).to_have_text("That is not this device's token.")
        await page.wait_for_timeout(900)  # longer than the wait before a connection that was lost
        assert len(sockets) == 1
        assert device.session.done == []
        await page.goto(f"{device.url}")
        await light(page, "idle")

    chrome.tell(story)


def test_too_many_wrong_tokens_are_told(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.blank()
        await page.goto(device.address)
        for _ in range(5):
            await type_token(page, "wrong")
            await expect(page.locator("#door-why")).to_contain_text("not this device's token")
            await page.evaluate("document.getElementById('door-why').textContent = ''")
        await type_token(page, device.token)
        await expect(page.locator("#door-why")).to_contain_text("wait a minute")

    chrome.tell(story)


def test_under_a_name_that_is_not_ours_there_is_no_page(chrome: Chrome) -> None:
    """As when a strange name is made to lead to this machine."""

    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.blank()
        port = urlsplit(device.address).port
        answer = await page.goto(f"http://evil.example:{port}/#token={device.token}")
        assert answer is not None
        assert answer.status == 403
        assert "only under its own address" in await page.locator("body").inner_text()

    chrome.tell(story)


@contextlib.asynccontextmanager
async def strange_site() -> AsyncIterator[str]:
    """Another website, which the person visits in the same browser."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<!doctype html><title>evil</title>"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://evil.example:{server.sockets[0].getsockname()[1]}/"


OPEN = """([url, token]) => new Promise(done => {
    const socket = new WebSocket(url);
    socket.onopen = () => { socket.send(JSON.stringify({type: 'hello', token})); done('open'); };
    socket.onclose = () => done('refused');
})"""


def test_another_website_reaches_nothing_even_with_the_token(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        async with strange_site() as url:
            page = await chrome.blank()
            await page.goto(url)
            socket = device.address.replace("http", "ws") + "talk"
            assert await page.evaluate(OPEN, [socket, device.token]) == "refused"
            posted = "url => fetch(url, {method: 'POST', mode: 'no-cors'}).then(() => 'sent', () => 'sent')"
            await page.evaluate(posted, device.address)
            assert device.session.done == []

    chrome.tell(story)


def test_on_the_network_it_is_talked_to_by_tls(chrome: Chrome) -> None:
    """The person has accepted the certificate; the browser then gives the microphone, too."""

    async def story(device: Served, chrome: Chrome) -> None:
        url = f"{device.panel.reach.network[0]}#token={device.token}"
        page = await chrome.open(url, ignore_https_errors=True)
        await page.keyboard.down("Space")
        await light(page, "listening")
        await reaches(lambda: len(device.session.frames) > 20)
        await page.keyboard.up("Space")
        await light(page, "speaking")
        await page.locator("#more").click()
        assert await page.locator("#fingerprint").inner_text() == device.panel.reach.fingerprint

    chrome.tell(story, network=True)
