"""`make soak-sound`: a thousand turns of the whole agent on a virtual sound card; everything must stay flat.

`python -m bench.soak_sound TURNS`. Spoken, asked and cut off as people do, by the page; the memory, threads
and files are the agent's, as the kernel counts them.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import tempfile
import time
from pathlib import Path

from bench.hearing import real_clips
from bench.soak import Look, Soaked
from device.contracts import Audio
from device.hw.gestures import GAP_S
from tests.agent_process import Agent, agent
from tests.sound_card import PulseAudio, SoundCard

GROWTH = 0.02
LOOKS = 60
HOLD_S = 0.6
APART_S = GAP_S + 0.1
"""After a tap: a second one sooner would ask for the last answer again, and a press after that would mute."""
CUT_SHORT = 0.8
"""Of all turns: nobody hears a thousand answers to their end."""
KINDS = ("spoken", "asked", "cut off", "cut off", "cut off", "tapped", "repeated", "muted")


async def soak(turns: int, rng: random.Random) -> Soaked:
    """Turn after turn; looked at from time to time."""
    soaked, began_s = Soaked(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        card = PulseAudio(Path(folder))
        card.start()
        try:
            clips = [clip.audio for clip in real_clips()][:20]
            async with agent(Path(folder) / "agent", card.env) as running:
                for turn in range(turns):
                    if turn % max(1, turns // LOOKS) == 0:
                        soaked.looks.append(_look(running, began_s))
                    await one_turn(running, card, rng.choice(clips) if clips else None, soaked, rng)
                    running.forget()
                soaked.looks.append(_look(running, began_s))
        except BaseException:
            print("\n".join(_complaints(Path(folder) / "agent" / "log.txt")), f"after {soaked.turns}")
            raise
        finally:
            card.kill()
    return soaked


def _complaints(log: Path) -> list[str]:
    """The last that the agent has told to be wrong, with the places in the code."""
    entries = re.split(r"\n(?=\d{4}-)", log.read_text("utf-8"))
    return [entry for entry in entries if " WARNING " in entry or " ERROR " in entry][-20:]


async def one_turn(
    running: Agent, card: SoundCard, clip: Audio | None, soaked: Soaked, rng: random.Random
) -> None:
    """Of a kind that the dice choose; taken down in `soaked`. `clip`: what a spoken one says, if at hand."""
    kind = rng.choice(KINDS)
    match kind:
        case "spoken":
            await running.press()
            speaking = card.speak(clip) if clip else None
            await asyncio.sleep(HOLD_S)
            await running.release()
            if speaking:
                speaking.kill()
                speaking.wait()
        case "asked":
            await running.ask("what time is it")
        case "cut off":
            await running.ask("tell me a story")
            await running.light("speaking")
            await asyncio.sleep(rng.uniform(0, 0.4))
            await running.stop()
        case "tapped":
            await running.press()
            await asyncio.sleep(0.1)
            await running.release()
        case "repeated":
            await running.repeat()
        case _:
            await running.mute(True)
            await running.until("standing", lambda standing: bool(standing["muted"]))
            await running.mute(False)
            await running.ask("hello")
    if rng.random() < CUT_SHORT:
        await asyncio.sleep(rng.uniform(0.2, 0.6))
        await running.stop()
    record = await running.turn_or_refusal()
    soaked.turns[kind] += 1
    if record is None:
        soaked.failed["refused: no microphone, or muted"] += 1
    elif record["error"]:
        soaked.failed[record["error"]] += 1
    if kind == "tapped":
        await asyncio.sleep(APART_S)


def _look(running: Agent, began_s: float) -> Look:
    rss_mib = running.memory_kib()["Rss"] / 1024
    return Look(time.monotonic() - began_s, rss_mib, running.threads(), running.descriptors())


def main() -> int:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    soaked = asyncio.run(soak(turns, random.Random(1)))
    print(soaked)
    flat = soaked.is_flat and soaked.growth <= GROWTH
    return 0 if flat and not soaked.failed else 1


if __name__ == "__main__":
    sys.exit(main())
