"""One turn: what was asked, by text or by voice, and its answer on the way to the device."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Literal

from device.contracts import Emotion
from device.errors import TwomindsError
from device.link import native as n
from gateway.answering import AnswerRefused
from gateway.clauses import Clause
from gateway.hearing import Hearing
from gateway.minds.ports import Tools
from gateway.minds.prompting import prompt
from gateway.party import Gone, Party, Send
from gateway.services import Services
from gateway.tools import DeviceTools, NoTools
from gateway.turn_voice import TurnVoice

log = logging.getLogger(__name__)


class Turn:
    """Runs as one task, which barge-in cancels."""

    def __init__(self, turn_id: int, party: Party, services: Services, send: Send) -> None:
        self.turn_id = turn_id
        self._party = party
        self._services = services
        self._send = send
        limits = services.settings.limits
        self._own_tools = DeviceTools(turn_id, send, limits.tools_per_turn, limits.tool_s)
        self._asked: asyncio.Future[n.Ask] = asyncio.get_running_loop().create_future()
        self._began_s = time.monotonic()
        self._voice: TurnVoice | None = None
        self._mood = Emotion.NEUTRAL
        self._first = True
        self._heard = ""

    def ask(self, ask: n.Ask) -> bool:
        """Answer this; False: it was asked before."""
        if self._asked.done():
            return False
        self._began_s = time.monotonic()
        self._asked.set_result(ask)
        return True

    def tool_result(self, result: n.ToolResult) -> None:
        self._own_tools.came(result)

    async def run(self, hearing: Hearing | None = None, answer: bool = False) -> None:
        """To its `stop`. `answer`: what is heard is the question. Cancelled, it sends nothing more."""
        try:
            ended = await self._outcome(hearing, answer)
            await self._send(ended)
        except Gone:
            return
        self._services.metrics.turns.labels(ended.reason).inc()
        took_s = time.monotonic() - self._began_s
        device_id = self._party.device.id
        log.info("device %s, turn %d: %s after %.2f s", device_id, self.turn_id, ended.reason, took_s)

    async def _outcome(self, hearing: Hearing | None, answer: bool) -> n.Ended:
        try:
            if hearing is not None:
                await self._hear(hearing, answer)
            async with asyncio.timeout(self._services.settings.limits.ask_s):
                ask = await self._asked
            async with asyncio.timeout(self._services.settings.limits.answer_s):
                await self._answer(ask)
        except AnswerRefused as refused:
            return self._ended("refused", str(refused))
        except TimeoutError:
            self._services.metrics.errors.labels("timeout").inc()
            return self._ended("failed", "It took too long.")
        except TwomindsError as error:
            self._services.metrics.errors.labels(error.code).inc()
            log.warning("turn %d: %s", self.turn_id, error)
            return self._ended("failed", str(error))
        except Gone:
            raise
        except Exception as error:  # what an endpoint sends may be anything: it ends this turn, nothing else
            self._services.metrics.errors.labels("bug").inc()
            log.error("turn %d failed in a way it should not: %s", self.turn_id, type(error).__name__)
            log.debug("turn %d", self.turn_id, exc_info=error)
            return self._ended("failed", "Something is wrong with the gateway: its log says more.")
        finally:
            if hearing is not None:
                await hearing.abandon()
        return self._ended("done")

    async def _hear(self, hearing: Hearing, answer: bool) -> None:
        """Send what is heard; `answer`: it is the question. Raises SttError."""
        async for partial in hearing.transcripts():
            await self._send(n.Transcript(turn_id=self.turn_id, text=partial, final=False))
        ended_s = time.monotonic()
        async with asyncio.timeout(self._services.settings.limits.ask_s):
            heard = await hearing.final()
        self._heard = heard.text[: n.LONGEST_WORDS]
        confidence = min(max(heard.confidence, 0.0), 1.0)
        await self._send(n.Transcript(turn_id=self.turn_id, text=self._heard, confidence=confidence))
        if answer:
            self.ask(n.Ask(turn_id=self.turn_id, language=self._party.device.language))
            self._began_s = ended_s

    async def _answer(self, ask: n.Ask) -> None:
        await self._send(n.Taken(turn_id=self.turn_id))
        text = ask.text or self._heard
        if not text.strip():
            return
        sessions, device = self._services.stores.sessions, self._party.device
        settings, answering = self._services.settings, self._services.answering
        await answering.admit(text, device)
        history = await sessions.history(self._party.session_id, settings.llm.history_characters)
        await sessions.asked(self._party.session_id, device.id, self.turn_id, text)
        asked = prompt(device, settings.llm.system_prompt, history, text, ask.already_said)
        self._voice = self._own_voice()
        tools: Tools = self._own_tools if "tools" in self._party.features else NoTools()
        clauses = answering.clauses(asked, device, tools)
        try:
            async for clause in clauses:
                await self._say(clause)
        finally:
            await clauses.aclose()

    async def _say(self, clause: Clause) -> None:
        if clause.mood and clause.mood != self._mood.value:
            self._mood = Emotion(clause.mood)
            await self._send(n.Feeling(turn_id=self.turn_id, emotion=clause.mood))
        spoken = self._voice is not None
        text = n.Text(turn_id=self.turn_id, text=clause.text, audio=spoken, ends=not spoken)
        await self._send(text)
        if self._first:
            self._first = False
            self._services.metrics.first_words.observe(time.monotonic() - self._began_s)
        if self._voice is not None:
            await self._voice.speak(clause.text.strip(), self._mood)

    def _own_voice(self) -> TurnVoice | None:
        engine = self._services.voice
        if engine is None or "audio_out" not in self._party.features:
            return None
        ahead_s = self._services.settings.limits.ahead_s
        return TurnVoice(self.turn_id, engine, self._party, self._send, ahead_s, self._sounds)

    def _sounds(self) -> None:
        self._services.metrics.first_sound.observe(time.monotonic() - self._began_s)

    def _ended(self, reason: Literal["done", "refused", "failed"], message: str = "") -> n.Ended:
        return n.Ended(turn_id=self.turn_id, reason=reason, message=message)
