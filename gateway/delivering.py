"""Answers to promised questions, on their way to a device: one at a time, again until it acknowledges."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from device.link.native import Ack, Report, body_hash
from gateway.party import Gone, Send
from gateway.services import Services
from gateway.stores.ports import ReadyAnswer, StoreError

log = logging.getLogger(__name__)

ACK_S = 30.0
"""For the device to acknowledge; each time that it does not, twice as long, up to LONGEST_S."""
RETRY_AFTER_S = 5.0
"""Where the device asks for another time and does not say when."""
LONGEST_S = 3600.0


class Turns(Protocol):
    """The device's conversation."""

    @property
    def in_turn(self) -> bool: ...

    async def turn_over(self) -> None:
        """Wait for the turn under way to end by itself."""
        ...


class Delivering:
    """One connection's; never into a turn."""

    def __init__(self, device_id: str, services: Services, send: Send, turns: Turns) -> None:
        self._device_id = device_id
        self._services = services
        self._send = send
        self._turns = turns
        self._woken = asyncio.Event()
        self._woken.set()
        self._sent = ""
        self._acked: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._ack_s = ACK_S
        self.still = asyncio.Lock()
        """Who holds it can be sure that no answer is being sent."""

    async def run(self) -> None:
        """As long as the connection lasts."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                while await self._deliver():
                    pass
            except StoreError as error:
                log.warning("device %s: an answer has to wait: %s", self._device_id, error)
            except Gone:
                return

    def wake(self) -> None:
        """An answer may wait."""
        self._woken.set()

    def came(self, ack: Ack) -> None:
        """One of nothing that was sent is passed over."""
        if ack.id == self._sent and not self._acked.done():
            self._acked.set_result(ack)

    async def _deliver(self) -> bool:
        """Send the oldest answer and wait for its end; False: none waits. Raises Gone, StoreError."""
        await self._turns.turn_over()
        async with self.still:
            answer = await self._services.stores.questions.next_answer(self._device_id)
            if answer is None:
                return False
            if self._turns.in_turn:  # begun meanwhile
                return True
            await self._push(answer)
        try:
            async with asyncio.timeout(self._ack_s):
                ack = await self._acked
        except TimeoutError:
            self._ack_s = min(2 * self._ack_s, LONGEST_S)
            return True
        self._ack_s = ACK_S
        if ack.status == "retry":
            await asyncio.sleep(min(ack.retry_after_s or RETRY_AFTER_S, LONGEST_S))
        else:
            await self._services.stores.questions.over(answer.number)
            self._services.metrics.questions.labels(_BECAME[ack.status]).inc()
        return True

    async def _push(self, answer: ReadyAnswer) -> None:
        body = {"question_id": answer.question_id, "text": answer.text}
        report = Report(
            op="answer", id=f"answer-{answer.number}", seq=answer.number, body=body, hash=body_hash(body)
        )
        self._sent = report.id
        self._acked = asyncio.get_running_loop().create_future()
        await self._send(report)


_BECAME = {"ok": "delivered", "dup": "delivered", "rejected": "unwanted"}
