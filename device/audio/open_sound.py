"""The sound card's microphone and speaker, as the settings want them and as the machine has them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from device.audio.card_microphone import CardMicrophone
from device.audio.card_speaker import CardSpeaker
from device.audio.sound_devices import AUTO
from device.audio.sound_library import SoundLibrary
from device.audio.system_echo import EchoFreeLibrary
from device.config import Sound

PAGE = "page"
"""The setting for: not the sound card, but the open page."""
PROBE_S = 2.5
"""How long a start waits to see whether a device can be opened."""

_log = logging.getLogger(__name__)

Part = Literal["microphone", "speaker"]


@dataclass(frozen=True, slots=True)
class OpenSound:
    """None: the page serves."""

    microphone: CardMicrophone | None
    speaker: CardSpeaker | None
    echo_free: EchoFreeLibrary | None = None
    """None: the settings do not want their echo cancelled."""

    @property
    def names(self) -> tuple[str, str]:
        """Of microphone and speaker, as the machine calls them."""
        return self.microphone.name if self.microphone else PAGE, self.speaker.name if self.speaker else PAGE

    @property
    def masters(self) -> tuple[str, str] | None:
        """The real microphone and speaker, by the sound server's names, while it cancels their echo."""
        return self.echo_free.masters if self.echo_free else None


@asynccontextmanager
async def open_sound(
    settings: Sound, clock: Callable[[], float], trouble: Callable[[Part, str], None], *, page: bool = True
) -> AsyncIterator[OpenSound]:
    """Both are probed by opening them, and closed at the end, which takes a second each at most.

    A device that is named serves even when it is not there: it is waited for. With `AUTO`, the page serves
    when none can be opened within `PROBE_S`; without `page`, it is waited for, too. `clock` is monotonic and
    is asked from any thread.
    `trouble(part, sentence)` is called in the event loop: what happened and what to do; "": it is cured.
    """
    echo_free = _echo_free_library(settings)
    library = echo_free or SoundLibrary()
    microphone = _Wanted[CardMicrophone]("microphone", settings.microphone, trouble, page)
    speaker = _Wanted[CardSpeaker]("speaker", settings.speaker, trouble, page)
    try:
        if echo_free:
            await asyncio.to_thread(echo_free.prepare)
        microphone.begin(lambda name, tell: CardMicrophone(library, name, settings.gain_db, clock, tell))
        speaker.begin(lambda name, tell: CardSpeaker(library, name, clock, tell))
        await asyncio.gather(microphone.probe(), speaker.probe())
        yield OpenSound(microphone.card, speaker.card, echo_free)
    finally:
        await asyncio.gather(microphone.close(), speaker.close())
        library.close()


def _echo_free_library(settings: Sound) -> EchoFreeLibrary | None:
    """Both have to be the sound card's: a page's browser cancels its echo by itself."""
    if settings.echo_cancellation == "off" or PAGE in (settings.microphone, settings.speaker):
        return None
    return EchoFreeLibrary(settings.microphone, settings.speaker)


class _Card(Protocol):
    async def opened(self, within_s: float) -> bool: ...

    async def close(self) -> None: ...


CardT = TypeVar("CardT", bound=_Card)


class _Wanted(Generic[CardT]):
    """A microphone or a speaker as a setting wants it."""

    def __init__(self, part: Part, name: str, trouble: Callable[[Part, str], None], page: bool) -> None:
        self.card: CardT | None = None
        self._part = part
        self._name = name
        self._trouble = trouble
        self._serves = name != AUTO or not page

    def begin(self, make: Callable[[str, Callable[[str], None]], CardT]) -> None:
        if self._name != PAGE:
            self.card = make(self._name, self._tell)

    async def probe(self) -> None:
        """One that nobody asked for by name, and that cannot be opened, is none."""
        if self.card is None:
            return
        self._serves = await self.card.opened(PROBE_S) or self._serves
        if not self._serves:
            await self.close()
            self.card = None

    async def close(self) -> None:
        if self.card is not None:
            await self.card.close()

    def _tell(self, sentence: str) -> None:
        if self._serves:
            _log.warning("%s", sentence or f"The {self._part} works again.")
            self._trouble(self._part, sentence)
