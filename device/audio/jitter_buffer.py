"""How long to hold sound back before it plays, so that it does not run dry. Pure: times are given.

Packets come in order (TCP), but some late. What is played cannot be stretched, so the one decision is when
to begin. A stretch of sound begun `hold_s` after its first packet survives any packet that is late by no more
than that, measured against its place in the sound; so that lateness is what is learned from. A stretch that
ran dry teaches its whole lateness at once, and a little more; quieter ones relax it, by half in `HALF_LIFE_S`
of sound. Nothing is held while the speaker still has enough of what came before, or once so much is here that
it came faster than real time.
"""

from __future__ import annotations

from dataclasses import dataclass

from device.contracts import Audio, Due

FIRST_HOLD_S = 0.12
"""Before anything is known: two packets of 60 ms."""
SHORTEST_HOLD_S = 0.06
"""On the best of links, where the sound comes in real time."""
LONGEST_HOLD_S = 1.0
"""A person does not wait longer; a worse link has gaps."""
HALF_LIFE_S = 40.0
MARGIN = 1.25
"""Times the lateness that ran dry."""


class JitterBuffer:
    """Of one connection: what one answer teaches helps the next.

    What is held is bounded by `LONGEST_HOLD_S` and one packet, as long as `due` is asked after every push.
    """

    def __init__(self) -> None:
        self.hold_s = FIRST_HOLD_S
        """How long the next stretch is held back, if the speaker is silent then."""
        self.gaps = 0
        """How often it ran dry in the middle."""
        self._held: list[Audio] = []
        self._empty_s = float("-inf")
        """When the speaker has played all that it was given."""
        self._stretch: _Stretch | None = None

    def push(self, audio: Audio, arrived_s: float) -> None:
        """The next piece of the stretch under way; without one, it begins one."""
        if self._stretch is not None and self._stretch.playing and arrived_s > self._empty_s:
            self._ran_dry(self._stretch, arrived_s)
        if self._stretch is None:
            self._stretch = _Stretch(arrived_s)
        self._stretch.came(audio.duration_s, arrived_s)
        self._held.append(audio)

    def end(self) -> None:
        """The clause is complete: nothing of it is held any longer."""
        if self._stretch is not None:
            self._relax(self._stretch)
        self._stretch = None

    def clear(self) -> None:
        """Barge-in: the speaker was silenced, and what is held will not sound."""
        self._held.clear()
        self._stretch = None
        self._empty_s = float("-inf")

    def due(self, now_s: float) -> Due:
        """What may sound. To be asked after every push, after `end`, and at `again_s`."""
        if not self._held:
            return Due()
        stretch = self._stretch
        if stretch is not None and not stretch.playing:
            begins_s = stretch.began_s + self.hold_s
            if stretch.ahead_s < self.hold_s and max(now_s, self._empty_s) < begins_s:
                return Due(again_s=begins_s)
            stretch.playing = True
        given, self._held = tuple(self._held), []
        self._empty_s = max(now_s, self._empty_s) + sum(audio.duration_s for audio in given)
        return Due(given)

    def _ran_dry(self, stretch: _Stretch, arrived_s: float) -> None:
        self.gaps += 1
        late_s = stretch.late_s(arrived_s)
        if late_s < LONGEST_HOLD_S:  # nothing would have bridged a longer one: a voice that pauses
            self.hold_s = min(max(self.hold_s, MARGIN * late_s), LONGEST_HOLD_S)
        self._stretch = None

    def _relax(self, stretch: _Stretch) -> None:
        """Towards what this stretch would have needed."""
        remembered = 0.5 ** (stretch.sound_s / HALF_LIFE_S)
        needed_s = min(max(SHORTEST_HOLD_S, MARGIN * stretch.latest_s), LONGEST_HOLD_S)
        self.hold_s = max(needed_s, needed_s + (self.hold_s - needed_s) * remembered)


@dataclass(slots=True)
class _Stretch:
    """Sound that plays without a break, if all goes well."""

    began_s: float
    playing: bool = False
    sound_s: float = 0.0
    last_s: float = 0.0
    """Of sound, in the last piece."""
    latest_s: float = 0.0
    """The largest lateness so far."""

    @property
    def ahead_s(self) -> float:
        """How late the next piece may be, counted from when the last one was due to sound."""
        return self.sound_s - self.last_s

    def late_s(self, arrived_s: float) -> float:
        """How much later the next piece is than if all had come in real time after the first."""
        return arrived_s - self.began_s - self.sound_s

    def came(self, duration_s: float, arrived_s: float) -> None:
        self.latest_s = max(self.latest_s, self.late_s(arrived_s))
        self.sound_s += duration_s
        self.last_s = duration_s
