"""The whole device, as `twominds run` starts it: a browser asks for the time, aloud, and hears it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from playwright.async_api import expect

from tests.browser.chromium import Chrome, light, sounds

RATE_HZ = 48_000
START_WITHIN_S = 60
RUN = "import sys; from device.cli import main; sys.exit(main(['run']))"


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of quiet, a person who says "what time is it", and quiet."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng: apt install espeak-ng")
    folder = tmp_path_factory.mktemp("microphone")
    spoken, file = folder / "spoken.wav", folder / "question.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", spoken, "what time is it"], check=True)
    samples, rate_hz = soundfile.read(spoken)
    quiet = np.zeros(RATE_HZ // 2)
    whole = [quiet, soxr.resample(samples, rate_hz, RATE_HZ), *[quiet] * 20]
    soundfile.write(file, np.concatenate(whole), RATE_HZ, subtype="PCM_16")
    return file


@contextlib.asynccontextmanager
async def twominds(home: Path, mode: str) -> AsyncIterator[str]:
    """The running agent's page; ended with SIGTERM, in order."""
    settings = {"TWOMINDS_PANEL__PORT": "0", "TWOMINDS_TALK__MODE": mode}
    environment = {**os.environ, **settings, "HOME": str(home)}
    agent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, env=environment, stdout=subprocess.PIPE
    )
    try:
        yield await _address(agent)
    finally:
        agent.terminate()
        await asyncio.wait_for(agent.wait(), 10)


async def _address(agent: asyncio.subprocess.Process) -> str:
    """From its start screen."""
    assert agent.stdout is not None
    async with asyncio.timeout(START_WITHIN_S):
        async for line in agent.stdout:
            if found := re.search(rb"http://127\.0\.0\.1:\d+/", line):
                return f"{found[0].decode()}#token={_access_code()}"
    raise AssertionError("the agent ended without an address")


def _access_code() -> str:
    """It is not printed where the output is no terminal."""
    return (Path(os.environ["STATE_DIRECTORY"]) / "panel" / "token").read_text("ascii").strip()


@pytest.mark.parametrize("mode", ["hold", "toggle"])
def test_a_spoken_question_is_answered_aloud(
    one_chrome: Chrome, question: Path, tmp_path: Path, mode: str
) -> None:
    """In toggle mode one press is enough: the silence after the question ends it."""
    one_chrome.hears(question)

    async def story() -> None:
        async with twominds(tmp_path, mode) as url:
            page = await one_chrome.open(url)
            await page.keyboard.down("Space")
            await light(page, "listening")
            if mode == "hold":
                await page.wait_for_timeout(2500)
            await page.keyboard.up("Space")
            await expect(page.locator("#log .bubble.person")).to_contain_text(
                "what time is it", timeout=10_000
            )
            await light(page, "speaking")
            await sounds(page, 0.05)
            await expect(page.locator(".bubble.device")).to_contain_text(
                re.compile(r"\bit'?s\b|\bit is\b", re.I)
            )
            await light(page, "idle")
            await expect(page.locator("#log .why")).to_contain_text("a skill on board")
            await expect(page.locator("#log .chart summary")).to_contain_text("First sound after")

    one_chrome.run(story(), within_s=120)
