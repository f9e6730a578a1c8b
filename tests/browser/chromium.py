"""Debian's Chromium, headless, whose microphone is a file and which never talks to the network.

One for all tests: starting it takes seconds. Its pages live in contexts of their own, and all that happens
in it happens in one event loop, which runs while a test does.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.device.panel.scripted import Served, served

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--deny-permission-prompts",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--disable-quic",
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
)
STORY_WITHIN_S = 60


class Chrome:
    """The browser and its loop."""

    def __init__(self, microphone: Path) -> None:
        """Skips the test where Chromium is not installed."""
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        if path is None:
            pytest.skip("needs Chromium: apt install chromium")
        self.microphone = microphone
        """A WAV at 48 kHz, played in a loop from the moment that a page opens it."""
        self._runner = asyncio.Runner()
        self._playwright = self._runner.run(async_playwright().start())
        flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]
        launching = self._playwright.chromium.launch(executable_path=path, args=flags)
        self._browser: Browser = self._runner.run(launching)

    def hears(self, recording: Path) -> None:
        """What the microphone gives from now on."""
        self.microphone.write_bytes(recording.read_bytes())

    def run(self, story: Coroutine[Any, Any, None], within_s: float = STORY_WITHIN_S) -> None:
        """Everything that the story opens is closed after it."""
        self._runner.run(self._whole(story, within_s))

    def tell(
        self,
        story: Callable[[Served, Chrome], Coroutine[Any, Any, None]],
        mode: Literal["hold", "toggle"] = "hold",
        **options: Any,
    ) -> None:
        """A story with a page server and a scripted session behind it; `options` as for `Served`."""

        async def whole() -> None:
            async with served(mode, **options) as device:
                await story(device, self)

        self.run(whole())

    async def blank(self, *, touch: bool = False, may_listen: bool = True, **options: Any) -> Page:
        """A page in a context of its own, with nothing in it yet; `options` as for a context.

        It asks for less motion unless they say otherwise: drawing costs the tests more than anything else.
        """
        size = {"width": 390, "height": 780} if touch else {"width": 1200, "height": 800}
        asked = {"viewport": size, "has_touch": touch, "reduced_motion": "reduce", **options}
        if may_listen:
            asked["permissions"] = ["microphone"]
        context = await self._browser.new_context(**asked)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        return page

    async def open(self, url: str, **options: Any) -> Page:
        """The page, connected and idle."""
        page = await self.blank(**options)
        await page.goto(url)
        await light(page, "idle")
        return page

    def close(self) -> None:
        self._runner.run(self._browser.close())
        self._runner.run(self._playwright.stop())
        self._runner.close()

    async def _whole(self, story: Coroutine[Any, Any, None], within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await story
        finally:
            for context in self._browser.contexts:
                await context.close()


async def light(page: Page, state: str) -> None:
    """Wait until the page shows it."""
    await page.wait_for_selector(f'body[data-light="{state}"]')


async def sounds(page: Page, peak: float) -> None:
    """Wait until what the page plays is that loud, as its playback worklet measures it."""
    async with asyncio.timeout(10):
        while not (await page.evaluate("Number(document.body.dataset.peak ?? 0)")) > peak:
            await page.wait_for_timeout(20)
