"""Commands out of a grammar, spoken by espeak-ng in several voices, rooms and noises."""

from __future__ import annotations

import io
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.speech.recordings import Sound, sound
from device.brain.speech_grammar import SILENCE, Choice, Grammar, Node, Ref, Seq, Word
from device.contracts import RATE_HZ

VOICES = (
    *(("en-us", 50, 165), ("en-gb", 50, 165), ("en-us+f3", 60, 165), ("en-gb-scotland", 50, 150)),
    *(("en-us+m3", 40, 190), ("en-029", 50, 165), ("en-gb-x-rp+f2", 55, 160), ("en-us+f4", 92, 140)),
    *(("en-gb+f5", 85, 130), ("en-us-nyc", 45, 175), ("en-gb-x-gbcwmd+m5", 30, 150), ("en-us+m7", 50, 210)),
)
"""Voice, pitch (92 and 85 are child-like) and words per minute."""

PLACES = ("clean", "noise 20 dB", "room, noise 25 dB", "noise 10 dB")

LEAVE_OUT = 0.65
"""How often an optional part is not said."""

POLITE = 0.15
"""How often polite words come before, and after, a sentence."""


@dataclass(frozen=True, slots=True)
class Spoken:
    name: str
    voice: str
    place: str
    words: str
    sound: Sound


def spoken_commands(grammar: Grammar, count: int, data: Path, seed: int) -> Iterator[Spoken]:
    """The same commands for the same seed; voices and places take turns."""
    rng = random.Random(seed)
    noises = [sound(file, 60) for file in sorted((data / "noise").glob("sb_*.wav"))]
    rooms = [_room(sound(file, 2)) for file in sorted((data / "rir").glob("sb_*.wav"))]
    for number in range(count):
        voice = VOICES[number % len(VOICES)]
        place = PLACES[number // len(VOICES) % len(PLACES)]
        words = _sentence(grammar, rng)
        clean = _between_silences(_speak(words, *voice))
        heard = clean
        if place.startswith("room"):
            heard = np.convolve(clean, rng.choice(rooms))[: len(clean)]
        if place != "clean":
            heard = _in_noise(heard, rng.choice(noises), float(place.split()[-2]), rng)
        yield Spoken(f"{number} {voice[0]} {place}", voice[0], place, words, heard.astype(np.float32))


def _sentence(grammar: Grammar, rng: random.Random) -> str:
    def walk(node: Node) -> list[str]:
        match node:
            case Word(text):
                return [text]
            case Ref(rule):
                return walk(grammar.rules[rule])
            case Seq(parts):
                return [word for part in parts for word in walk(part)]
            case Choice(parts):
                if SILENCE in parts and rng.random() < LEAVE_OUT:
                    return []
                return walk(rng.choice([part for part in parts if part != SILENCE]))

    words: list[str] = []
    while not words:
        words = walk(rng.choice(grammar.sentences))
    before = walk(grammar.before) if rng.random() < POLITE else []
    after = walk(grammar.after) if rng.random() < POLITE else []
    return " ".join([*before, *words, *after])


def _speak(words: str, voice: str, pitch: int, words_per_minute: int) -> Sound:
    options = ["-v", voice, "-p", str(pitch), "-s", str(words_per_minute), "--stdout"]
    wav = subprocess.run(["espeak-ng", *options, words], capture_output=True, check=True, timeout=30).stdout
    return sound(io.BytesIO(wav))


def _between_silences(voice: Sound) -> Sound:
    """As the pre-roll and post-roll of a held button."""
    silence = np.zeros(RATE_HZ // 4, np.float32)
    padded: Sound = np.concatenate([silence, voice, silence])
    return padded


def _room(response: Sound) -> Sound:
    start = max(0, int(np.argmax(np.abs(response))) - 16)
    part = response[start : start + RATE_HZ // 2]
    scaled: Sound = part / np.sqrt((part**2).sum())
    return scaled


def _in_noise(voice: Sound, noise: Sound, ratio_db: float, rng: random.Random) -> Sound:
    """The ratio is that of the power while somebody speaks."""
    long_enough = np.tile(noise, 1 + 2 * len(voice) // len(noise))
    start = rng.randrange(len(long_enough) - len(voice))
    part = long_enough[start : start + len(voice)]
    speaking = voice[np.abs(voice) > 0.05 * np.abs(voice).max()]
    scale = np.sqrt((speaking**2).mean() / (part**2).mean() / 10 ** (ratio_db / 10))
    mixed: Sound = voice + part * scale
    return mixed
