"""What is so beside the conversation: muted, being set up, parts that fail, how loud, how to talk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from device.config import Settings, Talk
from device.machine import Facts, TalkMode
from device.notices import Standing

log = logging.getLogger(__name__)


class Circumstances:
    """Whoever changes one tells the machine. Event loop only."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float], tell: Callable[[Standing], None]
    ) -> None:
        """`tell` is given what stands, whenever that is not what stood before."""
        self._clock = clock
        self._tell = tell
        self.faults: dict[str, str] = {}
        """Of each part that does not work, why, as a sentence for a person."""
        self.talk = settings.talk
        self.facts = Facts(clock(), TalkMode(settings.talk.mode))
        self.volume = settings.voice.volume
        self.unmuted_s = clock()
        """Since when the microphone may be heard, monotonic."""
        self.standing = self._standing()

    def now(self) -> Facts:
        """The facts, with the time."""
        self.facts = replace(self.facts, now_s=self._clock())
        return self.facts

    def mute(self, muted: bool) -> None:
        if self.facts.muted:
            self.unmuted_s = self._clock()
        self._change(replace(self.facts, muted=muted))

    def set_up(self, on: bool) -> None:
        self._change(replace(self.facts, setup=on))

    def set_talk(self, talk: Talk) -> None:
        self.talk = talk
        self._change(replace(self.facts, mode=TalkMode(talk.mode)))

    def set_volume(self, percent: int) -> None:
        """0 to 100; what lies outside is cut."""
        self.volume = min(100, max(0, percent))
        self._change(self.facts)

    def fault(self, part: str, why: str) -> None:
        """A part does not work: `why` is a sentence for a person. "": it works again."""
        if why == self.faults.get(part, ""):
            return
        if why:
            log.warning("%s: %s", part, why)
            self.faults[part] = why
        else:
            log.info("%s: works again", part)
            del self.faults[part]
        self._change(replace(self.facts, faults=frozenset(self.faults)))

    def _change(self, facts: Facts) -> None:
        self.facts = facts
        standing = self._standing()
        if standing != self.standing:
            self.standing = standing
            self._tell(standing)

    def _standing(self) -> Standing:
        facts = self.facts
        why = tuple(self.faults.values())
        return Standing(facts.muted, facts.setup, facts.online, self.volume, facts.mode.value, why)
