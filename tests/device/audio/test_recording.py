from __future__ import annotations

import contextlib
import os
import random
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from device.audio.recording import LONGEST_S, Recording, load, read, write_wav
from device.contracts import RATE_HZ, Audio
from device.errors import AudioFileError
from tests.device.audio.sounds import samples, tone

FORMATS = ["wav", "flac", "mp3", "ogg"]
CUT_NOTE = "damaged or cut off"


def write(path: Path, audio: Audio, channels: int = 1, subtype: str | None = None) -> Path:
    mono = samples(audio) / 32_768  # libsndfile encodes int16 stereo as noise in an mp3
    soundfile.write(path, np.stack([mono] * channels, axis=1), audio.rate_hz, subtype=subtype)
    return path


def wav_header(rate_hz: int = 16_000, channels: int = 1, data_bytes: int = 0) -> bytes:
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", (36 + data_bytes) % 2**32, b"WAVE", b"fmt ", 16, 1, channels,
        rate_hz, rate_hz * 2 * channels % 2**32, 2 * channels % 2**16, 16, b"data", data_bytes,
    )  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (16_000, 1), (44_100, 2), (48_000, 2)])
def test_every_kind_becomes_16_khz_mono(tmp_path: Path, form: str, rate_hz: int, channels: int) -> None:
    audio = read(write(tmp_path / f"a.{form}", tone(440, 1.0, rate_hz), channels))
    assert audio.rate_hz == RATE_HZ
    assert audio.duration_s == pytest.approx(1.0, abs=0.1)
    middle = samples(audio)[4_000:12_000]
    assert np.abs(middle).max() == pytest.approx(8_000, rel=0.1)


def test_samples_of_a_16_khz_wav_are_left_alone(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(440, 0.5))
    assert load(tmp_path / "a.wav") == Recording(tone(440, 0.5))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "GSM610"])
def test_other_ways_to_store_samples_are_read(tmp_path: Path, subtype: str) -> None:
    audio = read(write(tmp_path / "a.wav", tone(440, 0.5), subtype=subtype))
    assert np.abs(samples(audio)[4_000:]).max() == pytest.approx(8_000, rel=0.2)


def test_floats_that_are_no_numbers_or_too_large_are_clipped(tmp_path: Path) -> None:
    values = np.array([0.5, np.nan, np.inf, -np.inf, 3.0, -3.0], np.float32)
    soundfile.write(tmp_path / "a.wav", values, RATE_HZ, subtype="FLOAT")
    assert samples(read(tmp_path / "a.wav")).tolist() == [16_384, 0, 32_767, -32_768, 32_767, -32_768]


def test_the_content_says_what_it_is_and_not_the_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", tone(440, 0.5)).rename(tmp_path / "a.raw")
    assert read(path) == tone(440, 0.5)


@pytest.mark.parametrize("form", FORMATS)
def test_of_a_file_that_is_cut_off_what_is_there_is_read(tmp_path: Path, form: str) -> None:
    noise = Audio(np.random.default_rng(1).normal(0, 3_000, 48_000).astype(np.int16).tobytes(), RATE_HZ)
    path = write(tmp_path / f"a.{form}", noise)
    os.truncate(path, path.stat().st_size // 2)
    recording = load(path)
    assert 0.5 < recording.audio.duration_s < 2
    if form in ("wav", "flac"):
        assert any(CUT_NOTE in note for note in recording.notes)


@pytest.mark.parametrize("form", FORMATS)
def test_reading_in_pieces_leaves_no_seams(tmp_path: Path, form: str) -> None:
    path = write(tmp_path / f"a.{form}", tone(440, 2.0))
    whole, _ = soundfile.read(path, dtype="int16")
    assert np.abs(samples(read(path)) - whole).max() <= 1


def test_a_whole_file_has_no_notes(tmp_path: Path) -> None:
    for form in FORMATS:
        assert load(write(tmp_path / f"a.{form}", tone(440, 1.0))).notes == ()


def test_a_streamed_wav_with_sizes_that_mean_nothing_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    for announced in (0xFFFF_FFFF, 0x7FFF_F000, 0):
        header = bytearray(wav_header())
        header[4:8] = header[40:44] = announced.to_bytes(4, "little")
        path.write_bytes(bytes(header) + tone(440, 0.5).pcm)
        if announced:
            assert load(path) == Recording(tone(440, 0.5))


def test_clipped_sound_is_read_and_said_to_be_clipped(tmp_path: Path) -> None:
    recording = load(write(tmp_path / "a.wav", Audio(b"\xff\x7f" * 1_000 + bytes(2_000), RATE_HZ)))
    (note,) = recording.notes
    assert note.startswith("50.0% of the samples are clipped")


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_headed(path: Path) -> None:
    path.write_bytes(wav_header())


def make_text(path: Path) -> None:
    path.write_text("This is not sound. " * 100)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_nothing(path: Path) -> None:
    pass


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_slow(path: Path) -> None:
    path.write_bytes(wav_header(rate_hz=100, data_bytes=2_000) + bytes(2_000))


def make_fast(path: Path) -> None:
    path.write_bytes(wav_header(rate_hz=2_000_000_000, data_bytes=2_000) + bytes(2_000))


def make_wide(path: Path) -> None:
    path.write_bytes(wav_header(channels=1_000, data_bytes=4_000) + bytes(4_000))


def make_long(path: Path) -> None:
    size = 2 * RATE_HZ * (LONGEST_S + 1)
    with path.open("wb") as file:
        file.write(wav_header(data_bytes=size))
        file.truncate(44 + size)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (make_empty, "is empty"),
        (make_headed, "holds no sound"),
        (make_text, "not sound that can be read: use a wav, flac, mp3 or ogg"),
        (make_folder, "is not a file"),
        (make_pipe, "is not a file"),
        (make_nothing, "does not exist"),
        (make_slow, "100 samples per second: convert it to 16000"),
        (make_fast, "samples per second: convert it"),
        (make_wide, "1000 channels: convert it to mono"),
        (make_long, "longer than 15 minutes"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / "a.wav"
    make(path)
    with pytest.raises(AudioFileError, match=says) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ten_minutes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    size = 2 * RATE_HZ * 600
    path.write_bytes(wav_header(data_bytes=size))
    os.truncate(path, 44 + size)
    assert read(path).duration_s == 600


def test_a_header_that_lies_fills_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_header(rate_hz=192_000, data_bytes=0x7000_0000) + tone(440, 0.5).pcm)
    tracemalloc.start()
    try:
        read(path)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 5_000_000


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data(), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_anywhere_gives_sound_or_one_clear_error(
    tmp_path: Path, form: str, data: st.DataObject, seed: int
) -> None:
    path = write(tmp_path / f"a.{form}", tone(440, 0.3))
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(data.draw(st.integers(1, 30))):
        content[chance.randrange(min(len(content), chance.choice([64, 4_096, 10**9])))] = chance.randrange(
            256
        )
    del content[data.draw(st.integers(1, len(content))) :]
    path.write_bytes(content)
    with contextlib.suppress(AudioFileError):
        assert 0 < read(path).duration_s <= LONGEST_S + 1


@given(st.binary(max_size=200))
@example(b"RIFF\xff\xff\xff\xffWAVEfmt ")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_at_all_give_sound_or_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    for lead in (b"", wav_header()[:20], b"fLaC", b"OggS", b"ID3"):
        path.write_bytes(lead + content)
        with contextlib.suppress(AudioFileError):
            read(path)


def test_a_written_file_is_a_wav_at_its_own_rate(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(440, 0.5, 22_050))
    info = soundfile.info(tmp_path / "a.wav")
    assert (info.samplerate, info.channels, info.subtype, info.frames) == (22_050, 1, "PCM_16", 11_025)


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="cannot be written"):
        write_wav(tmp_path / "no" / "a.wav", tone(440, 0.1))


def test_real_recordings_of_every_kind_are_read(shared_data: Path) -> None:
    files = [p for p in sorted((shared_data / "speech").iterdir()) if p.suffix in (".wav", ".flac", ".mp3")]
    assert {file.suffix for file in files} == {".wav", ".flac", ".mp3"}
    for file in files:
        recording = load(file)
        assert recording.audio.duration_s == pytest.approx(soundfile.info(file).duration, rel=0.02)
        assert not any(CUT_NOTE in note for note in recording.notes)
