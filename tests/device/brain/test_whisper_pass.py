"""One pass through real models: tiny ones with random weights, made here."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from device.brain.whisper_pass import FULL_FRAMES, Pass, WhisperPasses, frames_for, most_tokens_for
from device.config import Whisper
from device.contracts import RATE_HZ
from device.errors import EngineMissing
from tests.models_made.damage import Damage, cut_off, replaced, without
from tests.models_made.whisper import make_whisper

Samples = npt.NDArray[np.int16]
FULL, FITTED = Whisper(context="full"), Whisper(context="fitted")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_whisper(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for an address fails the test, even where there is no network."""

    def refuse(*_: object, **__: object) -> Iterator[None]:
        pytest.fail("a model was looked for in the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def sound(seconds: float) -> Samples:
    return np.random.default_rng(2).normal(0, 2000, int(seconds * RATE_HZ)).astype(np.int16)


def passes(model: Path, settings: Whisper = FULL) -> WhisperPasses:
    return WhisperPasses(model, "en", settings, threads=1)


@pytest.mark.parametrize("settings", [FULL, FITTED])
@pytest.mark.parametrize("seconds", [0.0001, 0.1, 3, 30])
def test_sound_of_any_length_becomes_text(model: Path, settings: Whisper, seconds: float) -> None:
    heard = passes(model, settings).transcribe(sound(seconds))
    assert heard.text.startswith("w")
    assert heard.text == heard.text.strip()
    assert "<|" not in heard.text
    assert heard.tokens > 0


def test_an_english_only_model_works_too(model: Path, tmp_path: Path) -> None:
    from ctranslate2.models import Whisper as Model

    english = make_whisper(tmp_path, multilingual=False)
    assert passes(english).transcribe(sound(2)).text
    assert Model(str(model)).is_multilingual
    assert not Model(str(english)).is_multilingual


def test_a_multilingual_model_is_told_the_language(model: Path) -> None:
    english, french = (WhisperPasses(model, code, FULL, threads=1) for code in ("en", "fr"))
    assert english.transcribe(sound(2)).text != french.transcribe(sound(2)).text


def test_how_sure_it_is_of_its_words_is_a_log_probability(model: Path) -> None:
    heard = passes(model).transcribe(sound(2))
    assert -1.5 < heard.mean_logprob < 0
    assert 0 <= heard.no_speech_prob < 0.01


def test_a_pass_tells_how_long_it_took(model: Path) -> None:
    engine = passes(model)
    engine.took_s = -1.0
    engine.transcribe(sound(1))
    assert engine.took_s > 0


def test_the_fitted_context_is_as_long_as_the_sound_and_128_positions_more() -> None:
    assert frames_for(5 * RATE_HZ) == 2 * (250 + 128)
    assert frames_for(5 * RATE_HZ + 1) == 2 * (251 + 128)
    assert frames_for(0) == 2 * 128
    assert frames_for(30 * RATE_HZ) == FULL_FRAMES


def test_the_context_makes_a_difference(model: Path) -> None:
    assert passes(model, FULL).transcribe(sound(2)) != passes(model, FITTED).transcribe(sound(2))


def test_a_model_that_finds_no_end_is_stopped_by_the_length_of_the_sound(tmp_path: Path) -> None:
    heard = passes(make_whisper(tmp_path, writes=None)).transcribe(sound(2))
    assert heard.tokens == most_tokens_for(2 * RATE_HZ) == 32
    assert heard.cut_short
    assert heard.loops
    assert not heard.plausible


def test_what_looks_wrong_in_a_fitted_context_is_done_again_in_full(tmp_path: Path) -> None:
    endless = make_whisper(tmp_path, writes=None)
    assert passes(endless, FITTED).transcribe(sound(2)) == passes(endless, FULL).transcribe(sound(2))


@pytest.mark.parametrize(
    ("text", "loops"),
    [("no no no no", False), ("set a timer for ten minutes please", False), ("thank you. " * 20, True)],
)
def test_a_text_that_repeats_itself_over_and_over_is_a_loop(text: str, loops: bool) -> None:
    assert Pass(text, 10, -0.1, 0.0, cut_short=False).loops is loops


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (without("model.bin"), "lacks model.bin"),
        (without("tokenizer.json"), "lacks tokenizer.json"),
        (without("vocabulary.json"), "cannot be loaded"),
        (cut_off("model.bin", 100_000), "cannot be loaded"),
        (replaced("model.bin", b""), "cannot be loaded"),
        (replaced("model.bin", bytes(100_000)), "cannot be loaded"),
        (replaced("config.json", b"{"), "cannot be loaded"),
        (replaced("tokenizer.json", b"{"), "cannot be loaded"),
        (replaced("preprocessor_config.json", b'{"feature_size": 128}'), "does not fit together"),
    ],
)
def test_a_damaged_model_is_told_in_one_sentence(
    model: Path, tmp_path: Path, damage: Damage, told: str
) -> None:
    folder = shutil.copytree(model, tmp_path / "whisper")
    damage(folder)
    with pytest.raises(EngineMissing, match=told) as raised:
        passes(folder)
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_tokenizer_of_another_model_does_not_fit(model: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models

    folder = shutil.copytree(model, tmp_path / "whisper")
    Tokenizer(models.BPE()).save(str(folder / "tokenizer.json"))
    with pytest.raises(EngineMissing, match="does not fit together"):
        passes(folder)


@pytest.mark.parametrize("kind", ["missing", "a file"])
def test_what_is_no_folder_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "tiny"
    if kind == "a file":
        path.write_text("not a model")
    with pytest.raises(EngineMissing, match="There is no speech model in"):
        passes(path)


def test_without_the_package_it_is_told_how_to_get_it(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EngineMissing, match="faster-whisper is not installed"):
        passes(model)
