"""A reply is judged clause by clause, each in the light of what was said before it."""

from __future__ import annotations

from device.contracts import Direction, Verdict
from device.errors import SafetyError, StageTimeout
from device.pipeline import within
from device.ports import SafetyGate

DEADLINE_S = 2.0
REMEMBERED = 240
"""Characters of the reply so far that are judged with the next clause: longer than any rule reaches."""


class ReplyJudge:
    """One reply's clauses, in order: a phrase that is broken across two clauses is still seen."""

    def __init__(self, gate: SafetyGate) -> None:
        self._gate = gate
        self._said = ""

    async def judge(self, clause: str) -> Verdict:
        """The verdict on `clause` after what was allowed before it. Raises SafetyError when there is none."""
        verdict = await judge(self._gate, clause, Direction.TO_SAY)
        if verdict.allowed and self._said:  # what was said before must not excuse a clause, only add to it
            verdict = await judge(self._gate, f"{self._said} {clause}", Direction.TO_SAY)
        if verdict.allowed:
            self._said = f"{self._said} {clause}"[-REMEMBERED:]
        return verdict


async def judge(gate: SafetyGate, text: str, direction: Direction) -> Verdict:
    """The gate's verdict, within its deadline. Raises SafetyError: no verdict is a verdict against."""
    try:
        return await within(DEADLINE_S, "safety gate", gate.judge(text, direction))
    except StageTimeout as error:
        raise SafetyError(str(error)) from error
