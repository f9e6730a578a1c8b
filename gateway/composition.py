"""The one place where the gateway's parts are named and put together."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from device.config import Piper, VoiceSettings, Whisper
from device.errors import SettingsError
from device.ports import SpeechToText, TextToSpeech
from gateway import codec
from gateway.answering import Answering
from gateway.endpoints import client
from gateway.metrics import Metrics
from gateway.minds.openai_mind import OpenAiMind
from gateway.minds.ports import Mind
from gateway.minds.scripted import ScriptedMind
from gateway.remote_stt import RemoteStt
from gateway.remote_tts import RemoteTts
from gateway.safety import ModerationSafety, SafetyHook, WordSafety
from gateway.services import Services
from gateway.settings import Settings, Stt, Tts
from gateway.settings_load import data_folder
from gateway.stores.sqlite import open_stores

LOADS_WITHIN_S = 120.0


@asynccontextmanager
async def open_services(settings: Settings, env: Mapping[str, str]) -> AsyncIterator[Services]:
    """Everything, loaded and ready. Raises SettingsError, EngineMissing, StoreError."""
    metrics = Metrics()
    async with AsyncExitStack() as closing:
        mind = _mind(settings, env, metrics)
        closing.push_async_callback(mind.close)
        ears = await _ears(settings.stt, env)
        if ears:
            closing.push_async_callback(ears.close)
        voice = await _voice(settings.tts, env)
        if voice:
            closing.push_async_callback(voice.close)
        if ears or voice:
            codec.check()
        safety = _safety(settings, env)
        stores = await closing.enter_async_context(open_stores(data_folder(settings, env) / "gateway.sqlite"))
        yield Services(settings, stores, mind, Answering(mind, safety), ears, voice, metrics)


def _mind(settings: Settings, env: Mapping[str, str], metrics: Metrics) -> Mind:
    if not settings.llm.base_url:
        return ScriptedMind(settings.scripted)
    return OpenAiMind(client(settings.llm, "llm", env), settings.llm, metrics.tokens)


async def _ears(stt: Stt, env: Mapping[str, str]) -> SpeechToText | None:
    match stt.engine:
        case "none":
            return None
        case "remote":
            return RemoteStt(client(stt, "stt", env), stt.model, stt.language)
        case "whisper":
            from device.brain.stt_whisper import WhisperStt

            whisper = WhisperStt(_there("stt.folder", stt.folder), stt.language, Whisper(), _cores())
            await whisper.load(LOADS_WITHIN_S)
            return whisper


async def _voice(tts: Tts, env: Mapping[str, str]) -> TextToSpeech | None:
    match tts.engine:
        case "none":
            return None
        case "remote":
            return RemoteTts(client(tts, "tts", env), tts.model, tts.voice)
        case "espeak":
            from device.brain.tts_espeak import EspeakVoice

            return EspeakVoice(VoiceSettings(name=tts.voice))
        case "piper":
            from device.brain.tts_piper import PiperTts

            piper = PiperTts(_there("tts.file", tts.file), VoiceSettings(), Piper(), _cores())
            await piper.load(LOADS_WITHIN_S)
            return piper


def _safety(settings: Settings, env: Mapping[str, str]) -> SafetyHook:
    safety = settings.safety
    if safety.engine == "words":
        return WordSafety()
    return ModerationSafety(client(safety, "safety", env), safety.model, safety.deadline_s)


def _there(setting: str, path: str) -> Path:
    found = Path(path).expanduser()
    if not path or not found.exists():
        raise SettingsError(f"{setting} is {path!r}, and nothing is there: set where the model lies.")
    return found


def _cores() -> int:
    return os.cpu_count() or 1
