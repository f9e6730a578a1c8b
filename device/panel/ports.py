"""What the page is joined to: what a person does by it, what it shows, and where its sound goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from device.config import Talk
from device.contracts import Line
from device.notices import Board, LightChanged, Standing
from device.panel.messages import Departure, Offer
from device.ports import Button, Controls, Switches


class Outlet(Protocol):
    """A page, as far as the voice is concerned."""

    rate_hz: int

    def play(self, sound_id: int, turn_id: int) -> None: ...

    def sound(self, sound_id: int, pcm: bytes) -> None: ...

    def silence(self) -> None: ...


class Ears(Protocol):
    """Where the microphone of the page that has the floor goes."""

    def take(self, take_id: int, pcm: bytes, rate_hz: int) -> None:
        """A batch of sound; without `pcm`, the take has ended. Returns at once."""
        ...


class Voice(Protocol):
    """Where the sound for the page that has the floor comes from."""

    def attach(self, outlet: Outlet) -> None: ...

    def detach(self, outlet: Outlet) -> None: ...

    def reached(self, sound_id: int, samples: int) -> None:
        """The page has played that much of a sound, in samples of the page's rate."""
        ...


class Choices(Protocol):
    """The settings that a person may choose on the page."""

    def offers(self) -> tuple[Offer, ...]:
        """Each as it is now."""
        ...

    def choose(self, setting: str, value: int | float | str) -> None:
        """In force at once, or from the next start on, and kept. Raises SettingsError for any other."""
        ...


class Gate(Protocol):
    """The device's one gate out, as far as a server needs it."""

    def listening(self, host: str, port: int) -> AbstractContextManager[None]:
        """While this is open, a server may be bound there. Raises OSError."""
        ...

    def told(self, host: str, content: Literal["audio", "text", "control"], size: int) -> None:
        """So many bytes were handed to a page there. What stays on this machine does not count."""
        ...

    def departures(self) -> tuple[Departure, ...]: ...

    def observe(self, tell: Callable[[], None]) -> Callable[[], None]:
        """`tell` is called, from any thread, when content leaves; what is returned ends that."""
        ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What a person can do by the page."""

    controls: Controls
    button: Button
    switches: Switches
    choices: Choices
    forget: Callable[[float | None], None] = lambda last_s: None
    """Erase what was said in the last so many seconds, or everything; returns at once."""


@dataclass(frozen=True, slots=True)
class Sights:
    """What a page shows as soon as it opens; whatever can change is asked for then."""

    name: str
    talk: Talk
    loudest: int
    """Percent, as the owner's settings limit it."""
    looks: Mapping[str, str]
    """Each state's colour and pattern on the device's light."""
    light: Callable[[], LightChanged]
    standing: Callable[[], Standing]
    history: Callable[[], Sequence[Line]]
    turns: Callable[[], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Device:
    """All of it. Without `ears` or `voice` the device has its own, and the page is a remote control."""

    hands: Hands
    sights: Sights
    board: Board
    gate: Gate
    ears: Ears | None = None
    voice: Voice | None = None
