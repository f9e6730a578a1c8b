"""Piper's bridge to espeak-ng gives the same phonemes, and keeps nothing of what was said."""

from __future__ import annotations

import sys
import tracemalloc

import piper
from piper import espeakbridge
from piper.phonemize_espeak import ESPEAK_DATA_DIR, EspeakPhonemizer

from bench.memory import own_memory_kib
from device.brain.piper_bridge import MendedBridge, mend

TEXT = "Hello there, how are you today? I am well."
CLAUSES = 3000


def phonemizer() -> EspeakPhonemizer:
    mend()
    return EspeakPhonemizer(ESPEAK_DATA_DIR)


def test_phonemes_are_those_of_piper_itself() -> None:
    phonemes = phonemizer()
    mended = phonemes.phonemize("en-us", TEXT)
    other = phonemes.phonemize("de", TEXT)
    bridge = vars(piper)["espeakbridge"]
    vars(piper)["espeakbridge"] = vars(bridge)["_bridge"]
    try:
        assert phonemes.phonemize("en-us", TEXT) == mended
        assert phonemes.phonemize("de", TEXT) == other
    finally:
        vars(piper)["espeakbridge"] = bridge
    assert mended != other


def test_mending_twice_is_mending_once() -> None:
    mend()
    before = piper.espeakbridge
    mend()
    assert piper.espeakbridge is before
    assert isinstance(before, MendedBridge)


def test_a_day_of_clauses_takes_no_memory() -> None:
    """Unmended it would be 1.7 KB each."""
    phonemes = phonemizer()
    for _ in range(500):
        phonemes.phonemize("en-us", TEXT)
    before_kib = own_memory_kib()["Anonymous"]
    for _ in range(CLAUSES):
        phonemes.phonemize("en-us", TEXT)
    assert own_memory_kib()["Anonymous"] - before_kib < 0.2 * CLAUSES


def test_no_clause_is_held_and_none_is_let_go_too_often() -> None:
    phonemizer()
    espeakbridge.set_voice("en-us")
    bridge = piper.espeakbridge
    tracemalloc.start()
    try:
        bridge.get_phonemes(TEXT)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            bridge.get_phonemes(TEXT)
        assert tracemalloc.get_traced_memory()[0] - before < 2000
    finally:
        tracemalloc.stop()
    clauses = bridge.get_phonemes(TEXT)
    assert [sys.getrefcount(clause) for clause in clauses] == [3] * len(clauses)


class Counted:
    """A bridge that is sound, and counts."""

    def __init__(self) -> None:
        self.voices: list[str] = []

    def initialize(self, data: str) -> None:
        self.voices.append("none")

    def set_voice(self, voice: str) -> None:
        self.voices.append(voice)

    def get_phonemes(self, text: str) -> list[tuple[str, str, bool]]:
        return [(letter, "", True) for letter in text]


def test_a_bridge_that_loses_nothing_is_left_as_it_is() -> None:
    counted = Counted()
    bridge = MendedBridge(counted)
    for voice in ("en-us", "en-us", "de", "en-us"):
        bridge.set_voice(voice)
    bridge.initialize("data")
    bridge.set_voice("en-us")
    assert counted.voices == ["en-us", "de", "en-us", "none", "en-us"]
    for _ in range(100):
        assert bridge.get_phonemes("ab") == [("a", "", True), ("b", "", True)]
