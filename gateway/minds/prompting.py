"""What a mind is told before a question: the device's own persona, the gateway's prompt, what must hold."""

from __future__ import annotations

from datetime import UTC, datetime

from device.contracts import Emotion, Line
from device.link.native import DeviceInfo
from gateway.minds.ports import Prompt

SYSTEM_PROMPT = (
    "You are the deep mind of a talking device. Your words are spoken aloud: answer in a few short, plain"
    " sentences, without lists, headings, links, emoji or markup."
)
MOODS = (
    "You may begin a sentence with one mood in square brackets when it changes, one of: "
    + ", ".join(f"[{emotion.value}]" for emotion in Emotion)
    + "."
)
TO_A_CHILD = "You are talking with a child: be kind, simple and safe."

TOLD_LATER = (
    "The person is not there now and is told your answer later, out of its context: answer in two or three"
    " sentences that stand by themselves and say what they are about. Do not greet, do not ask anything back,"
    " and do not say today, now or just. Where the answer changes with time, like news, say of which date it"
    " is. If you cannot know it, say so plainly."
)


def prompt(device: DeviceInfo, own: str, history: tuple[Line, ...], text: str, already_said: str) -> Prompt:
    """The whole of it. `own`: the system prompt of the settings, "" for the one above."""
    return Prompt(_system(device, own, MOODS), history, text, already_said)


def prompt_for_later(device: DeviceInfo, own: str, text: str, asked_at: float) -> Prompt:
    """For an answer that waits for its person. `asked_at`: seconds since 1970, UTC."""
    date = datetime.fromtimestamp(asked_at, UTC).strftime("%-d %B %Y")
    return Prompt(_system(device, own, f"{TOLD_LATER} It was asked on {date}."), (), text)


def _system(device: DeviceInfo, own: str, how: str) -> str:
    parts = [own or SYSTEM_PROMPT, device.persona, how]
    if device.character:
        parts.append(f"Your name is {device.character}.")
    if device.audience == "child":
        parts.append(TO_A_CHILD)
    parts.append(f"Answer in the language {device.language}.")
    return " ".join(part for part in parts if part)


def going_on(already_said: str) -> str:
    """The instruction not to repeat what the device has said."""
    return (
        f"You have already said aloud, in answer to this question: {already_said!r}. Go on directly after it."
        " Do not greet, and repeat nothing of it."
    )
