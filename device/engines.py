"""The engines that the settings and this machine call for: the one place where they are named."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from device.brain import templates
from device.brain.packs import phrases
from device.brain.recogniser import Recogniser
from device.brain.safety.gate import load_gate
from device.brain.stt_pocketsphinx import PocketsphinxStt
from device.brain.template_grammar import template_grammar
from device.brain.tts_espeak import EspeakVoice
from device.choosing import Chosen, Loaders, choose
from device.config import Settings
from device.contracts import Stock
from device.errors import EngineMissing
from device.ports import LanguageModel, SafetyGate, SpeechToText, TextToSpeech

T = TypeVar("T")

LOADING_S = 60.0


@dataclass(frozen=True, slots=True)
class Engines:
    """What is slow to load and can serve one session after another."""

    stt: SpeechToText
    tts: TextToSpeech
    model: LanguageModel | None
    gate: SafetyGate
    recogniser: Recogniser
    phrases: Callable[[Stock], str]
    missed: Mapping[str, tuple[str, ...]]
    """By stage (stt, llm, tts): why better engines do not serve, a sentence each."""


@contextlib.asynccontextmanager
async def load_engines(settings: Settings) -> AsyncIterator[Engines]:
    """The engines, loaded side by side, closed at the end. Raises EngineMissing when a stage has none."""
    wanted = settings.engines
    async with contextlib.AsyncExitStack() as closing:
        async with asyncio.TaskGroup() as loading:
            hearing = loading.create_task(choose("STT", wanted.stt, _ears(settings)))
            speaking = loading.create_task(choose("TTS", wanted.tts, _voices(settings)))
        stt, tts = _one_of("speech to text", hearing.result()), _one_of("text to speech", speaking.result())
        closing.push_async_callback(stt.close)
        closing.push_async_callback(tts.close)
        yield Engines(
            stt=stt,
            tts=tts,
            model=None,
            gate=load_gate(
                settings.language, settings.country, for_adults=settings.character.safety == "adult"
            ),
            recogniser=Recogniser(settings.language),
            phrases=phrases(settings.language, name=settings.character.name),
            missed={"stt": hearing.result().missed, "tts": speaking.result().missed},
        )


def _ears(settings: Settings) -> Loaders[SpeechToText]:
    async def pocketsphinx() -> SpeechToText:
        spoken = templates.for_speech(settings.language)
        grammar = template_grammar(spoken.intents, spoken.before, spoken.after)
        stt = PocketsphinxStt(grammar, urgent=templates.spoken_as(spoken, "stop"))
        await stt.load(LOADING_S)
        return stt

    return {"pocketsphinx": pocketsphinx}


def _voices(settings: Settings) -> Loaders[TextToSpeech]:
    async def espeak() -> TextToSpeech:
        return EspeakVoice(settings.voice)

    return {"espeak": espeak}


def _one_of(stage: str, chosen: Chosen[T]) -> T:
    if not chosen.engines:
        raise EngineMissing(f"There is no engine for {stage}. {' '.join(chosen.missed)}")
    return chosen.engines[0]
