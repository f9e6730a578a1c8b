"""What a mind is told before a question: the device's own persona, the gateway's prompt, what must hold."""

from __future__ import annotations

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


def prompt(device: DeviceInfo, own: str, history: tuple[Line, ...], text: str, already_said: str) -> Prompt:
    """The whole of it. `own`: the system prompt of the settings, "" for the one above."""
    parts = [own or SYSTEM_PROMPT, device.persona, MOODS]
    if device.character:
        parts.append(f"Your name is {device.character}.")
    if device.audience == "child":
        parts.append(TO_A_CHILD)
    parts.append(f"Answer in the language {device.language}.")
    return Prompt(" ".join(part for part in parts if part), history, text, already_said)


def going_on(already_said: str) -> str:
    """The instruction not to repeat what the device has said."""
    return (
        f"You have already said aloud, in answer to this question: {already_said!r}. Go on directly after it."
        " Do not greet, and repeat nothing of it."
    )
