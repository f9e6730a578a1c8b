"""Every recording and spoken command through the decoder: what was said, heard, and how well it fits."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from bench.speech.recordings import DATA, Recording, Sound, recordings, sound
from bench.speech.synthetic import spoken_commands
from device.brain import templates
from device.brain.command_decoder import CommandDecoder, Decoded, read_pronunciations
from device.brain.speech_grammar import Grammar, Word, seq
from device.brain.template_grammar import template_grammar
from device.contracts import FRAME_BYTES, RATE_HZ

READ_ALOUD = ("speech", "speech_child", "speech_l2_adult")
"""Recordings whose transcripts can be sentences of a grammar."""

SEED = 2


class Attempt(msgspec.Struct, frozen=True):
    """One sound, one grammar."""

    name: str
    kind: str
    source: str
    """Nothing of one source may be both trained on and tested on."""
    said: str | None
    """The words, when they are in the grammar; None for off-grammar speech and noise."""
    heard: str
    """The best command, before the verifier."""
    evidence: tuple[float, float, float] | None
    seconds: float
    took_s: float

    @property
    def right(self) -> bool:
        return self.said is not None and self.heard == self.said


def skills_grammar() -> Grammar:
    """The spoken commands of the product."""
    spoken = templates.for_speech("en")
    return template_grammar(spoken.intents, spoken.before, spoken.after)


def attempts(half: int, voices: int, every: int = 1, longest_s: float = math.inf) -> list[Attempt]:
    """The commands of the skills, and the transcripts of one half of the people, as one grammar.

    That half is then in the grammar, the other half and everything else is not. `every` takes only
    each n-th recording, `longest_s` none that lasts longer.
    """
    skills = skills_grammar()
    known = [recording for recording in recordings() if recording.kind in READ_ALOUD and recording.words]
    mine = {recording.path for recording in known if _half(recording) == half}
    sentences = tuple(
        seq(map(Word, recording.words.split())) for recording in known if recording.path in mine
    )
    grammar = Grammar((*skills.sentences, *sentences), skills.rules, skills.before, skills.after)
    decoder = CommandDecoder(grammar, read_pronunciations())
    found = list(_real(decoder, mine, every, longest_s))
    found += list(_synthetic(decoder, skills, voices, DATA, seed=SEED + half))
    return found


def _half(recording: Recording) -> int:
    """By source; the one voice with many sentences by recording."""
    key = recording.path if recording.source.startswith("hifitts") else recording.source
    return random.Random(key).randrange(2)


def _real(decoder: CommandDecoder, mine: set[str], every: int, longest_s: float) -> Iterator[Attempt]:
    for recording in list(recordings())[::every]:
        words = recording.words if recording.path in mine else None
        if words is not None and set(words.split()) & decoder.unknown_words:
            continue
        heard = sound(DATA / recording.path)
        if len(heard) <= longest_s * RATE_HZ:
            yield _attempt(decoder, recording.path, recording.kind, recording.source, words, heard)


def _synthetic(
    decoder: CommandDecoder, skills: Grammar, count: int, data: Path, seed: int
) -> Iterator[Attempt]:
    for spoken in spoken_commands(skills, count, data, seed):
        kind = f"synthetic, {spoken.place}"
        yield _attempt(decoder, spoken.name, kind, spoken.voice, spoken.words, spoken.sound)


def _attempt(
    decoder: CommandDecoder, name: str, kind: str, source: str, said: str | None, heard: Sound
) -> Attempt:
    pcm = np.clip(heard * 32768, -32768, 32767).astype(np.int16).tobytes()
    start_s = time.process_time()
    decoded = decode(decoder, pcm)
    took_s = time.process_time() - start_s
    values = decoded.evidence.values() if decoded.evidence is not None else None
    return Attempt(name, kind, source, said, decoded.text, values, len(heard) / RATE_HZ, took_s)


def decode(decoder: CommandDecoder, pcm: bytes) -> Decoded:
    """Frame by frame, as in a turn."""
    decoder.start()
    for start in range(0, len(pcm), FRAME_BYTES):
        decoder.feed(pcm[start : start + FRAME_BYTES])
    return decoder.finish()
