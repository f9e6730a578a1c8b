"""What piper-tts 1.8 loses of memory at every clause, kept: its bridge to espeak-ng, mended.

Setting the voice anew costs about 1 KB that espeak-ng never gives back, and each clause's phonemes keep
one reference too many, some 200 bytes (both measured; a device that speaks all day loses tens of megabytes).
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_HELD = 3
"""References to a tuple that only its list, the loop and the question itself hold, in CPython."""


class MendedBridge:
    """Stands in the place of the module `piper.espeakbridge`; the caller holds piper's own lock."""

    def __init__(self, bridge: Any) -> None:
        self._bridge = bridge
        self._voice = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bridge, name)

    def initialize(self, data: str) -> None:
        """espeak-ng begins anew, and has no voice."""
        self._voice = ""
        self._bridge.initialize(data)

    def set_voice(self, voice: str) -> None:
        """Only when it is another one."""
        if voice != self._voice:
            self._bridge.set_voice(voice)
            self._voice = voice

    def get_phonemes(self, text: str) -> list[tuple[str, str, bool]]:
        """As the bridge gives them, each without the reference that nobody holds."""
        clauses: list[tuple[str, str, bool]] = self._bridge.get_phonemes(text)
        for clause in clauses:
            if sys.getrefcount(clause) > _HELD:
                ctypes.pythonapi.Py_DecRef(ctypes.py_object(clause))
        return clauses


def mend() -> None:
    """Put the mended bridge in its place; once. Raises ImportError without piper."""
    import piper
    from piper import espeakbridge

    if not isinstance(espeakbridge, MendedBridge):
        vars(piper)["espeakbridge"] = MendedBridge(espeakbridge)
