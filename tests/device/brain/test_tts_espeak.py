"""The real program where it is installed; a scripted one, written here, for what it never does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec import convert

from device.brain.clause import LONGEST_TEXT
from device.brain.tts_espeak import EspeakVoice
from device.config import VoiceSettings
from device.contracts import Audio, Emotion
from device.errors import EngineMissing, SettingsError, TtsError

espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")

LONG = "This is a long story, and it goes on and on. " * 60


async def say(voice: EspeakVoice, text: str, emotion: Emotion = Emotion.NEUTRAL) -> list[Audio]:
    return [piece async for piece in voice.synthesise(text, emotion)]


def spoken(text: str, voice: EspeakVoice | None = None, emotion: Emotion = Emotion.NEUTRAL) -> Audio:
    pieces = asyncio.run(say(voice or EspeakVoice(VoiceSettings()), text, emotion))
    return Audio(b"".join(piece.pcm for piece in pieces), pieces[0].rate_hz if pieces else 22_050)


def silences_ms(audio: Audio) -> tuple[float, float]:
    """How long it is quiet before and after the sound."""
    loud = np.flatnonzero(np.abs(np.frombuffer(audio.pcm, np.int16).astype(int)) > 100)
    samples = len(audio.pcm) // 2
    return loud[0] * 1000 / audio.rate_hz, (samples - 1 - loud[-1]) * 1000 / audio.rate_hz


def children() -> set[str]:
    """The processes that this one has started and not yet reaped."""
    found: set[str] = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            found |= set((task / "children").read_text().split())
    return found


def fake_program(folder: Path, body: str) -> str:
    """An executable that behaves as `body` says once it is asked to speak; it knows every voice."""
    program = folder / "fake-espeak"
    program.write_text(
        f"#!{sys.executable}\nimport sys, time, os\ntext = sys.stdin.buffer.read()\nif not text:\n"
        f"    sys.exit(0)\nout = sys.stdout.buffer\n{body}\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def scripted(folder: Path, body: str, longest_wait_s: float = 10.0) -> EspeakVoice:
    return EspeakVoice(VoiceSettings(), fake_program(folder, body), longest_wait_s)


HEADER = (
    "import struct\n"
    "out.write(struct.pack('<4sI4s4sIHHIIHH4sI', b'RIFF', 2**31, b'WAVE', b'fmt ', 16, 1, 1, 22050,"
    " 44100, 2, 16, b'data', 2**31))\nout.flush()\n"
)


@espeak
def test_a_sentence_becomes_sound_at_22050_hz() -> None:
    audio = spoken("Hello, how are you today?")
    assert audio.rate_hz == 22_050
    assert 0.8 < audio.duration_s < 3


@espeak
def test_sound_comes_in_pieces_that_are_whole_samples() -> None:
    pieces = asyncio.run(say(EspeakVoice(VoiceSettings()), LONG[:300]))
    assert len(pieces) > 10
    assert all(piece.pcm and len(piece.pcm) % 2 == 0 for piece in pieces)


@espeak
@pytest.mark.parametrize(("text", "longest_tail_ms"), [("one moment,", 50), ("That is all.", 200)])
def test_silence_around_a_clause_is_cut(text: str, longest_tail_ms: int) -> None:
    lead_ms, tail_ms = silences_ms(spoken(text))
    assert lead_ms <= 51
    assert longest_tail_ms - 2 <= tail_ms <= longest_tail_ms + 1


@espeak
@pytest.mark.parametrize("text", ["", "   ", "\n", "🙂🎉", "\0\0", "***", "…", "--- ---"])
def test_what_has_no_words_is_not_spoken(text: str) -> None:
    assert spoken(text).pcm == b""


@espeak
@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("hello\0there", "hello there"),
        ("hello 🙂 there", "hello there"),
        ("**hello** _there_", "hello there"),
        ("<speak>hello</speak> there", "hello there"),
        ("[[hello]] there", "hello there"),
        ("[hello](http://example.org/x) there", "hello there"),
        ("hello\x1b there", "hello there"),
    ],
)
def test_markup_and_control_characters_do_not_change_what_is_said(odd: str, plain: str) -> None:
    assert spoken(odd) == spoken(plain)


@espeak
@pytest.mark.parametrize("text", ["-v", "--version", "-f /etc/passwd", "; echo hello", "3 < 5 & 2"])
def test_text_is_never_an_option_or_a_command(text: str) -> None:
    assert spoken(text).duration_s > 0.2


@espeak
def test_rate_and_voice_change_the_sound() -> None:
    text = "The weather is fine today"
    slow = spoken(text, EspeakVoice(VoiceSettings(words_per_minute=100)))
    fast = spoken(text, EspeakVoice(VoiceSettings(words_per_minute=300)))
    assert slow.duration_s > 1.5 * fast.duration_s
    assert spoken(text, EspeakVoice(VoiceSettings(pitch=90))) != spoken(text)


@espeak
def test_moods_differ_in_pace_and_pitch_and_neutral_is_the_voice_as_it_was_set() -> None:
    text = "The weather is fine today"
    sounds = {emotion: spoken(text, emotion=emotion) for emotion in Emotion}
    assert len({sound.pcm for sound in sounds.values()}) == len(Emotion)
    assert sounds[Emotion.EXCITED].duration_s < sounds[Emotion.SAD].duration_s
    assert sounds[Emotion.NEUTRAL] == spoken(text)


@espeak
@pytest.mark.parametrize(("pitch", "emotion"), [(99, Emotion.EXCITED), (0, Emotion.SAD)])
def test_a_mood_never_leaves_the_range_of_the_program(pitch: int, emotion: Emotion) -> None:
    voice = EspeakVoice(VoiceSettings(pitch=pitch, words_per_minute=450))
    assert spoken("hello there", voice, emotion).duration_s > 0.1


@espeak
def test_another_voice_or_setting_has_another_key() -> None:
    settings = [{}, {"name": "de"}, {"words_per_minute": 150}, {"pitch": 60}]
    assert len({EspeakVoice(convert(s, VoiceSettings)).sound_key for s in settings}) == len(settings)


@espeak
@pytest.mark.parametrize("name", ["nosuchvoice", "-x", "en; ls", "", "../../etc/passwd"])
def test_an_unknown_voice_is_refused_at_once(name: str) -> None:
    with pytest.raises(SettingsError, match="espeak-ng --voices"):
        EspeakVoice(VoiceSettings(name=name))


def test_a_missing_program_says_how_to_install_it() -> None:
    with pytest.raises(EngineMissing, match="apt-get install espeak-ng"):
        EspeakVoice(VoiceSettings(), program="no-such-program-here")


@espeak
def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(TtsError, match="too long"):
        spoken("a" * (LONGEST_TEXT + 1))


@espeak
def test_the_longest_text_is_spoken() -> None:
    assert spoken(("wörd " * LONGEST_TEXT)[:LONGEST_TEXT]).duration_s > 60


@espeak
@pytest.mark.parametrize("pause_s", [0.0, 0.3], ids=["at once", "with the pipe full"])
def test_closing_in_the_middle_ends_the_process(pause_s: float) -> None:
    async def story() -> None:
        before = children()
        sound = EspeakVoice(VoiceSettings()).synthesise(LONG)
        await anext(sound)
        assert children() > before
        await asyncio.sleep(pause_s)  # a real process fills a real pipe
        async with asyncio.timeout(5):
            await sound.aclose()  # type: ignore[attr-defined]
        assert children() == before

    asyncio.run(story())


def cancelled_while(story: Callable[[], Awaitable[object]], after_s: float) -> None:
    async def outer() -> None:
        task = asyncio.ensure_future(story())
        await asyncio.sleep(after_s)  # real processes take real time
        task.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(outer())


@espeak
@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.01, 0.05])
def test_cancelling_at_any_moment_leaves_no_process(after_s: float) -> None:
    before = children()
    voice = EspeakVoice(VoiceSettings())

    async def speak_for_ever() -> None:
        while True:
            await say(voice, LONG)

    cancelled_while(speak_for_ever, after_s)
    assert children() == before


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("sys.exit(3)", "gave no sound"),
        ("sys.stderr.write('out of order'); sys.exit(3)", "out of order"),
        ("out.write(b'not a wav at all, but a long text that goes on')", "RIFF"),
        (HEADER + "out.write(bytes(1000)); out.flush(); sys.stderr.write('lost it'); sys.exit(1)", "lost it"),
        (HEADER.replace("1, 1, 22050", "1, 2, 22050"), "2 channels"),
        ("out.write(b'RIFF....WAVEjunk' + b'\\xff' * 4)", "before the samples"),
    ],
    ids=["fails", "complains", "not a WAV", "fails late", "stereo", "endless header"],
)
def test_a_program_that_fails_is_one_clear_error(tmp_path: Path, body: str, complaint: str) -> None:
    with pytest.raises(TtsError, match=complaint):
        spoken("hello", scripted(tmp_path, body))


@pytest.mark.parametrize("before", ["", HEADER], ids=["from the start", "after its header"])
def test_a_program_that_hangs_is_stopped(tmp_path: Path, before: str) -> None:
    waiting = children()
    with pytest.raises(TtsError, match=r"gave nothing for 0\.3 s"):
        spoken("hello", scripted(tmp_path, before + "time.sleep(60)", longest_wait_s=0.3))
    assert children() == waiting


def test_a_program_that_cannot_be_started_is_one_clear_error(tmp_path: Path) -> None:
    voice = scripted(tmp_path, "")
    (tmp_path / "fake-espeak").unlink()
    with pytest.raises(TtsError, match="could not be started"):
        spoken("hello", voice)


def test_what_is_said_is_not_among_the_arguments(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    body = f"open({str(seen)!r}, 'w').write(' '.join(sys.argv))\n{HEADER}out.write(b'\\x00\\x40' * 1000)"
    spoken("a secret of mine", scripted(tmp_path, body))
    assert seen.read_text()
    assert "secret" not in seen.read_text()


def test_a_half_sample_at_the_end_is_dropped(tmp_path: Path) -> None:
    body = HEADER + "out.write(b'\\x00\\x40' * 1000 + b'\\x00')"
    assert spoken("hello", scripted(tmp_path, body)).pcm == b"\x00\x40" * 1000
