"""What the sound card is to play: given by the event loop, taken by the card's thread, dropped by anybody.

And what lies in the card's own buffer: which part of it is sound, so that it is known what has sounded.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """Mono PCM of one sound."""

    sound_id: int
    pcm: bytes


class SoundQueue:
    """Safe to use from any thread; its lock is only ever held for microseconds.

    Nothing here bounds it: whoever gives sound keeps no more than a few seconds ahead.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: deque[bytes] = deque()
        self._sound_id: int | None = None
        self.drops = 0
        """How often everything was dropped: whoever plays compares it with what it was."""

    def begin(self, sound_id: int) -> None:
        """From now on that sound is taken, and no other."""
        with self._lock:
            self._drop()
            self._sound_id = sound_id

    def put(self, sound_id: int, pcm: bytes) -> None:
        """More of the sound; of one that was dropped, nothing."""
        with self._lock:
            if sound_id == self._sound_id:
                self._pieces.append(pcm)

    def take(self, samples: int, drops: int) -> Block | None:
        """The next piece, of at most so many samples; None when there is none.

        None, too, when more was dropped than those `drops` that whoever plays has seen: what comes after a
        drop must not get into the card beside what is yet to be thrown out of it.
        """
        with self._lock:
            if drops != self.drops or not self._pieces or self._sound_id is None or samples <= 0:
                return None
            piece = self._pieces.popleft()
            if len(piece) > 2 * samples:
                self._pieces.appendleft(piece[2 * samples :])
                piece = piece[: 2 * samples]
            return Block(self._sound_id, piece)

    def drop(self) -> None:
        """All that was given, and what is still given of the same sound."""
        with self._lock:
            self._drop()
            self._sound_id = None

    @property
    def empty(self) -> bool:
        return not self._pieces

    def _drop(self) -> None:
        self._pieces.clear()
        self.drops += 1


class InCard:
    """Counts the samples of one sound through the card's buffer; stillness may lie between them."""

    def __init__(self) -> None:
        self._written: deque[tuple[int, bool]] = deque()
        self._samples = 0
        """In `_written`."""
        self.sounded_samples = 0
        """Of the sound, stillness not counted, since `clear`."""

    def clear(self) -> None:
        self._written.clear()
        self._samples = 0
        self.sounded_samples = 0

    def lose(self) -> None:
        """The card was closed: what lay in it counts as sounded, for it never will."""
        self.left(0)

    def write(self, samples: int, sound: bool) -> None:
        """They were given to the card: sound, or stillness."""
        self._written.append((samples, sound))
        self._samples += samples

    def left(self, waiting_samples: int) -> None:
        """So many samples have not sounded yet, says the card."""
        passed = self._samples - waiting_samples
        while passed > 0:
            samples, sound = self._written.popleft()
            went = min(samples, passed)
            if went < samples:
                self._written.appendleft((samples - went, sound))
            passed -= went
            self._samples -= went
            self.sounded_samples += went * sound

    @property
    def holds_sound(self) -> bool:
        return any(sound for _, sound in self._written)
