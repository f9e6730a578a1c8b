"""Debian's Chromium, headless, whose microphone is a file and which never talks to the network."""

from __future__ import annotations

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
    "--use-fake-ui-for-media-stream",
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
async def browser(microphone: Path, *more_flags: str) -> AsyncIterator[Browser]:
    """`microphone`: a WAV at 48 kHz, played in a loop from the moment that the page opens it."""
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}", *more_flags]
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=flags)
        try:
            yield launched
        finally:
            await launched.close()


async def open_page(launched: Browser, url: str, *, may_listen: bool = True, touch: bool = False) -> Page:
    """The page, connected and idle. Whatever it complains of in its console fails the test at the end."""
    size = {"width": 390, "height": 780} if touch else {"width": 1200, "height": 800}
    permissions = ["microphone"] if may_listen else []
    context = await launched.new_context(viewport=size, has_touch=touch, permissions=permissions)  # type: ignore[arg-type]
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(url)
    await light(page, "idle")
    return page


async def light(page: Page, state: str) -> None:
    """Wait until the page shows it."""
    await page.wait_for_selector(f'body[data-light="{state}"]')
