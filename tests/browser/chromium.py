"""Debian's Chromium, headless, whose microphone is a file and which never talks to the network."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--disable-quic",
)


def chromium() -> str:
    """Where it is; skips the test where it is not installed."""
    for name in ("chromium", "chromium-browser"):
        if found := shutil.which(name):
            return found
    pytest.skip("needs Chromium: apt install chromium")


@contextlib.asynccontextmanager
async def browser(microphone: Path, *, may_listen: bool = True) -> AsyncIterator[Browser]:
    """`microphone`: a WAV at 48 kHz, played in a loop from the moment that the page opens it.

    `may_listen`: what the person answers when the browser asks whether the page may use it.
    """
    answer = "--use-fake-ui-for-media-stream" if may_listen else "--deny-permission-prompts"
    flags = [*FLAGS, answer, f"--use-file-for-fake-audio-capture={microphone}"]
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=flags)
        try:
            yield launched
        finally:
            await launched.close()


async def open_page(launched: Browser, url: str, *, touch: bool = False) -> Page:
    """The page, connected and idle."""
    size = {"width": 390, "height": 780} if touch else {"width": 1200, "height": 800}
    context = await launched.new_context(viewport=size, has_touch=touch)  # type: ignore[arg-type]
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(url)
    await light(page, "idle")
    return page


async def light(page: Page, state: str) -> None:
    """Wait until the page shows it."""
    await page.wait_for_selector(f'body[data-light="{state}"]')


async def sounds(page: Page, peak: float) -> None:
    """Wait until what the page plays is that loud, as its playback worklet measures it."""
    async with asyncio.timeout(10):
        while not (await page.evaluate("Number(document.body.dataset.peak ?? 0)")) > peak:
            await page.wait_for_timeout(20)
