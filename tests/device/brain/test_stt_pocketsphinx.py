"""Spoken commands through the engine; the sound is made by espeak-ng."""

from __future__ import annotations

import asyncio
import io
import logging
import shutil
import subprocess
import threading
import time

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr
from hassil.intents import Intents

from device.brain import templates
from device.brain.speech_grammar import Grammar
from device.brain.stt_pocketsphinx import PocketsphinxStt
from device.brain.template_grammar import template_grammar
from device.contracts import FRAME_SAMPLES, RATE_HZ, Frame, Transcript
from device.errors import SttError

Samples = npt.NDArray[np.int16]

COMMANDS = ["what time is it", "tell me a joke", "set the volume to thirty percent", "look to the left"]


def grammar(*sentences: str) -> Grammar:
    intents = {"it": {"data": [{"sentences": list(sentences)}]}}
    lists = {"percent": {"range": {"from": 0, "to": 100}}}
    return template_grammar(Intents.from_dict({"language": "en", "intents": intents, "lists": lists}))


WIDE = grammar(
    "what (time|day) is it",
    "(tell|read) me a (joke|story)",
    "(set|turn) the volume to {percent} percent",
    "look [to the] (left|right)",
    "stop",
)


def spoken(text: str) -> Samples:
    """As people press: a little room before and after."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng to speak the commands")
    wav = subprocess.run(
        ["espeak-ng", "-v", "en-us", "--stdout", text], capture_output=True, check=True
    ).stdout
    voice, rate_hz = soundfile.read(io.BytesIO(wav), dtype="int16")
    room = np.zeros(RATE_HZ // 3, np.int16)
    return np.concatenate([room, soxr.resample(voice, rate_hz, RATE_HZ), room])


def frames(samples: Samples) -> list[Frame]:
    count = len(samples) // FRAME_SAMPLES
    blocks = samples[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES)
    return [Frame(block.tobytes(), 0.0) for block in blocks]


async def transcripts(stt: PocketsphinxStt, *sounds: Samples) -> list[Transcript]:
    heard = []
    try:
        for samples in sounds:
            listening = stt.listen()
            for frame in frames(samples):
                listening.feed(frame)
            heard.append(await listening.finish())
            await listening.abandon()
    finally:
        await stt.close()
    return heard


def hear(*sounds: Samples, known: Grammar = WIDE) -> list[Transcript]:
    return asyncio.run(transcripts(PocketsphinxStt(known, {}), *sounds))


def test_spoken_commands_are_recognised() -> None:
    heard = hear(*map(spoken, COMMANDS))
    assert [transcript.text for transcript in heard] == COMMANDS
    assert all(transcript.speech and transcript.engine == "pocketsphinx" for transcript in heard)


@pytest.mark.parametrize("seconds", [0, 0.01, 2])
def test_digital_silence_is_not_speech(seconds: float) -> None:
    (transcript,) = hear(np.zeros(int(seconds * RATE_HZ), np.int16))
    assert transcript.text == ""
    assert not transcript.speech


def test_an_utterance_does_not_depend_on_the_one_before() -> None:
    sound = spoken(COMMANDS[0])
    loud = np.clip(spoken(COMMANDS[2]).astype(np.int32) * 8, -32768, 32767).astype(np.int16)
    assert len({(heard.text, heard.confidence) for heard in hear(sound, loud, sound)[::2]}) == 1


def test_the_same_sound_gives_the_same_transcript_however_it_is_cut() -> None:
    async def whole(samples: Samples) -> Transcript:
        stt = PocketsphinxStt(WIDE, {})
        listening = stt.listen()
        listening.feed(Frame(samples.tobytes(), 0.0))
        heard = await listening.finish()
        await stt.close()
        return heard

    sound = spoken(COMMANDS[1])
    sound = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES]
    assert asyncio.run(whole(sound)).text == hear(sound)[0].text


def test_abandoning_ends_the_work_and_the_next_utterance_is_heard() -> None:
    sound = spoken(COMMANDS[0])

    async def scenario() -> Transcript:
        stt = PocketsphinxStt(WIDE, {})
        given_up = stt.listen()
        for frame in frames(sound)[:20]:
            given_up.feed(frame)
        await given_up.abandon()
        await given_up.abandon()
        return (await transcripts(stt, sound))[0]

    assert asyncio.run(scenario()).text == COMMANDS[0]


def test_closing_ends_the_thread() -> None:
    async def scenario() -> None:
        stt = PocketsphinxStt(WIDE, {})
        await stt.load(deadline_s=30)
        await stt.close()

    asyncio.run(scenario())
    for thread in threading.enumerate():
        if thread.name == "speech recogniser":
            thread.join(timeout=5)
            assert not thread.is_alive()


def test_words_without_a_pronunciation_are_told_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(pronunciations: dict[str, str]) -> frozenset[str]:
        stt = PocketsphinxStt(grammar("stop [zzyzx]", "call qwzx"), pronunciations)
        unknown = await stt.load(deadline_s=30)
        await stt.close()
        return unknown

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(scenario({"zzyzx": "Z IH Z IH K S"})) == {"qwzx"}
    assert "qwzx" in caplog.text


def test_a_grammar_without_any_known_word_is_an_error() -> None:
    with pytest.raises(SttError, match="no command"):
        hear(np.zeros(RATE_HZ, np.int16), known=grammar("qwzx"))


def test_hopeless_sound_is_decoded_in_bounded_time() -> None:
    """Clipped speech, forty times too loud, once took several times its duration. CPU time of all threads."""
    voice = np.tile(spoken(COMMANDS[0]), 3).astype(np.int32)
    clipped = np.clip(voice * 40, -32768, 32767).astype(np.int16)
    start_s = time.process_time()
    hear(clipped, known=template_grammar(templates.for_speech("en").intents))
    assert time.process_time() - start_s < len(clipped) / RATE_HZ + 3.0


def test_every_spoken_word_of_the_product_has_a_pronunciation() -> None:
    async def scenario() -> frozenset[str]:
        speech = templates.for_speech("en")
        stt = PocketsphinxStt(template_grammar(speech.intents, speech.before, speech.after))
        unknown = await stt.load(deadline_s=60)
        await stt.close()
        return unknown

    assert asyncio.run(scenario()) == frozenset()
