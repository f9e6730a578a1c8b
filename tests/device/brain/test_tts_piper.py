"""Piper with a real voice file, real phonemes and real inference; the voice speaks in tones."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.brain.clause import LONGEST_TEXT
from device.brain.moods import MOODS
from device.brain.piper_engine import PiperEngine
from device.brain.tts_piper import PiperTts
from device.brain.voice_level import TARGET_LEVEL, speech_level
from device.config import Piper, VoiceSettings
from device.contracts import Audio, Emotion
from device.errors import EngineMissing, SettingsError, TtsError
from device.jobs import HUNG_AT_MOST
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
        try:
            await voice.load(LOAD_S)
            return joined(await say(voice, text, emotion))
        finally:
            await voice.close()

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


def test_a_lively_mood_reaches_the_voice(model: Path) -> None:
    """This voice is the louder the more it varies."""
    moods = (Emotion.CALM, Emotion.EXCITED)
    calm, excited = (np.abs(samples(spoken(piper(model), TEXT, mood))).max() for mood in moods)
    share = (1 + 0.667 * MOODS[Emotion.EXCITED].liveliness) / (1 + 0.667 * MOODS[Emotion.CALM].liveliness)
    assert excited / calm == pytest.approx(share, rel=0.03)


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


@pytest.mark.parametrize(
    ("loudness", "hum", "steepest"),
    [(0.3, 0.0, 0.2), (0.0, 0.2, 0.005)],
    ids=["tones that swell", "a constant that begins and ends anywhere"],
)
def test_joins_between_clauses_and_sentences_do_not_click(
    tmp_path: Path, loudness: float, hum: float, steepest: float
) -> None:
    """A click is a jump from one sample to the next that is larger than the voice's own steepest."""
    model = make_piper_voice(tmp_path, loudness=loudness, hum=hum)

    async def story() -> Audio:
        voice = piper(model)
        pieces = [piece for text in ("Hello there,", "Ah. Oh. Eh.", TEXT) for piece in await say(voice, text)]
        await voice.close()
        return joined(pieces)

    sound = samples(asyncio.run(story()))
    assert np.abs(sound).max() > 0.09
    assert abs(sound[0]) < 0.005
    assert abs(sound[-1]) < 0.005
    assert np.abs(np.diff(sound)).max() < steepest


@pytest.mark.parametrize(("text", "tail_ms"), [("one moment,", 50), ("That is all.", 200)])
def test_a_pause_stays_behind_a_clause(model: Path, text: str, tail_ms: int) -> None:
    audio = spoken(piper(model, VoiceSettings(words_per_minute=80)), text)
    loud = np.flatnonzero(np.abs(samples(audio)) > 0.003)
    assert loud[0] / audio.rate_hz < 0.06
    assert (len(audio.pcm) / 2 - loud[-1]) / audio.rate_hz * 1000 <= tail_ms + 1


# --- stopping, hanging, taking turns -------------------------------------------------------------


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice that needs half a second or so for every sentence."""
    return make_piper_voice(tmp_path_factory.mktemp("slow"), work=500)


def test_closing_stops_the_voice_within_its_sentence_and_the_next_clause_works(slow: Path) -> None:
    async def story() -> None:
        voice = piper(slow)
        sound = voice.synthesise("One day. Two days. Three days. Four days.")
        await anext(sound)
        async with asyncio.timeout(1):  # real inference takes real time: four sentences take more
            await sound.aclose()  # type: ignore[attr-defined]
        assert voice._worker.given_up == 0
        assert await say(voice, "Hello.")
        await voice.close()

    asyncio.run(story())


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.2])
def test_cancelling_at_any_moment_leaves_a_voice_that_works(slow: Path, after_s: float) -> None:
    async def story() -> None:
        voice = piper(slow)
        await voice.load(LOAD_S)
        task = asyncio.ensure_future(say(voice, TEXT))
        await asyncio.sleep(after_s)  # real inference takes real time
        task.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait([task])
        assert task.cancelled()
        assert voice._worker.given_up == 0
        assert await say(voice, "Hello.")
        await voice.close()

    asyncio.run(story())


class Hanging(PiperTts):
    """Its first voices block in native code for as long as the test likes."""

    def __init__(self, model: Path, release: threading.Event, times: int = 1) -> None:
        super().__init__(model, VoiceSettings(), Piper(), 2, longest_wait_s=0.3)
        make = self._worker._make_engine
        hangs = iter([True] * times)

        def make_hanging_first() -> PiperEngine:
            engine = make()
            if next(hangs, False):
                engine.speak = lambda *_: iter([release.wait()])  # type: ignore[assignment,method-assign]
            return engine

        self._worker._make_engine = make_hanging_first


def test_a_voice_that_hangs_is_given_up_and_the_next_clause_has_a_new_one(model: Path) -> None:
    release = threading.Event()

    async def story() -> None:
        voice = Hanging(model, release)
        await voice.load(LOAD_S)
        with pytest.raises(TtsError, match=r"gave nothing for 0\.3 s"):
            await say(voice, TEXT)
        assert voice._worker.given_up == 1
        assert joined(await say(voice, TEXT)).duration_s > 0.5
        await voice.close()

    asyncio.run(story())
    release.set()


def test_a_hang_that_the_listener_cuts_short_is_cured_too(model: Path) -> None:
    release = threading.Event()

    async def story() -> None:
        voice = Hanging(model, release)
        voice._longest_wait_s = 30
        await voice.load(LOAD_S)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await say(voice, TEXT)
        assert voice._worker.given_up == 1
        assert await say(voice, TEXT)
        await voice.close()

    asyncio.run(story())
    release.set()


def test_a_voice_that_hangs_again_and_again_is_an_error_and_no_more_threads(model: Path) -> None:
    release = threading.Event()

    async def story() -> None:
        voice = Hanging(model, release, times=HUNG_AT_MOST + 1)
        await voice.load(LOAD_S)
        for _ in range(HUNG_AT_MOST):
            with pytest.raises(TtsError, match="gave nothing"):
                await say(voice, TEXT)
        for _ in range(2):
            with pytest.raises(TtsError, match="restart the device"):
                await say(voice, TEXT)
        await voice.close()

    asyncio.run(story())
    release.set()


def test_a_voice_that_is_still_being_loaded_again_is_waited_for_but_not_given_up(model: Path) -> None:
    loading, release = threading.Event(), threading.Event()

    async def story() -> None:
        voice = Hanging(model, release)
        await voice.load(LOAD_S)
        make = voice._worker._make_engine
        voice._worker._make_engine = lambda: (loading.wait(), make())[1]
        for complaint in ("gave nothing", "still being loaded", "still being loaded"):
            with pytest.raises(TtsError, match=complaint):
                await say(voice, TEXT)
        assert voice._worker.given_up == 1
        loading.set()
        voice._longest_wait_s = 30
        assert await say(voice, TEXT)
        await voice.close()

    asyncio.run(story())
    release.set()


def test_two_clauses_at_once_are_spoken_one_after_the_other(model: Path) -> None:
    async def story() -> tuple[list[Audio], list[Audio], list[Audio]]:
        voice = piper(model)
        both = await asyncio.gather(say(voice, "One. Two. Three."), say(voice, TEXT))
        alone = await say(voice, TEXT)
        await voice.close()
        return both[0], both[1], alone

    first, second, alone = asyncio.run(story())
    assert len(first) == 4
    assert joined(second) == joined(alone)


def test_the_event_loop_goes_on_while_the_voice_works(slow: Path) -> None:
    async def story() -> int:
        voice = piper(slow)
        await voice.load(LOAD_S)
        ticks = 0
        task = asyncio.ensure_future(say(voice, TEXT))
        while not task.done():
            await asyncio.sleep(0.005)
            ticks += 1
        await voice.close()
        return ticks

    assert asyncio.run(story()) > 20


def test_its_thread_ends_when_it_is_closed(model: Path) -> None:
    async def story() -> threading.Thread:
        voice = piper(model)
        thread = await voice._worker.run(lambda engine, stop: threading.current_thread(), LOAD_S)
        assert await say(voice, TEXT)
        await voice.close()
        return thread

    thread = asyncio.run(story())
    thread.join(5)
    assert not thread.is_alive()


def test_another_voice_or_setting_has_another_key(tmp_path: Path) -> None:
    model = make_piper_voice(tmp_path)
    other = make_piper_voice(tmp_path, name="other")
    voices = [
        piper(model),
        piper(other),
        piper(model, VoiceSettings(words_per_minute=150)),
        piper(model, speaker="1"),
        piper(model, variation=0.1),
        piper(model, rhythm=0.1),
    ]
    assert len({voice.sound_key for voice in voices}) == len(voices)
    before = voices[0].sound_key
    os.utime(f"{model}.json", (1, 1))
    assert piper(model).sound_key != before
    assert piper(model, VoiceSettings(volume=10), threads=3).sound_key == piper(model).sound_key


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


def test_a_voice_that_gives_no_numbers_is_refused(tmp_path: Path) -> None:
    assert "does not speak" in refused(piper(make_piper_voice(tmp_path, loudness=float("nan"))))


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
