"""From the press to the last audible sample, with everything else busy or hung."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from bench.figure import Figure, percentile
from bench.rig import Rig, rig
from device.contracts import Say
from tests.fakes import FakeBrain, FakeStt, FakeVoice

TIMES = 30


async def barge_in() -> list[Figure]:
    """The press comes from another thread, as a button's does; a job in Python hogs the interpreter."""
    stop_hog = threading.Event()
    threading.Thread(target=_hog, args=(stop_hog,), daemon=True).start()
    reply = [Say("This is a long reply that goes on and on for quite a while. ")] * 20
    took_ms = []
    try:
        async with rig(FakeStt(), FakeBrain(reply, hangs_after=10), FakeVoice()) as device:
            for _ in range(TIMES):
                device.session.ask("talk")
                await asyncio.sleep(0.35)
                took_ms.append(1000 * await _press_to_silence(device))
                device.session.stop()
                await device.ended.get()
                await device.ended.get()
    finally:
        stop_hog.set()
    method = (
        f"{TIMES} presses from another thread while a reply sounds, the mind hangs and a thread hogs the "
        "interpreter; until the speaker has dropped everything (its device buffer comes on top)"
    )
    return [
        Figure("barge-in, p50", percentile(took_ms, 50), "ms", 50, method),
        Figure("barge-in, p95", percentile(took_ms, 95), "ms", 50, "the same presses"),
    ]


async def _press_to_silence(device: Rig) -> float:
    """Seconds from the press to the moment when nothing sounds any more."""
    loop = asyncio.get_running_loop()
    silent: asyncio.Future[float] = loop.create_future()

    def press() -> None:
        before_s = device.speaker.sound().duration_s
        assert before_s > 0, "nothing was sounding"
        device.session.press()
        silent.set_result(time.monotonic())

    pressed_s = await asyncio.to_thread(_from_a_thread, loop, press)
    return await silent - pressed_s


def _from_a_thread(loop: asyncio.AbstractEventLoop, press: Callable[[], None]) -> float:
    pressed_s = time.monotonic()
    loop.call_soon_threadsafe(press)
    return pressed_s


def _hog(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(range(1000))
