"""Recordings as files: whatever a person has, to the pipeline's 16 kHz mono, and replies to WAV."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import soundfile

from device.audio.resample import at_rate, to_mono
from device.contracts import RATE_HZ, Audio
from device.errors import AudioDeviceError, AudioFileError

LONGEST_S = 900
"""What is longer is not an utterance, and a header that lies about its length must not fill the RAM."""

MOST_CHANNELS = 16
BLOCK_FRAMES = 65_536


def read(path: Path) -> Audio:
    """A wav, flac, mp3 or ogg file at any rate, as 16 kHz mono. A truncated file gives what is there.

    Raises AudioFileError: not there, not sound, empty, too long, or at a rate that nothing records at.
    """
    if not path.is_file():
        raise AudioFileError(f"{path}: there is no such file.")
    try:
        with soundfile.SoundFile(path) as file:
            _check(path, file)
            pcm = _samples(file)
            audio = Audio(pcm, file.samplerate)
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError) as error:
        if isinstance(error, AudioFileError):
            raise
        raise AudioFileError(
            f"{path}: this is not a recording that can be read. Give a wav, flac, mp3 or ogg file."
        ) from error
    if not audio.pcm:
        raise AudioFileError(f"{path}: there is no sound in this file.")
    return at_rate(audio, RATE_HZ)


def write_wav(path: Path, audio: Audio) -> None:
    """Mono, 16 bit. Raises AudioFileError when the file cannot be written."""
    try:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(audio.rate_hz)
            file.writeframes(audio.pcm)
    except OSError as error:
        raise AudioFileError(f"{path}: the sound could not be written ({error.strerror}).") from error


def _check(path: Path, file: soundfile.SoundFile) -> None:
    try:
        at_rate(Audio(b"", file.samplerate), RATE_HZ)
    except AudioDeviceError as error:
        raise AudioFileError(f"{path}: {error}") from error
    if file.channels > MOST_CHANNELS:
        raise AudioFileError(f"{path}: {file.channels} channels are more than {MOST_CHANNELS}.")


def _samples(file: soundfile.SoundFile) -> bytes:
    """In blocks, as mono: what the header promises is not allocated, and not believed."""
    blocks: list[bytes] = []
    frames = 0
    while len(block := file.read(BLOCK_FRAMES, dtype="int16", always_2d=True)):
        frames += len(block)
        if frames > LONGEST_S * file.samplerate:
            raise AudioFileError(
                f"{file.name}: this is longer than {LONGEST_S // 60} minutes. Cut it into utterances first."
            )
        blocks.append(to_mono(np.asarray(block)).astype("<i2").tobytes())
    return b"".join(blocks)
