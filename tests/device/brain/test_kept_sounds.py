"""Sounds on a real disk that is damaged, cut off, read-only and full."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from device.brain.kept_sounds import LONGEST_S, VOICES_KEPT, KeptSounds
from device.contracts import Audio

TONE = Audio(b"\x00\x40\x00\xc0" * 400, 22_050)
HELLO, BYE = "Hello there,", "See you soon."


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    KeptSounds(tmp_path, "voice").write(HELLO, TONE)
    assert KeptSounds(tmp_path, "voice").load([HELLO, BYE]) == {HELLO: TONE}


def test_names_do_not_tell_what_is_said_and_cannot_leave_the_folder(tmp_path: Path) -> None:
    KeptSounds(tmp_path, "../../elsewhere").write("../../etc/passwd", TONE)
    (file,) = files(tmp_path)
    assert "etc" not in str(file.relative_to(tmp_path))


def test_another_voice_does_not_get_the_old_sound(tmp_path: Path) -> None:
    KeptSounds(tmp_path, "voice").write(HELLO, TONE)
    assert KeptSounds(tmp_path, "another").load([HELLO]) == {}


def flipped_header(content: bytes) -> bytes:
    return content[:20] + bytes(16) + content[36:]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut in its header": lambda content: content[:30],
    "cut in its sound": lambda content: content[:-100],
    "by an odd byte": lambda content: content[:-1],
    "all zeros": lambda content: bytes(len(content)),
    "in its sound": lambda content: content[:500] + bytes(100) + content[600:],
    "another format": flipped_header,
    "no sound at all": lambda content: b"\x7fELF" + os.urandom(2000),
    "without samples": lambda content: content[:40] + bytes(4),
    "much too long": lambda content: content + bytes(2 * LONGEST_S * 48_000),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file_counts_as_missing_and_is_replaced(tmp_path: Path, how: str) -> None:
    kept = KeptSounds(tmp_path, "voice")
    kept.write(HELLO, TONE)
    (file,) = files(tmp_path)
    file.write_bytes(DAMAGE[how](file.read_bytes()))
    assert kept.load([HELLO]) == {}
    kept.write(HELLO, TONE)
    assert kept.load([HELLO]) == {HELLO: TONE}


def test_every_single_wrong_byte_is_noticed(tmp_path: Path) -> None:
    kept = KeptSounds(tmp_path, "voice")
    kept.write(HELLO, TONE)
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    for at in [*range(60), *range(len(whole) - 20, len(whole))]:
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        assert kept.load([HELLO]) == {}


def test_other_programs_can_play_it(tmp_path: Path) -> None:
    KeptSounds(tmp_path, "voice").write(HELLO, TONE)
    samples, rate_hz = soundfile.read(files(tmp_path)[0], dtype="int16")
    assert (samples.tobytes(), rate_hz) == (TONE.pcm, TONE.rate_hz)


def test_what_is_not_said_any_more_is_removed(tmp_path: Path) -> None:
    kept = KeptSounds(tmp_path, "voice")
    kept.write(HELLO, TONE)
    kept.write(BYE, TONE)
    (files(tmp_path)[0].parent / "unfinished.part").write_bytes(b"half")
    kept.load([BYE])
    assert len(files(tmp_path)) == 1
    assert kept.load([BYE]) == {BYE: TONE}


def used(root: Path, voice: str) -> bool:
    """A start with this voice, long after the one before; whether its sound was still there."""
    for folder in root.iterdir():
        os.utime(folder, (0, folder.stat().st_mtime - 100))
    return bool(KeptSounds(root, voice).load([HELLO]))


def test_the_voices_that_were_used_last_are_kept(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("Whatever else lies there stays.")
    for voice in ("first", "second"):
        KeptSounds(tmp_path, voice).write(HELLO, TONE)
        assert used(tmp_path, voice)
    assert used(tmp_path, "first")
    KeptSounds(tmp_path, "third").write(HELLO, TONE)
    assert used(tmp_path, "third")
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == VOICES_KEPT
    assert not used(tmp_path, "second")
    assert used(tmp_path, "first")
    assert (tmp_path / "readme.txt").exists()


def test_a_folder_that_cannot_be_made_is_an_error_when_written_and_empty_when_read(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    kept = KeptSounds(in_the_way, "voice")
    assert kept.load([HELLO]) == {}
    with pytest.raises(OSError):
        kept.write(HELLO, TONE)


def test_a_full_disk_leaves_nothing_half_written() -> None:
    """/dev/full is a disk that is full; a folder on it cannot be had, so the file itself stands there."""
    kept = KeptSounds(Path("/dev/full"), "voice")
    with pytest.raises(OSError):
        kept.write(HELLO, TONE)
    assert kept.load([HELLO]) == {}


def test_a_write_that_fails_in_the_middle_leaves_the_old_sound(tmp_path: Path) -> None:
    kept = KeptSounds(tmp_path, "voice")
    kept.write(HELLO, TONE)
    (file,) = files(tmp_path)
    file.with_suffix(".part").symlink_to("/dev/full")  # opens, and fails as a full disk does
    with pytest.raises(OSError, match="No space left"):
        kept.write(HELLO, Audio(TONE.pcm * 100, 16_000))
    assert kept.load([HELLO]) == {HELLO: TONE}
    assert list(file.parent.iterdir()) == [file]
