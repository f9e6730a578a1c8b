"""The sound card, unplugged and plugged in again a hundred times, and its speaker silenced: what it takes.

On private sound servers with virtual devices, PulseAudio and PipeWire; some five minutes each.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figure import percentile
from device.contracts import Audio
from tests.sound_card import PipeWire, PulseAudio, SoundCard, write_wav
from tests.sound_process import SoundProcess
from tests.tones import tone

TIMES = 100
SILENCES = 30
LONGEST_S = 10.0


def line(what: str, seconds: Sequence[float]) -> str:
    median, p95 = statistics.median(seconds), percentile(seconds, 95)
    figures = ", ".join(
        f"{name} {1000 * value:.0f} ms"
        for name, value in (("median", median), ("p95", p95), ("longest", max(seconds)))
    )
    return f"  {what}: {figures} ({len(seconds)} times)"


def unplug_and_plug(card: SoundCard, process: SoundProcess, times: int) -> tuple[list[float], list[float]]:
    """Seconds until it is noticed, and from the return until sound comes again."""
    noticed: list[float] = []
    returned: list[float] = []
    for _ in range(times):
        before_s = time.monotonic()
        card.unplug_microphone()
        noticed.append(process.trouble("microphone", LONGEST_S)["at_s"] - before_s)
        card.plug_microphone()
        before_s = time.monotonic()
        returned.append(process.cured("microphone", LONGEST_S)["at_s"] - before_s)
    return noticed, returned


def silence(card: SoundCard, process: SoundProcess, hang_s: float) -> tuple[list[float], list[float]]:
    """Seconds from `silence` to the last audible sample at the speaker, and that the call took."""
    file = card.folder / "tone.wav"
    write_wav(file, Audio(tone(500, 1.8, 22_050), 22_050))
    ended: list[float] = []
    took: list[float] = []
    for _ in range(SILENCES):
        with card.recording() as recorder:
            process.ask("say", file=str(file))
            time.sleep(0.5)
            silenced = process.ask("silence", hang_s=hang_s)
            process.wait_for("said")
            time.sleep(0.3)
            ended.append(max(0.0, recorder.heard().audible_s()[1] - silenced["silenced_s"]))
            took.append(silenced["took_s"])
    return ended, took


def campaign(card: SoundCard, times: int) -> None:
    card.start()
    with SoundProcess(card.env, microphone="mic", speaker="speaker") as process:
        unplug_and_plug(card, process, 2)
        time.sleep(1)
        before = process.ask("state")
        noticed, returned = unplug_and_plug(card, process, times)
        time.sleep(1)
        after = process.ask("state")
        print(type(card).__name__)
        print(line("unplugged, until it is told", noticed))
        print(line("plugged in again, until frames come", returned))
        for key in ("threads", "descriptors", "rss_kb"):
            print(f"  {key}: {before[key]} before, {after[key]} after")
        for hang_s, where in ((0.0, "from the loop"), (0.3, "from a thread while the loop hangs")):
            ended, took = silence(card, process, hang_s)
            print(line(f"silence {where}, until the last audible sample", ended))
            print(f"  the call itself: longest {1e6 * max(took):.0f} µs", flush=True)
        process.end()
    card.kill()


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    for kind in (PulseAudio, PipeWire):
        with tempfile.TemporaryDirectory() as folder:
            campaign(kind(Path(folder) / "card"), times)


if __name__ == "__main__":
    main()
