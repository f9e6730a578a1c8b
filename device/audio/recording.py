"""Reading and writing recordings: whatever libsndfile knows (wav, flac, mp3, ogg …), safely.

A file is data from anywhere: its header is not believed, it is decoded in small pieces, and what it
holds is bounded by what comes out, not by what it announces.
"""

from __future__ import annotations

import os
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from device.audio.level import measure
from device.audio.resample import FASTEST_HZ, SLOWEST_HZ, Resampler, to_mono
from device.contracts import RATE_HZ, Audio
from device.errors import AudioFileError

ENDINGS = (".wav", ".flac", ".mp3", ".ogg")
"""By these, recordings are known among other files."""

LONGEST_S = 15 * 60
_PIECE_SAMPLES = 4_096
"""Small: where a file is damaged, the piece under way is lost."""
_MOST_CHANNELS = 64
_PADDING_S = 0.1
"""The length that an mp3 announces may count its encoder's padding."""
_CLIPPED_SHARE = 0.001
"""Above this share of samples at full scale a recording is called clipped."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file's sound at 16 kHz mono, and a sentence for each thing that is wrong with it."""

    audio: Audio
    notes: tuple[str, ...] = ()


def read(path: Path) -> Audio:
    """As `load`, without its notes."""
    return load(path).audio


def load(path: Path) -> Recording:
    """A recording of up to 15 minutes; of a damaged one, what can be read of it.

    Takes up to 60 MB. Raises AudioFileError when there is no sound in it that can be used.
    """
    if path.exists() and not path.is_file():
        raise AudioFileError(f"{path} is not a file: name a recording.")
    try:
        with path.open("rb") as file:
            return _load(path, file.fileno())
    except FileNotFoundError as error:
        raise AudioFileError(f"{path} does not exist: check the name.") from error
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error


def write_wav(path: Path, audio: Audio) -> None:
    """Write mono 16-bit WAV at the audio's own rate. Raises AudioFileError."""
    try:
        with path.open("wb") as file, wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(audio.rate_hz)
            writer.writeframes(audio.pcm)
    except OSError as error:
        raise AudioFileError(
            f"{path} cannot be written ({error.strerror}): choose a folder that exists and has room."
        ) from error


def _load(path: Path, descriptor: int) -> Recording:
    if os.fstat(descriptor).st_size == 0:
        raise AudioFileError(f"{path} is empty: record it again.")
    try:
        # By descriptor, so that the content and not the name says what it is.
        file = _Forward(descriptor, closefd=False)
    except (soundfile.SoundFileError, OverflowError, ValueError) as error:
        raise AudioFileError(
            f"{path} is not sound that can be read: use a wav, flac, mp3 or ogg recording."
        ) from error
    with file:
        _check_format(path, file)
        decoding = _Decoding(path, file)
        pcm = b"".join(decoding.pieces())
    if not pcm:
        raise AudioFileError(f"{path} holds no sound: record it again.")
    return Recording(Audio(pcm, RATE_HZ), tuple(_notes(pcm, decoding.complete and not _cut_wav(descriptor))))


class _Forward(soundfile.SoundFile):  # type: ignore[misc]  # untyped
    """Reads on and on. soundfile seeks after every piece, and in an mp3 that lands beside: clicks."""

    def seekable(self) -> bool:
        return False


def _check_format(path: Path, file: soundfile.SoundFile) -> None:
    if not SLOWEST_HZ <= file.samplerate <= FASTEST_HZ:
        raise AudioFileError(f"{path} has {file.samplerate} samples per second: convert it to {RATE_HZ}.")
    if not 1 <= file.channels <= _MOST_CHANNELS:
        raise AudioFileError(f"{path} has {file.channels} channels: convert it to mono.")


class _Decoding:
    """One pass through a file; `complete` says afterwards whether all that it announced was there."""

    def __init__(self, path: Path, file: soundfile.SoundFile) -> None:
        self._path = path
        self._file = file
        self.complete = True

    def pieces(self) -> Iterator[bytes]:
        """The sound at 16 kHz mono. Raises AudioFileError when there is too much of it."""
        resampler = Resampler(self._file.samplerate, RATE_HZ)
        samples = 0
        while piece := self._next_piece():
            samples += len(piece) // 2
            if samples > LONGEST_S * self._file.samplerate:
                raise AudioFileError(
                    f"{self._path} is longer than {LONGEST_S // 60} minutes: cut it into shorter pieces."
                )
            yield resampler.feed(piece)
        yield resampler.flush()
        missing_s = (self._file.frames - samples) / self._file.samplerate
        self.complete = self.complete and missing_s < _PADDING_S

    def _next_piece(self) -> bytes:
        """The next samples, mixed to mono; nothing at the end or where the file is damaged."""
        try:
            samples = self._file.read(_PIECE_SAMPLES // self._file.channels, dtype="float32", always_2d=True)
        except soundfile.SoundFileError:
            self.complete = False
            return b""
        return to_mono(_int16(samples)).tobytes()


def _int16(samples: np.ndarray) -> np.ndarray:
    """From floats within ±1: asked for int16, libsndfile gives zeros for files that hold floats."""
    scaled = np.rint(np.clip(np.nan_to_num(samples), -1, 1) * 32_768)
    return np.asarray(np.minimum(scaled, 32_767).astype(np.int16))


def _cut_wav(descriptor: int) -> bool:
    """Whether a RIFF file is shorter than it says; libsndfile corrects that silently.

    Programs that stream leave a size of nearly 2 or 4 GiB, or none: that says nothing.
    """
    header = os.pread(descriptor, 8, 0)
    if header[:4] != b"RIFF":
        return False
    announced = int.from_bytes(header[4:], "little") + 8
    return os.fstat(descriptor).st_size < announced < 0x7FFF_0000


def _notes(pcm: bytes, complete: bool) -> Iterator[str]:
    if not complete:
        yield "The file is damaged or cut off: what could be read is used."
    clipped_share = measure(pcm).clipped_share
    if clipped_share > _CLIPPED_SHARE:
        yield f"{clipped_share:.1%} of the samples are clipped: record further from the microphone."
