"""A thread that keeps a stream of the sound card open while it is wanted, and gets it back when it is lost.

Nothing in here waits for the thread, except `close`, and that not for long: a call into a sound server that
stands still may hang in native code. Then the thread is waited for (there is never a second one), the person
is told, and when the process ends it is left where it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from device.audio.sound_library import SoundLibrary
from device.errors import AudioDeviceError, TwomindsError

RETRY_S = 1.0
"""Between attempts to open a device that is not there."""
HANGS_S = 0.75
"""A thread that gave no sign for so long is stuck in a call."""
OPENS_S = 3.0
"""So long a busy machine, or a card that was asleep, may take to open a device."""
LOOK_S = 0.2
END_S = 1.0


_log = logging.getLogger(__name__)


class Closes(Protocol):
    def close(self) -> None: ...


StreamT = TypeVar("StreamT", bound=Closes)
ArgumentT = TypeVar("ArgumentT")


class StreamKeeper(Generic[StreamT]):
    """Made in the event loop. Every method may be called from any thread, `close` from the event loop."""

    def __init__(
        self,
        part: str,
        library: SoundLibrary,
        open_stream: Callable[[], StreamT],
        use: Callable[[StreamT], None],
        trouble: Callable[[str], None],
    ) -> None:
        """`use` runs in the thread and returns when the stream is no longer to be open.

        It calls `nap` at least every `HANGS_S`. Raises AudioDeviceError when the device is lost.
        `trouble` is called in the event loop with a sentence whenever that changes; "": all is well.
        """
        self._part = part
        self._library = library
        self._open = open_stream
        self._use = use
        self._trouble = trouble
        self._loop = asyncio.get_running_loop()
        self._wake = threading.Event()
        self._wanted = False
        self._patience_s = HANGS_S
        self._ending = False
        self._beat_s = time.monotonic()
        self._is_well = False
        """And nothing else was told since."""
        self._no_answer = f"The {part} does not answer: restart the sound server, or the device."
        self._began_s = 0.0
        """The last attempt to open it."""
        self._told = ""
        self._first_attempt: asyncio.Future[bool] = self._loop.create_future()
        self._look_timer = self._loop.call_later(LOOK_S, self._look)
        self._thread = threading.Thread(target=self._run, name=part, daemon=True)
        self._thread.start()

    @property
    def wanted(self) -> bool:
        """Whether the stream is to be open now."""
        return self._wanted and not self._ending

    def want(self, wanted: bool) -> None:
        self._wanted = wanted
        self.wake()

    def wake(self) -> None:
        """End the thread's nap."""
        self._wake.set()

    def nap(self, seconds: float) -> None:
        """By the thread itself: until then, or until woken."""
        self._beat_s = time.monotonic()
        self._wake.wait(seconds)
        self._wake.clear()
        self._beat_s = time.monotonic()

    def well(self) -> None:
        """By the thread itself: the device does its work."""
        if not self._is_well:
            self._is_well = True
            self._in_loop(self._attempted, True)
            self._in_loop(self._changed_to, "")

    async def opened(self, within_s: float) -> bool:
        """Whether the device does its work by then, at the first attempt."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                return await asyncio.shield(self._first_attempt)
        return False

    async def close(self) -> None:
        """The stream is closed and the thread ended, unless it hangs. Idempotent."""
        self._ending = True
        self._look_timer.cancel()
        self.wake()
        await asyncio.to_thread(self._thread.join, END_S)

    # --- the thread ---

    def _run(self) -> None:
        while not self._ending:
            if not self._wanted:
                self._in_loop(self._over, self._no_answer)
                self.nap(HANGS_S / 2)
                continue
            try:
                self._serve()
            except TwomindsError as error:
                _log.debug("the %s: %s (%r)", self._part, error, error.__cause__)
                self._ill(str(error))
                if time.monotonic() < self._began_s + RETRY_S:  # one that worked till now is tried at once
                    self._rest()
        self._beat_s = time.monotonic()

    def _serve(self) -> None:
        self._began_s = time.monotonic()
        self._patience_s = OPENS_S
        stream = self._open()
        self._beat_s = time.monotonic()
        self._patience_s = HANGS_S
        try:
            self._use(stream)
        except TwomindsError as error:
            self._ill(str(error))  # before the closing, which may hang
            raise
        finally:
            stream.close()

    def _ill(self, sentence: str) -> None:
        self._is_well = False
        self._in_loop(self._changed_to, sentence)
        self._in_loop(self._attempted, False)

    def _rest(self) -> None:
        """Before the next attempt."""
        retry_s = time.monotonic() + RETRY_S
        while self.wanted and time.monotonic() < retry_s:
            self.nap(HANGS_S / 2)
        if self.wanted:
            self._look_for_devices()

    def _look_for_devices(self) -> None:
        with contextlib.suppress(AudioDeviceError):
            self._library.look_anew()

    # --- the event loop ---

    def _attempted(self, well: bool) -> None:
        if not self._first_attempt.done():
            self._first_attempt.set_result(well)

    def _look(self) -> None:
        """Does the thread still give signs? One that hangs has not closed what is not wanted, either."""
        self._look_timer = self._loop.call_later(LOOK_S, self._look)
        if time.monotonic() - self._beat_s > self._patience_s:
            self._is_well = False
            self._changed_to(self._no_answer)

    def _over(self, sentence: str) -> None:
        """That is no longer so."""
        if self._told == sentence:
            self._changed_to("")

    def _changed_to(self, sentence: str) -> None:
        if sentence != self._told:
            self._told = sentence
            self._trouble(sentence)

    def _in_loop(self, call: Callable[[ArgumentT], None], argument: ArgumentT) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(call, argument)
