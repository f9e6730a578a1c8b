"""A real streaming recogniser behind its port: a transducer made here, which counts the sounds it hears."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from device.brain.stt_sherpa import SherpaStt
from device.config import Sherpa
from device.contracts import FRAME_BYTES, RATE_HZ, Frame, Transcript
from device.errors import EngineMissing
from tests.models_made.damage import Damage, cut_off, replaced, without
from tests.models_made.transducer import make_transducer

RNG = np.random.default_rng(8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_transducer(tmp_path_factory.mktemp("transducer"))


def noise(seconds: float, level: float) -> bytes:
    return RNG.normal(0, level, int(seconds * RATE_HZ)).astype(np.int16).tobytes()


def sounds(count: int) -> bytes:
    """So many sounds, between silences."""
    return noise(0.5, 3) + count * (noise(0.3, 3000) + noise(0.3, 3))


def frames(pcm: bytes) -> list[Frame]:
    return [Frame(pcm[at : at + FRAME_BYTES], 0.0) for at in range(0, len(pcm), FRAME_BYTES)]


async def transcripts(stt: SherpaStt, *utterances: bytes) -> list[Transcript]:
    heard = []
    for pcm in utterances:
        listening = stt.listen()
        for frame in frames(pcm):
            listening.feed(frame)
        heard.append(await listening.finish())
        await listening.abandon()
    await stt.close()
    return heard


def hear(model: Path, *utterances: bytes) -> list[Transcript]:
    return asyncio.run(transcripts(SherpaStt(model, Sherpa(), cores=1), *utterances))


def test_every_utterance_is_heard_from_its_beginning(model: Path) -> None:
    heard = hear(model, sounds(3), sounds(2))
    assert [transcript.text for transcript in heard] == ["one two three", "one two"]
    assert all(transcript.certain and transcript.engine == "sherpa" for transcript in heard)


def test_a_sound_right_up_to_the_release_is_heard(model: Path) -> None:
    (heard,) = hear(model, sounds(1) + noise(0.02, 3000))
    assert heard.text == "one two"


@pytest.mark.parametrize("pcm", [b"", bytes(320), bytes(2 * RATE_HZ), noise(1, 3)])
def test_silence_is_no_speech(model: Path, pcm: bytes) -> None:
    assert hear(model, pcm) == [Transcript("", "sherpa", 0.0, certain=False, speech=False)]


def test_the_words_are_shown_as_they_are_spoken(model: Path) -> None:
    async def scenario() -> list[str]:
        stt = SherpaStt(model, Sherpa(), cores=1)
        await stt.load(30)
        listening = stt.listen()
        shown = []
        async with asyncio.timeout(30):
            for sound in range(3):
                listening.feed(Frame(sounds(1), 0.0))
                while len(listening.partial.split()) <= sound:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
                shown.append(listening.partial)
        await listening.abandon()
        await stt.close()
        return shown

    assert asyncio.run(scenario()) == ["one", "one two", "one two three"]


def test_abandoning_ends_the_work_and_the_next_utterance_is_heard(model: Path) -> None:
    async def scenario() -> str:
        stt = SherpaStt(model, Sherpa(), cores=1)
        listening = stt.listen()
        listening.feed(Frame(sounds(5), 0.0))
        await listening.abandon()
        await listening.abandon()
        return (await transcripts(stt, sounds(1)))[0].text

    assert asyncio.run(scenario()) == "one"


def test_smaller_weights_are_preferred(model: Path, tmp_path: Path) -> None:
    """Those that are not are not even looked at: these could not be loaded."""
    make_transducer(tmp_path, ".int8")
    for part in ("encoder", "decoder", "joiner"):
        (tmp_path / f"{part}-epoch-1.onnx").write_bytes(b"not a model")
    assert hear(tmp_path, sounds(1))[0].text == "one"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (without("encoder-epoch-1.onnx"), "lacks its encoder"),
        (without("joiner-epoch-1.onnx"), "lacks its joiner"),
        (without("tokens.txt"), "lacks tokens.txt"),
        (replaced("encoder-epoch-1.onnx", b""), "is damaged"),
        (replaced("joiner-epoch-1.onnx", b"not a model"), "cannot be loaded"),
        (replaced("tokens.txt", b""), "is damaged"),
        (replaced("tokens.txt", b"\xff\xfe\n\nword"), "is damaged"),
        (cut_off("encoder-epoch-1.onnx", 150), "is damaged|cannot be loaded"),
        (cut_off("decoder-epoch-1.onnx", 150), "is damaged|cannot be loaded"),
    ],
)
def test_a_damaged_model_is_told_and_ends_nothing(
    model: Path, tmp_path: Path, damage: Damage, told: str
) -> None:
    """The engine itself would end the process over some of these."""
    folder = shutil.copytree(model, tmp_path / "transducer")
    damage(folder)
    with pytest.raises(EngineMissing, match=told):
        asyncio.run(SherpaStt(folder, Sherpa(), cores=1).load(30))


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="There is no speech model in"):
        asyncio.run(SherpaStt(tmp_path / "nowhere", Sherpa(), cores=1).load(30))


def test_without_the_package_it_is_told_how_to_get_it(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(EngineMissing, match="sherpa-onnx is not installed"):
        asyncio.run(SherpaStt(model, Sherpa(), cores=1).load(30))
