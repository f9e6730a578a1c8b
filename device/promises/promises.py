"""Promises: questions that are found out when System 2 can be asked again, and told when a person is there.

A question is on disk before anybody is told that it was taken, and is erased once its answer was said, when
it expires, and when a person wants it forgotten. An answer is told after the next turn with a person, never
over a reply; one that was cut off is told again only when somebody asks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol, TypeVar

from cache.promises import PromiseRow, PromiseStore
from device.brain.normalise import normalise
from device.brain.packs import Phrases
from device.contracts import Announcement, Mind, News, Outcome, Outgoing, OutgoingKind, Promised, Urgency
from device.errors import OutboxError
from device.link.native import Report
from device.ports import Outbox
from device.record import Kind, TurnRecord
from device.timer_book import CLOCK_SET_FROM_S

log = logging.getLogger(__name__)

MOST: Final = 10
"""Promised and not told yet; whoever asks for more is told that it is enough."""
LOOK_EVERY_S: Final = 60.0
"""So late at the most is one erased that has expired, or a disk tried again that failed."""
WORTH_SAYING_S: Final = 60.0
"""An answer that has waited so long for its turn is told after the next one instead."""
LONGEST_TOLD: Final = 500
"""Characters of an answer that are told, in whole sentences; some 30 s; the gateway cuts it sooner."""
LONGEST_ECHO: Final = 90
"""Characters of the question that are told with its answer, in whole words."""

_SENTENCE = re.compile(r".+?(?:[.!?]+(?=\s)|$)\s*", re.DOTALL)

T = TypeVar("T")

Ack = Literal["ok", "dup", "rejected", "retry"]
"""What System 2 is told about an answer that it sent, as on the device channel."""


class Disk(Protocol):
    """Where the promises lie."""

    async def do(self, work: Callable[[PromiseStore], T]) -> T:
        """Raises OutboxError."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PromiseClocks:
    """Where the time comes from."""

    lived: Callable[[], float]
    """Lived seconds: what counts for how long a question is kept."""
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    """Seconds since 1970, UTC; may be wrong, and is told only where it was set."""


class Promises:
    """Implements `ports.Promises`. Everything runs in one event loop."""

    def __init__(
        self,
        disk: Disk,
        outbox: Outbox,
        announce: Callable[[Announcement], None],
        ids: Iterator[int],
        phrases: Phrases,
        keep_s: float,
        clocks: PromiseClocks,
        withdraw: Callable[[int], None] = lambda announcement_id: None,
    ) -> None:
        """`ids` gives announcement ids that no other announcer uses; a question is kept for `keep_s`.

        `withdraw` takes back an announcement that was not begun.
        """
        self._disk = disk
        self._outbox = outbox
        self._announce = announce
        self._withdraw = withdraw
        self._ids = ids
        self._phrases = phrases
        self._keep_s = keep_s
        self._clocks = clocks
        self._rows: dict[str, PromiseRow] = {}
        """By id, the oldest first."""
        self._read = False
        self._unwritten: dict[str, PromiseRow | None] = {}
        """What changed and is not on disk yet; None: to be erased."""
        self._telling: tuple[int, str] | None = None
        """The announcement that waits or sounds, and the question that it answers."""
        self._last = ""
        """The question that was spoken of last, by its id: what "forget it" means."""
        self._first = ""
        """The question that somebody has asked again, by its id: its answer is told before others."""
        self._told_well = True
        """What was announced last, by whomever, was said without a fault."""
        self._let_go = False
        """Something expired, and nobody has asked for it since."""
        self._writing = asyncio.Lock()
        self._wake = asyncio.Event()

    # --- ports.Promises ----------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        return bool(self._live())

    def has(self, question: str) -> bool:
        return bool(self._same(question))

    def found(self, question: str) -> bool:
        return any(row.answer for row in self._same(question))

    async def promise(self, question: str, language: str) -> Promised:
        async with self._writing:
            await self._recall()
            if self.has(question):
                return Promised.ALREADY
            if len(self._live()) >= MOST:
                return Promised.TOO_MANY
            now_s = self._clocks.lived()
            row = PromiseRow(secrets.token_hex(16), question, language, now_s, now_s + self._keep_s)
            await self._take_on(row)
            self._last = row.question_id
            return Promised.KEPT

    def asked(self, question: str = "") -> News:
        self._first = next((row.question_id for row in self._same(question)), "")
        self._rows |= {row.question_id: replace(row, shelved=False) for row in self._live() if row.answer}
        let_go, self._let_go = self._let_go, False
        if any(row.answer for row in self._live()):
            return News.FOUND
        if self.waiting:
            return News.OPEN
        return News.EXPIRED if let_go else News.NONE

    async def forget(self, *, everything: bool) -> None:
        async with self._writing:
            await self._recall()
            live = self._live()
            last = [row for row in live if row.question_id == self._last] or live[-1:]
            await self._forget(live if everything else last)

    # --- erasure -----------------------------------------------------------------------------------

    async def forget_since(self, since_s: float | None) -> int:
        """Forget what was asked since then (lived seconds; None: ever); how many. Raises OutboxError."""
        async with self._writing:
            await self._recall()
            meant = [row for row in self._rows.values() if since_s is None or row.made_s >= since_s]
            await self._forget(meant)
            return len(meant)

    # --- what System 2 sends -----------------------------------------------------------------------

    async def take(self, report: Report) -> Ack:
        """Whatever System 2 reports; only answers are known. Never raises."""
        return await self.answered(report.body) if report.op == "answer" else "rejected"

    async def answered(self, body: Mapping[str, Any]) -> Ack:
        """An `answer` came: `{"question_id", "text"}`. Acknowledged once it is on disk."""
        question_id, text = body.get("question_id"), body.get("text")
        if not isinstance(question_id, str) or not isinstance(text, str) or not text.strip():
            return "rejected"
        async with self._writing:
            try:
                await self._recall()
                row = next((row for row in self._live() if row.question_id == question_id), None)
                if row is None:
                    return "rejected"  # told, expired or forgotten
                if row.answer:
                    return "dup"
                row = replace(row, answer=_first_sentences(text, LONGEST_TOLD))
                await self._keep(row)
            except OutboxError as error:
                log.error("promises: %s", error)
                return "retry"
            self._rows[question_id] = row
            return "ok"

    # --- what the session tells --------------------------------------------------------------------

    def turn_ended(self, record: TurnRecord) -> None:
        """A turn is over. After one with a person who may listen on, the next answer is told.

        Who cut it off wants quiet or has something to say; who was asked a question answers that first.
        What System 2 has answered at once is not found out any more.
        """
        if record.kind is Kind.ANNOUNCEMENT:
            self._told_well = not record.error_code
        if record.route and record.route.mind is Mind.SYSTEM_2 and not (record.cut_off or record.error_code):
            self._settled([row.question_id for row in self._same(record.heard)])
        with_a_person = record.kind in (Kind.SPOKEN, Kind.TYPED)
        if with_a_person and not (record.cut_off or record.tapped or record.made.endswith("?")):
            self._tell()

    def over(self, announcement_id: int, outcome: Outcome) -> None:
        """What became of an announcement; those of others are passed over."""
        if self._telling is None or self._telling[0] != announcement_id:
            return
        question_id, self._telling = self._telling[1], None
        row = self._rows.get(question_id)
        if row is None or outcome is Outcome.DROPPED:
            return
        if outcome is Outcome.DISMISSED:
            self._rows[question_id] = replace(row, shelved=True)
            self._write_later(question_id, self._rows[question_id])
        elif self._told_well:
            self._settled([question_id])
            self._tell()

    # --- while the device runs ---------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled. What was promised before is put on its way again, what has expired is erased."""
        try:
            while True:
                async with self._writing:
                    try:
                        await self._recall()
                        await self._expire()
                        await self._write()
                    except OutboxError as error:
                        log.error("promises: %s", error)
                await self._nap()
        finally:
            with contextlib.suppress(OutboxError):  # told when it happened before
                await self._write()
            await self._disk.close()

    async def _nap(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._wake.wait()
        self._wake.clear()

    def _settled(self, question_ids: Iterable[str]) -> None:
        """Nobody waits for these any more; they are erased soon."""
        for question_id in question_ids:
            del self._rows[question_id]
            self._write_later(question_id, None)

    def _write_later(self, question_id: str, row: PromiseRow | None) -> None:
        self._unwritten[question_id] = row
        self._wake.set()

    async def _write(self) -> None:
        """Raises OutboxError; what was not written is tried again."""
        for question_id, row in list(self._unwritten.items()):
            if row is None:
                await self._drop([question_id])
            else:
                await self._keep(row)
            if self._unwritten.get(question_id) is row:
                self._unwritten.pop(question_id, None)

    async def _expire(self) -> None:
        """Raises OutboxError."""
        now_s = self._clocks.lived()
        expired = [row.question_id for row in self._rows.values() if row.expires_s <= now_s]
        if expired:
            log.info("questions that were not found out and told in time are erased: %d", len(expired))
            await self._drop(expired)
            self._let_go = True

    # --- the rows ----------------------------------------------------------------------------------

    def _live(self) -> list[PromiseRow]:
        """What has not expired, the oldest first."""
        now_s = self._clocks.lived()
        return [row for row in self._rows.values() if row.expires_s > now_s]

    def _same(self, question: str) -> list[PromiseRow]:
        """Those that ask this, however it is written."""
        asked = normalise(question)
        return [row for row in self._live() if normalise(row.question) == asked]

    async def _recall(self) -> None:
        """Once: what was promised before, which is put on its way again. Raises OutboxError."""
        if self._read:
            return
        rows = await self._disk.do(lambda store: store.all())
        self._rows = {row.question_id: row for row in rows}
        self._read = True
        for row in self._live():
            if not row.answer:
                self._outbox.note(self._outgoing(row))

    async def _take_on(self, row: PromiseRow) -> None:
        """Raises OutboxError, and nothing is left of it. Who is interrupted has promised all the same."""
        self._rows[row.question_id] = row
        try:
            await self._keep(row)
            await self._outbox.put(self._outgoing(row))
        except asyncio.CancelledError:
            self._write_later(row.question_id, row)
            self._outbox.note(self._outgoing(row))
            raise
        except OutboxError:
            del self._rows[row.question_id]
            self._write_later(row.question_id, None)
            raise

    async def _forget(self, rows: Iterable[PromiseRow]) -> None:
        """What has left the device is asked back first, as only its id can do that. Raises OutboxError."""
        ids = [row.question_id for row in rows]
        sent = [question_id for question_id in ids if not await self._outbox.withdraw(_key(question_id))]
        if sent:
            await self._outbox.put(Outgoing(OutgoingKind.ERASURE, {"questions": sent}))
        if ids:
            await self._drop(ids)

    async def _keep(self, row: PromiseRow) -> None:
        await self._disk.do(lambda store: store.put(row))

    async def _drop(self, question_ids: list[str]) -> None:
        """Nothing is left of them. Raises OutboxError, and they are as they were."""
        for question_id in question_ids:
            with contextlib.suppress(OutboxError):  # there it expires, too
                await self._outbox.withdraw(_key(question_id))
        await self._disk.do(lambda store: store.erase(question_ids))
        for question_id in question_ids:
            self._rows.pop(question_id, None)
            self._unwritten.pop(question_id, None)
        if self._telling is not None and self._telling[1] in question_ids:
            self._withdraw(self._telling[0])

    def _outgoing(self, row: PromiseRow) -> Outgoing:
        left_s = row.expires_s - self._clocks.lived()
        body = {"question_id": row.question_id, "text": row.question, "language": row.language}
        wall_s = self._clocks.wall()
        if wall_s >= CLOCK_SET_FROM_S:
            expires_utc = datetime.fromtimestamp(wall_s + left_s, UTC)
            body["expires_utc"] = expires_utc.isoformat(timespec="seconds")
        return Outgoing(OutgoingKind.QUESTION, body, key=_key(row.question_id), keep_s=left_s)

    # --- telling -----------------------------------------------------------------------------------

    def _tell(self) -> None:
        """One at a time; the next one once this was said."""
        if self._telling is not None:
            return
        found = [row for row in self._live() if row.answer and not row.shelved]
        if not found:
            return
        row = next((row for row in found if row.question_id == self._first), found[0])
        self._telling = (next(self._ids), row.question_id)
        self._last = row.question_id
        text = self._phrases.say("promise_told", question=_echo(row.question), answer=row.answer)
        expires_s = self._clocks.monotonic() + WORTH_SAYING_S
        self._announce(Announcement(self._telling[0], Urgency.PROMISE, text, expires_s))


def _key(question_id: str) -> str:
    return f"question {question_id}"


def _echo(question: str) -> str:
    """A question as it is told with its answer: short, on one line, without an end of its own."""
    words = " ".join(question.split()).rstrip(".?!,;: ")
    return words if len(words) <= LONGEST_ECHO else words[:LONGEST_ECHO].rpartition(" ")[0] + ", and so on"


def _first_sentences(text: str, longest: int) -> str:
    """Whole sentences from the beginning of a text; whole words of the first where it alone is too long."""
    text = " ".join(text.split())
    kept = ""
    for sentence in _SENTENCE.findall(text):
        if len(kept) + len(sentence.rstrip()) > longest:
            break
        kept += sentence
    return kept.rstrip() or text[:longest].rpartition(" ")[0] + "."
