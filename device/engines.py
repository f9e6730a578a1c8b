"""The engines that the settings and this machine call for: the one place where they are named."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from device.brain import templates
from device.brain.fallback import FallbackModel, FallbackVoice
from device.brain.fixed_sentences import fixed_sentences
from device.brain.kept_voice import KeptVoice
from device.brain.llm_llama import LlamaModel
from device.brain.llm_server import ServerModel, address
from device.brain.packs import phrases
from device.brain.recogniser import Recogniser
from device.brain.safety.gate import load_gate
from device.brain.stt_pocketsphinx import PocketsphinxStt
from device.brain.stt_sherpa import SherpaStt
from device.brain.stt_whisper import WhisperStt
from device.brain.template_grammar import template_grammar
from device.brain.tts_espeak import EspeakVoice
from device.brain.tts_piper import PiperTts
from device.choosing import Chosen, Loaders, choose
from device.config import Settings
from device.contracts import Stock
from device.egress import Content, Egress, Peer
from device.errors import EngineMissing, MindError, SafetyError, SettingsError
from device.jobs import quiet_threads
from device.places import state_directory
from device.ports import LanguageModel, SafetyGate, SpeechToText, TextToSpeech
from device.way_out import WayOut
from models.store import open_store

log = logging.getLogger(__name__)

T = TypeVar("T")

LOADING_S = 120.0
"""For one engine: a large model on a slow card takes half of it."""
SERVER_S = 5.0
"""For the language model's server, which may also be asked later."""
FIRST_PIECE_SHARE = 0.75
"""Of a stage's deadline: an engine that gave nothing by then leaves the rest to the next one down."""


_KNOWN_FOR = {"pocketsphinx": "pocketsphinx: commands, not free speech"}


@dataclass(frozen=True, slots=True)
class Engines:
    """What is slow to load and can serve one session after another."""

    stt: SpeechToText
    tts: KeptVoice
    model: LanguageModel | None
    gate: SafetyGate
    recogniser: Recogniser
    phrases: Callable[[Stock], str]
    serving: Mapping[str, str]
    """By stage (stt, llm, tts): the engine and its model, for a person."""
    missed: Mapping[str, tuple[str, ...]]
    """By stage: why better engines do not serve, a sentence each."""
    more_to_install: frozenset[str]
    """The stages for which nobody has installed a better engine yet."""


@contextlib.asynccontextmanager
async def load_engines(settings: Settings, egress: Egress) -> AsyncIterator[Engines]:
    """The engines, loaded side by side, closed at the end. Raises EngineMissing when a stage has none."""
    quiet_threads()
    wanted, deadlines, at_hand = settings.engines, settings.deadlines, _AtHand(settings, egress)
    async with asyncio.TaskGroup() as loading:
        hearing = loading.create_task(choose("speech to text", wanted.stt, at_hand.ears()))
        thinking = loading.create_task(choose("language model", wanted.llm, at_hand.models(), count=2))
        speaking = loading.create_task(choose("text to speech", wanted.tts, at_hand.voices(), count=2))
    ears, minds, voices = hearing.result(), thinking.result(), speaking.result()
    stages: Mapping[str, Chosen[Any]] = {"stt": ears, "llm": minds, "tts": voices}
    async with contextlib.AsyncExitStack() as closing:
        for engine in [engine for chosen in stages.values() for engine in chosen.engines]:
            closing.push_async_callback(engine.close)
        kept = await at_hand.kept(_some("text to speech", voices))
        closing.push_async_callback(kept.close)
        yield Engines(
            stt=_some("speech to text", ears)[0],
            tts=kept,
            model=_mind(minds, FIRST_PIECE_SHARE * deadlines.first_words_s),
            gate=load_gate(settings.language, settings.country, for_adults=at_hand.for_adults),
            recogniser=Recogniser(settings.language),
            phrases=phrases(settings.language, name=settings.character.name),
            serving={stage: at_hand.described(chosen) for stage, chosen in stages.items()},
            missed={stage: chosen.missed for stage, chosen in stages.items()},
            more_to_install=frozenset(stage for stage, chosen in stages.items() if chosen.more_to_install),
        )


class _Engine(Protocol):
    @property
    def name(self) -> str: ...

    async def load(self, deadline_s: float) -> None: ...


EngineT = TypeVar("EngineT", bound=_Engine)


class _Voice(TextToSpeech, Protocol):
    @property
    def sound_key(self) -> str:
        """Everything that its sound depends on."""
        ...


class _AtHand:
    """The engines that there are, each made and loaded when it is asked for."""

    def __init__(self, settings: Settings, egress: Egress) -> None:
        self._settings = settings
        self._egress = egress
        self._store = open_store(os.environ)
        self._cores = len(os.sched_getaffinity(0))
        self._models: dict[str, Path] = {}
        """What was loaded, by the engine's name."""
        self.for_adults = settings.character.safety == "adult"

    def ears(self) -> Loaders[SpeechToText]:
        """What somebody named first; else, on a small board, the transducer that keeps up with speech."""
        free: Loaders[SpeechToText] = {"whisper": self._whisper, "sherpa": self._sherpa}
        named = {"whisper": self._settings.whisper.model, "sherpa": self._settings.sherpa.model}
        order = sorted(free, key=lambda name: (not named[name], name != self._store.tier.hears_with))
        return {**{name: free[name] for name in order}, "pocketsphinx": self._pocketsphinx}

    def models(self) -> Loaders[LanguageModel]:
        """A server that somebody named is asked first; never, where the model on board was chosen."""
        here: Loaders[LanguageModel] = {"llama": self._llama}
        there: Loaders[LanguageModel] = {"server": self._server}
        wanted, named = self._settings.engines.llm, bool(self._settings.llm_server.url)
        if wanted == "none":
            return {}
        asks_server = wanted == "server" or (named and wanted == "auto")
        return {**there, **here} if asks_server else here

    def voices(self) -> Loaders[_Voice]:
        return {"piper": self._piper, "espeak": self._espeak}

    async def kept(self, voices: Sequence[_Voice]) -> KeptVoice:
        """The voices as one, with the first one's fixed sentences, as far as they were rendered before."""
        settings = self._settings
        voice = FallbackVoice(voices, FIRST_PIECE_SHARE * settings.deadlines.tts_s, time.monotonic)
        try:
            sentences = fixed_sentences(settings.language, settings.country)
        except SafetyError as error:  # without rules the gate lets nothing pass, and says why
            log.error("no fixed sentences are kept ready: %s", error)
            sentences = ()
        kept = KeptVoice(voice, sentences, state_directory(os.environ) / "voice", voices[0].sound_key)
        await kept.load(LOADING_S)
        return kept

    def described(self, chosen: Chosen[Any]) -> str:
        """`whisper: tiny.en`; the first is asked first."""
        return ", then ".join(self._described(engine.name) for engine in chosen.engines)

    def _described(self, name: str) -> str:
        model = self._models.get(name)
        if model is None:
            return _KNOWN_FOR.get(name, name)
        ours = model.is_relative_to(self._store.root)
        return f"{name}: {model.relative_to(self._store.root).parts[0] if ours else model.name}"

    async def _whisper(self) -> SpeechToText:
        settings = self._settings
        model = self._store.find("whisper", settings.whisper.model)
        return await self._loaded(WhisperStt(model, settings.language, settings.whisper, self._cores), model)

    async def _sherpa(self) -> SpeechToText:
        settings = self._settings.sherpa
        model = self._store.find("sherpa", settings.model)
        return await self._loaded(SherpaStt(model, settings, self._cores), model)

    async def _pocketsphinx(self) -> SpeechToText:
        spoken = templates.for_speech(self._settings.language)
        grammar = template_grammar(spoken.intents, spoken.before, spoken.after)
        stt = PocketsphinxStt(grammar, urgent=templates.spoken_as(spoken, "stop"))
        await stt.load(LOADING_S)
        return stt

    async def _llama(self) -> LanguageModel:
        settings = self._settings
        model = self._store.find("llama", settings.llama.model)
        return await self._loaded(LlamaModel(model, settings.llama, settings.reply, self._cores), model)

    async def _server(self) -> LanguageModel:
        settings = self._settings
        if not settings.llm_server.url:
            raise SettingsError("engines.llm is server: say where it is, in llm_server.url.")
        way = WayOut(self._egress, Peer(*address(settings.llm_server.url)), Content.TEXT)
        model = ServerModel(settings.llm_server, settings.reply, way)
        try:
            await model.load(SERVER_S)
        except MindError as error:  # it may only be switched off: every turn tries again
            log.warning("language model: %s", error)
        return model

    async def _piper(self) -> _Voice:
        settings = self._settings
        model = self._store.find("piper", settings.piper.model)
        longest_wait_s = settings.deadlines.tts_s
        voice = PiperTts(model, settings.voice, settings.piper, self._cores, longest_wait_s)
        return await self._loaded(voice, model)

    async def _espeak(self) -> _Voice:
        return EspeakVoice(self._settings.voice)

    async def _loaded(self, engine: EngineT, model: Path) -> EngineT:
        await engine.load(LOADING_S)
        self._models[engine.name] = model
        return engine


def _mind(minds: Chosen[LanguageModel], first_piece_s: float) -> LanguageModel | None:
    return FallbackModel(minds.engines, first_piece_s, time.monotonic) if minds.engines else None


def _some(stage: str, chosen: Chosen[T]) -> tuple[T, ...]:
    if not chosen.engines:
        raise EngineMissing(f"There is no engine for {stage}. {' '.join(chosen.missed)}")
    return chosen.engines
