"""What a whole campaign has shown. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from bench.power_cuts.verdict import Verdict

COLUMNS = "store, acknowledged, looked for, lost, otherwise wrong, there untold, the control lost".split(", ")


@dataclass(frozen=True, slots=True)
class Look:
    """What one boot found."""

    cuts: int
    """Since the look before: 1, or 2 where the second hit the start after the first."""
    boot_s: float
    """From the kernel's start until every store was open and had been read."""
    stores: dict[str, Verdict]


@dataclass(frozen=True, slots=True)
class Outcome:
    looks: Sequence[Look]
    controls: Sequence[Look]

    @property
    def failings(self) -> list[str]:
        """Why the proof failed, in words; empty if it holds."""
        wrong = {name: verdict.wrong for name, verdict in _by_store(self.looks).items()}
        blind = [name for name, verdict in _by_store(self.controls).items() if not verdict.lost]
        return [
            *(f"{name}: {count} wrong after a cut" for name, count in wrong.items() if count),
            *(f"{name}: the control lost nothing, so that the cuts prove nothing" for name in blind),
        ]

    def as_text(self) -> str:
        """The table of docs/power-cuts.md; what is kept for long is looked for after every cut."""
        controls = _by_store(self.controls)
        boots_s = [look.boot_s for look in self.looks if look.cuts] or [0.0]
        rows = [
            f"| {name} | {verdict.acknowledged} | {verdict.due} | {verdict.lost} |"
            f" {verdict.wrong - verdict.lost} | {verdict.untold} | {_of_control(controls.get(name))} |"
            for name, verdict in _by_store(self.looks).items()
        ]
        return "\n".join(
            [
                f"{_cuts(self.looks)} cuts, {_cuts(self.controls)} controls; from the guest's start until its"
                f" stores were open: {statistics.median(boots_s):.1f} s (longest {max(boots_s):.1f} s)",
                f"| {' | '.join(COLUMNS)} |",
                f"|{'---|' * len(COLUMNS)}",
                *rows,
            ]
        )


def summed(verdicts: Iterable[Verdict]) -> Verdict:
    """Of many looks together."""
    listed = list(verdicts)
    return Verdict(*(sum(getattr(verdict, each.name) for verdict in listed) for each in fields(Verdict)))


def _by_store(looks: Sequence[Look]) -> dict[str, Verdict]:
    names = looks[0].stores if looks else ()
    return {name: summed(look.stores[name] for look in looks) for name in names}


def _of_control(verdict: Verdict | None) -> str:
    return "–" if verdict is None else f"{verdict.lost} of {verdict.due}"


def _cuts(looks: Sequence[Look]) -> int:
    return sum(look.cuts for look in looks)
