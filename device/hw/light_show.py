"""Shows on the LEDs what the session says of itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

from device.config import Lights
from device.errors import HardwareError
from device.hw.leds import Leds, open_leds
from device.hw.looks import Look, Rgb, in_mood, palette
from device.hw.patterns import SIGN_S, frame, is_still
from device.notices import Board, LightChanged, LightState, Notice

FRAME_S = 1 / 30
AGAIN_S = 2.0
"""When LEDs that failed are tried again."""
PART = "light"


@contextlib.contextmanager
def open_lights(settings: Lights, fault: Callable[[str, str], None]) -> Iterator[LightShow | None]:
    """The light that the settings name, dark again after the `with`; None: there is none to be shown.

    LEDs that cannot be opened are a fault. Raises SettingsError.
    """
    try:
        leds = open_leds(settings)
    except HardwareError as error:
        fault(PART, str(error))
        leds = None
    if leds is None:
        yield None
        return
    with contextlib.closing(leds):
        yield LightShow(leds, settings, fault)


class LightShow:
    """A change is shown at once; a pattern that moves, at 30 frames a second; one that does not, once."""

    def __init__(self, leds: Leds, settings: Lights, fault: Callable[[str, str], None]) -> None:
        """`fault` is told once that the LEDs fail, and with "" that they work again.

        Raises SettingsError for a look that cannot be read.
        """
        self._leds = leds
        self._palette = palette(settings.looks)
        self._brightness = settings.brightness / 100
        self._fault = fault
        self._now = LightChanged(LightState.STARTING, leaving=False)
        self._began_s = 0.0
        self._leaving_from_s = float("-inf")
        self._changed = asyncio.Event()
        self._shown: tuple[Rgb, ...] | None = None
        self._failing = False

    async def run(self, board: Board) -> None:
        """Follow what is posted from now on; until cancelled. A failing light never ends it."""
        with board.watch() as notices:
            self._began_s = self._time_s()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow(notices), name="light notices")
                tasks.create_task(self._animate(), name="light frames")

    async def _follow(self, notices: AsyncIterator[Notice]) -> None:
        async for notice in notices:
            if isinstance(notice, LightChanged):
                self._take(notice)
                self._changed.set()

    def _take(self, notice: LightChanged) -> None:
        now_s = self._time_s()
        if notice.state is not self._now.state:
            self._began_s = now_s
        if notice.leaving and not self._sign_shows(now_s):
            self._leaving_from_s = now_s
        self._now = notice

    async def _animate(self) -> None:
        while True:
            self._changed.clear()
            wait_s = self._show()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    def _show(self) -> float | None:
        """How long until there is something new to show; None: until something changes."""
        now_s = self._time_s()
        look = self._look()
        sign = self._sign_shows(now_s)
        colours = frame(
            look, now_s - self._began_s, self._leds.count, now_s - self._leaving_from_s if sign else None
        )
        if not self._works(colours):
            return AGAIN_S
        if not is_still(look, self._leds.count, sign):
            return FRAME_S
        return max(FRAME_S, self._leaving_from_s + SIGN_S - now_s) if sign and not self._now.leaving else None

    def _look(self) -> Look:
        look = self._palette[self._now.state]
        return in_mood(look, self._now.mood) if self._now.state is LightState.SPEAKING else look

    def _sign_shows(self, now_s: float) -> bool:
        """However short the moment was in which content left: long enough to be seen."""
        return self._now.leaving or now_s - self._leaving_from_s < SIGN_S

    def _works(self, colours: tuple[Rgb, ...]) -> bool:
        if colours == self._shown:
            return True
        bright = self._brightness
        try:
            self._leds.show([(red * bright, green * bright, blue * bright) for red, green, blue in colours])
        except HardwareError as error:
            self._shown = None
            if not self._failing:
                self._failing = True
                self._fault(PART, str(error))
            return False
        self._shown = colours
        if self._failing:
            self._failing = False
            self._fault(PART, "")
        return True

    def _time_s(self) -> float:
        return asyncio.get_running_loop().time()
