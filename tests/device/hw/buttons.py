"""What a button reaches, written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from device.hw.talk_button import TalkButton


class Reached:
    """Stands for the session: `ports.Controls` and `ports.Switches`, and what hears of faults."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.muted = False
        self.faults: dict[str, str] = {}

    def press(self) -> None:
        self.done.append("press")

    def release(self) -> None:
        self.done.append("release")

    def ask(self, text: str) -> None:
        raise AssertionError("a button asks nothing")

    def stop(self) -> None:
        raise AssertionError("a press stops by itself")

    def mute(self, muted: bool) -> None:
        self.muted = muted
        self.done.append("mute" if muted else "unmute")

    def repeat(self) -> None:
        self.done.append("repeat")

    def set_up(self, on: bool) -> None:
        self.done.append("set up" if on else "set up over")

    def fault(self, part: str, why: str) -> None:
        self.faults[part] = why
        self.done.append("fault" if why else "cured")

    def button(self, part: str = "button", longest_s: float = 30.0) -> TalkButton:
        return TalkButton(
            self,
            self,
            muted=lambda: self.muted,
            fault=self.fault,
            longest_s=longest_s,
            part=part,
        )


async def play(story: str, down: Callable[[], None], up: Callable[[], None]) -> None:
    """Presses as in "0.1 -0.2 0.7": down for 0.1 s, up for 0.2 s, down for 0.7 s, and up."""
    for duration in story.split():
        if duration.startswith("-"):
            await asyncio.sleep(float(duration[1:]))
        else:
            down()
            await asyncio.sleep(float(duration))
            up()


GESTURES = {
    "5": ["press", "release"],
    "0.1": ["press", "release"],
    "0.1 -0.2 0.1": ["press", "release", "press", "release", "repeat"],
    "0.1 -0.6 0.1": ["press", "release", "press", "release"],
    "0.1 -0.2 0.5": ["press", "release", "press", "release"],
    "0.5 -0.2 0.1": ["press", "release", "press", "release"],
    "0.5 -0.2 0.1 -0.2 0.1": ["press", "release", *["press", "release"] * 2, "repeat"],
    "0.1 -0.2 0.1 -0.2 1": [*["press", "release"] * 2, "repeat", "press", "mute", "release"],
    "0.1 -0.2 0.1 -0.2 0.5": [*["press", "release"] * 2, "repeat", "press", "release"],
    "0.1 -0.2 0.1 -0.6 1": [*["press", "release"] * 2, "repeat", "press", "release"],
    "0.1 -0.1 0.1 -0.1 0.1 -0.1 0.1 -0.1 1": [
        *["press", "release"] * 2,
        "repeat",
        *["press", "release"] * 3,
    ],
    "0.1 -0.2 0.1 -0.2 1 -3 0.1 -0.2 0.1 -0.2 1": [
        *["press", "release"] * 2,
        *["repeat", "press", "mute", "release"],
        *["press", "release"] * 2,
        *["repeat", "press", "unmute", "release"],
    ],
    "36 -1 2": ["press", "release", "fault", "cured", "press", "release"],
}
"""What is done with a button, and what it comes to where an utterance lasts 30 s at the longest."""
