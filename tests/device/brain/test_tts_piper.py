"""Piper with a real voice file, real phonemes and real inference; the voice speaks in tones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.brain.clause import LONGEST_TEXT
from device.brain.tts_piper import PiperTts
from device.brain.voice_level import TARGET_LEVEL, speech_level
from device.config import Piper, VoiceSettings
from device.contracts import Audio, Emotion
from device.errors import EngineMissing, SettingsError, TtsError
from tests.models_made.piper_voice import make_piper_voice

LOAD_S = 60
TEXT = "The weather is fine today"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_piper_voice(tmp_path_factory.mktemp("voice"))


@pytest.fixture(scope="module")
def choir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_piper_voice(tmp_path_factory.mktemp("choir"), speakers=("anna", "bert"))


def piper(model: Path, voice: VoiceSettings | None = None, /, cores: int = 2, **chosen: Any) -> PiperTts:
    return PiperTts(model, voice or VoiceSettings(), Piper(**chosen), cores, longest_wait_s=30)


async def say(voice: PiperTts, text: str, emotion: Emotion = Emotion.NEUTRAL) -> list[Audio]:
    return [piece async for piece in voice.synthesise(text, emotion)]


def joined(pieces: list[Audio]) -> Audio:
    return Audio(b"".join(piece.pcm for piece in pieces), pieces[0].rate_hz if pieces else 0)


def spoken(voice: PiperTts, text: str = TEXT, emotion: Emotion = Emotion.NEUTRAL) -> Audio:
    async def story() -> Audio:
        await voice.load(LOAD_S)
        sound = joined(await say(voice, text, emotion))
        await voice.close()
        return sound

    return asyncio.run(story())


def samples(audio: Audio) -> np.ndarray:
    return np.frombuffer(audio.pcm, np.int16).astype(np.float32) / 32_768


def level(audio: Audio) -> float:
    return speech_level(samples(audio), audio.rate_hz)


def brightness_hz(audio: Audio) -> float:
    """The middle of the spectrum."""
    power = np.abs(np.fft.rfft(samples(audio))) ** 2
    return float((np.fft.rfftfreq(len(audio.pcm) // 2, 1 / audio.rate_hz) * power).sum() / power.sum())


# --- sound ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [16_000, 22_050])
def test_text_becomes_sound_at_the_rate_of_the_voice(tmp_path: Path, rate_hz: int) -> None:
    audio = spoken(piper(make_piper_voice(tmp_path, rate_hz=rate_hz)))
    assert audio.rate_hz == rate_hz
    assert 0.5 < audio.duration_s < 3
    assert level(audio) > 0.05


def test_sound_grows_with_the_text(model: Path) -> None:
    assert (
        spoken(piper(model), TEXT + " and so it goes on").duration_s > 1.5 * spoken(piper(model)).duration_s
    )


def test_each_sentence_is_a_piece(model: Path) -> None:
    async def story() -> int:
        voice = piper(model)
        pieces = await say(voice, "One day. Two days. Three days.")
        await voice.close()
        return len(pieces)

    assert asyncio.run(story()) == 4  # the last is the pause behind them


def test_fewer_words_per_minute_are_slower(model: Path) -> None:
    slow, own, fast = (spoken(piper(model, VoiceSettings(words_per_minute=w))) for w in (82, 165, 330))
    assert slow.duration_s == pytest.approx(2 * own.duration_s, rel=0.1)
    assert fast.duration_s == pytest.approx(own.duration_s / 2, rel=0.1)


def test_rhythm_reaches_the_voice(model: Path) -> None:
    assert (
        brightness_hz(spoken(piper(model, rhythm=1.0))) > brightness_hz(spoken(piper(model, rhythm=0.0))) + 50
    )


def test_speakers_differ_and_are_chosen_by_name_or_number(choir: Path) -> None:
    anna, bert = (spoken(piper(choir, speaker=name)) for name in ("anna", "bert"))
    assert brightness_hz(bert) > 1.5 * brightness_hz(anna)
    assert spoken(piper(choir, speaker="1")) == bert
    assert spoken(piper(choir)) == anna


def test_moods_differ_in_pace(model: Path) -> None:
    durations_s = {emotion: spoken(piper(model), TEXT, emotion).duration_s for emotion in Emotion}
    assert durations_s[Emotion.EXCITED] < durations_s[Emotion.NEUTRAL] < durations_s[Emotion.SAD]
    assert durations_s[Emotion.SAD] < 1.25 * durations_s[Emotion.NEUTRAL]


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("hello 🙂 there", "hello there"),
        ("**hello** _there_", "hello there"),
        ("[[hello]] there", "hello there"),
        ("<speak>hello</speak> there", "hello there"),
        ("hello\0\x1bthere", "hello there"),
    ],
)
def test_markup_and_raw_phonemes_do_not_change_what_is_said(model: Path, odd: str, plain: str) -> None:
    assert spoken(piper(model), odd) == spoken(piper(model), plain)


@pytest.mark.parametrize("text", ["", "   ", "🙂🎉", "***", "…", "[[ ]]", "\0"])
def test_what_has_no_words_is_not_spoken(model: Path, text: str) -> None:
    assert spoken(piper(model), text).pcm == b""


@pytest.mark.parametrize("text", ["Grüß Gott, schöne Welt", "Привет", "你好", "مرحبا", "3 < 5 & 2"])
def test_words_of_other_languages_are_spoken_somehow(model: Path, text: str) -> None:
    assert spoken(piper(model), text).duration_s > 0.2


def test_a_voice_made_of_letters_speaks(tmp_path: Path) -> None:
    audio = spoken(piper(make_piper_voice(tmp_path, phoneme_type="text")), "hello there")
    assert audio.duration_s == pytest.approx(11 * 2 * 0.03, abs=0.2)


def test_a_very_long_clause_is_spoken_whole(model: Path) -> None:
    words = 180
    audio = spoken(piper(model, VoiceSettings(words_per_minute=450)), "hello " * words)
    one = spoken(piper(model, VoiceSettings(words_per_minute=450)), "hello hello").duration_s / 2
    assert audio.duration_s > 0.8 * words * one


def test_a_text_that_is_too_long_is_refused(model: Path) -> None:
    with pytest.raises(TtsError, match="too long"):
        spoken(piper(model), "a" * (LONGEST_TEXT + 1))


# --- loudness and edges --------------------------------------------------------------------------


@pytest.mark.parametrize("loudness", [0.03, 0.3, 0.9, 3.0])
def test_quiet_and_loud_voices_sound_alike(tmp_path: Path, loudness: float) -> None:
    assert level(spoken(piper(make_piper_voice(tmp_path, loudness=loudness)))) == pytest.approx(
        TARGET_LEVEL, rel=0.15
    )


def test_every_clause_is_equally_loud(model: Path) -> None:
    async def story() -> list[float]:
        voice = piper(model)
        texts = ["Yes.", "Oh!", TEXT, "One moment,", "and then we all go home together."]
        levels = [level(joined(await say(voice, text))) for text in texts]
        await voice.close()
        return levels

    levels = asyncio.run(story())
    assert max(levels) < 1.2 * min(levels)


def test_a_voice_that_varies_much_does_not_clip(tmp_path: Path) -> None:
    audio = spoken(piper(make_piper_voice(tmp_path, loudness=5.0), variation=1.0), TEXT, Emotion.EXCITED)
    assert np.abs(samples(audio)).max() < 0.999


def test_joins_between_clauses_and_sentences_do_not_click(model: Path) -> None:
    """The tones of this voice move by some hundredths from one sample to the next; a click is a jump."""

    async def story() -> Audio:
        voice = piper(model)
        pieces = [piece for text in ("Hello there,", "Ah. Oh. Eh.", TEXT) for piece in await say(voice, text)]
        await voice.close()
        return joined(pieces)

    sound = samples(asyncio.run(story()))
    assert abs(sound[0]) < 0.005
    assert abs(sound[-1]) < 0.005
    assert np.abs(np.diff(sound)).max() < 0.2


@pytest.mark.parametrize(("text", "tail_ms"), [("one moment,", 50), ("That is all.", 200)])
def test_a_pause_stays_behind_a_clause(model: Path, text: str, tail_ms: int) -> None:
    audio = spoken(piper(model, VoiceSettings(words_per_minute=80)), text)
    loud = np.flatnonzero(np.abs(samples(audio)) > 0.003)
    assert loud[0] / audio.rate_hz < 0.06
    assert (len(audio.pcm) / 2 - loud[-1]) / audio.rate_hz * 1000 <= tail_ms + 1


# --- voices that cannot be used ------------------------------------------------------------------


def refused(voice: PiperTts) -> str:
    with pytest.raises(EngineMissing) as caught:
        spoken(voice)
    return str(caught.value)


def test_a_missing_voice_is_one_clear_sentence(tmp_path: Path) -> None:
    assert "There is no voice at" in refused(piper(tmp_path / "none.onnx"))


def test_a_voice_without_its_json_is_refused(tmp_path: Path) -> None:
    model = make_piper_voice(tmp_path)
    Path(f"{model}.json").unlink()
    assert "tones.onnx.json" in refused(piper(model))


def test_a_cut_model_is_refused(tmp_path: Path) -> None:
    model = make_piper_voice(tmp_path)
    model.write_bytes(model.read_bytes()[:500])
    assert "cannot be loaded" in refused(piper(model))


@pytest.mark.parametrize(
    "content", [b"", b"not a model at all", b"\0" * 1000], ids=["empty", "text", "zeros"]
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    model = make_piper_voice(tmp_path)
    model.write_bytes(content)
    assert "fetch the voice again" in refused(piper(model))


def spoilt(**changes: object) -> Callable[[dict[str, Any]], object]:
    return lambda config: {**config, **changes}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda config: [config],
        lambda config: {},
        spoilt(audio={}),
        spoilt(audio={"sample_rate": "22050"}),
        spoilt(audio={"sample_rate": 0}),
        spoilt(phoneme_type="pinyin"),
        spoilt(phoneme_id_map={"a": [14]}),
        spoilt(phoneme_id_map=None),
        spoilt(num_speakers=4),
        spoilt(num_speakers="many"),
        spoilt(espeak={"voice": "no-such-language"}),
        spoilt(inference={"length_scale": "long"}),
    ],
)
def test_a_json_of_something_else_is_refused(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], object]
) -> None:
    model = make_piper_voice(tmp_path)
    path = Path(f"{model}.json")
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    assert "fetch the voice again" in refused(piper(model))


def test_a_json_that_is_cut_is_refused(tmp_path: Path) -> None:
    model = make_piper_voice(tmp_path)
    path = Path(f"{model}.json")
    path.write_bytes(path.read_bytes()[:100] + b"\xff")
    assert "cannot be read as JSON" in refused(piper(model))


@pytest.mark.parametrize("speaker", ["carla", "2", "-1", "1.0", "²"])
def test_an_unknown_speaker_is_refused_with_the_choice(choir: Path, speaker: str) -> None:
    with pytest.raises(SettingsError, match="a number below 2 or one of anna, bert"):
        spoken(piper(choir, speaker=speaker))
