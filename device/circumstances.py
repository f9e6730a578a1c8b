"""What is so beside the conversation: muted, being set up, what fails, how loud, how to talk, System 2."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from device.config import Settings, Talk, Use
from device.contracts import LinkHealth
from device.egress import is_local
from device.link.address import socket_address
from device.machine import Facts, TalkMode
from device.notices import Standing, System2Standing

log = logging.getLogger(__name__)


class Circumstances:
    """Whoever changes one tells the machine. Event loop only."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float], tell: Callable[[Standing], None]
    ) -> None:
        """`tell` is given what stands, whenever that is not what stood before.

        Raises SettingsError for an address of System 2 that cannot be used.
        """
        self._clock = clock
        self._tell = tell
        self.faults: dict[str, str] = {}
        """Of each part that does not work, why, as a sentence for a person."""
        self.talk = settings.talk
        self.use = settings.system2.use
        """When System 2 is to be asked."""
        self._system2 = socket_address(settings.system2.url) if settings.system2.url else None
        self._sound_agreed = settings.consent.audio_stream
        self._health = LinkHealth(up=False)
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

    def set_use(self, use: Use) -> None:
        self.use = use
        self._change(replace(self.facts, online=self._online))

    def linked(self, health: LinkHealth) -> None:
        """How System 2 can be reached now."""
        self._health = health
        self._change(replace(self.facts, online=self._online))

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

    @property
    def _online(self) -> bool:
        """Who asks nobody is never offline, and nobody is before it was seen what is wrong."""
        asks = self._system2 is not None and self.use != "never"
        health = self._health
        return not asks or not (health.slow if health.up else health.why)

    def _change(self, facts: Facts) -> None:
        self.facts = facts
        standing = self._standing()
        if standing != self.standing:
            self.standing = standing
            self._tell(standing)

    def _standing(self) -> Standing:
        facts = self.facts
        why = tuple(self.faults.values())
        mode = facts.mode.value
        return Standing(facts.muted, facts.setup, facts.online, self.volume, mode, why, self._with_system2())

    def _with_system2(self) -> System2Standing | None:
        if self._system2 is None:
            return None
        system2, health = self._system2, self._health
        round_trip, first_words = health.round_trip_s, health.first_words_s
        return System2Standing(
            system2.host,
            system2.port,
            is_local(system2.host),
            self.use,
            health.up,
            "" if health.up else health.why,
            None if round_trip is None else 10 * round(round_trip * 100),
            None if first_words is None else round(first_words, 1),
            health.hears,
            self._sound_agreed,
        )
