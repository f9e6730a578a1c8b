"""Utterances as WAV files, for people who work on the device: `developer.keep_audio`, and never otherwise."""

from __future__ import annotations

import contextlib
import io
import logging
import time
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from device.config import Developer
from device.contracts import RATE_HZ, Frame, Transcript
from device.errors import StageError
from device.jobs import Worker
from device.ports import Listening, SpeechToText
from device.private_file import write_private

log = logging.getLogger(__name__)

FOLDER: Final = "recordings"
MOST_FILES: Final = 2_000
MOST_BYTES: Final = 512 * 1024 * 1024
"""The oldest go first: 4.5 hours of speech."""
DISK_S: Final = 10.0
PART: Final = "recordings"
WARNING: Final = (
    "Every utterance is written to disk, because developer.keep_audio is on. "
    "Switch it off, and start again: that erases them all."
)


class Recordings:
    """The folder and its one thread. Nothing that it does can fail a turn."""

    def __init__(self, folder: Path, lived: Callable[[], float]) -> None:
        self._lived = lived
        self._worker = Worker("recordings", lambda: _Folder(folder))

    def keep(self, pcm: bytes) -> None:
        """An utterance, at the pipeline's rate; returns at once."""
        said_s = self._lived()
        try:
            job = self._worker.submit(lambda folder, stop: folder.write(said_s, pcm))
        except StageError as error:
            _tell(error)
            return
        job.on_error(_tell)

    async def forget(self, since_s: float | None) -> int:
        """Remove what was said since then (lived seconds; None: all). Raises OSError, StageError."""
        from_s = 0.0 if since_s is None else since_s
        return await self._remove(lambda said_s: said_s >= from_s)

    async def forget_before(self, before_s: float) -> int:
        """Likewise what was said before."""
        return await self._worker.run(
            lambda folder, stop: folder.remove(lambda at_s: at_s < before_s), DISK_S
        )

    async def close(self) -> None:
        """What was given to keep is on disk, or the disk has had its time."""
        await self._worker.close()

    async def _remove(self, goes: Callable[[float], bool]) -> int:
        return await self._worker.run(lambda folder, stop: folder.remove(goes), DISK_S)


@contextlib.asynccontextmanager
async def recording(
    state: Path, settings: Developer, lived: Callable[[], float] = time.time
) -> AsyncIterator[Recordings]:
    """The recordings. Where the setting is off there are none: those from before are erased."""
    recordings = Recordings(state / FOLDER, lived)
    if settings.keep_audio:
        log.warning(WARNING)
    else:
        await _erase(recordings)
    try:
        yield recordings
    finally:
        await recordings.close()


def recorded(ears: SpeechToText, recordings: Recordings, settings: Developer) -> SpeechToText:
    """Ears whose utterances are kept, if that is what a developer wants; else as they are."""
    return _RecordedEars(ears, recordings) if settings.keep_audio else ears


class _RecordedEars:
    """Implements `ports.SpeechToText`."""

    def __init__(self, ears: SpeechToText, recordings: Recordings) -> None:
        self._ears = ears
        self._recordings = recordings

    @property
    def name(self) -> str:
        return self._ears.name

    def listen(self) -> Listening:
        return _RecordedListening(self._ears.listen(), self._recordings)

    async def close(self) -> None:
        await self._ears.close()


class _RecordedListening:
    """Keeps what was heard once it is whole: never what was abandoned, nor a press in which nobody spoke."""

    def __init__(self, listening: Listening, recordings: Recordings) -> None:
        self._listening = listening
        self._recordings = recordings
        self._pcm = bytearray()

    def feed(self, frame: Frame) -> None:
        self._pcm += frame.pcm
        self._listening.feed(frame)

    @property
    def partial(self) -> str:
        return self._listening.partial

    async def finish(self) -> Transcript:
        self._recordings.keep(bytes(self._pcm))
        return await self._listening.finish()

    async def abandon(self) -> None:
        await self._listening.abandon()


class _Folder:
    """Files named by when they were said. In the thread alone; every method raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, said_s: float, pcm: bytes) -> None:
        write_private(self._folder / f"{said_s:014.3f}.wav", _wav(pcm))
        self._make_room()

    def remove(self, goes: Callable[[float], bool]) -> int:
        """A file whose name tells no time goes whatever is asked: nobody knows how old it is."""
        gone = 0
        for file in self._files():
            said_s = _said_s(file)
            if said_s is None or goes(said_s):
                file.unlink(missing_ok=True)
                gone += 1
        return gone

    def _make_room(self) -> None:
        files = self._files()
        size = sum(file.stat().st_size for file in files)
        while files and (len(files) > MOST_FILES or size > MOST_BYTES):
            oldest = files.pop(0)
            size -= oldest.stat().st_size
            oldest.unlink()

    def _files(self) -> list[Path]:
        """Oldest first; unfinished ones, too."""
        return sorted(self._folder.iterdir()) if self._folder.is_dir() else []


def _said_s(file: Path) -> float | None:
    try:
        return float(file.stem)
    except ValueError:
        return None


def _wav(pcm: bytes) -> bytes:
    whole = io.BytesIO()
    with wave.open(whole, "wb") as writing:
        writing.setnchannels(1)
        writing.setsampwidth(2)
        writing.setframerate(RATE_HZ)
        writing.writeframes(pcm)
    return whole.getvalue()


async def _erase(recordings: Recordings) -> None:
    try:
        if gone := await recordings.forget(None):
            log.warning("%d recordings of utterances were erased: developer.keep_audio is off", gone)
    except (OSError, StageError) as error:
        log.error("recordings from before cannot be erased: %s", error)


def _tell(error: BaseException) -> None:
    log.error("an utterance cannot be recorded: %s", error)
