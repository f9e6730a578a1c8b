"""Cuts the power of a guest in mid-write, again and again, and tells what it lost (docs/power-cuts.md)."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from bench.power_cuts.campaign import GuestError, series
from bench.power_cuts.machine import why_not
from bench.power_cuts.outcome import Look, Outcome

CUTS_A_CONTROL = 1
"""Then its disk is thrown away: what comes after a loss is judged by nothing."""


def main() -> int:
    args = _parser().parse_args()
    if missing := why_not():
        print(f"power cuts: {missing}", file=sys.stderr)
        return 2
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    chance = random.Random(seed)
    try:
        cuts = _watched("cut", _series(args.cuts, "full", chance), args.json)
        controls = [
            look
            for _ in range(args.controls)
            for look in _watched("control", _series(CUTS_A_CONTROL, "hurried", chance), args.json)
        ]
    except GuestError as error:
        print(f"power cuts: the guest did not do its part: {error}", file=sys.stderr)
        return 2
    outcome = Outcome(cuts, controls)
    if args.json:
        print(json.dumps({"what": "outcome", "seed": seed, "failings": outcome.failings}))
    else:
        print(f"{outcome.as_text()}\nseed {seed}")
    for failing in outcome.failings:
        print(f"power cuts: {failing}", file=sys.stderr)
    return 1 if outcome.failings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.power_cuts", description=__doc__)
    parser.add_argument("--cuts", type=int, default=20, metavar="N", help="how many (20)")
    parser.add_argument(
        "--controls", type=int, default=4, metavar="N", help="how many that do not wait for the disk (4)"
    )
    parser.add_argument("--seed", type=int, help="of the moments at which the power is cut")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def _series(cuts: int, mode: str, chance: random.Random) -> Iterable[Look]:
    with tempfile.TemporaryDirectory(prefix="power-cuts-") as folder:
        yield from series(Path(folder), cuts, mode, chance)


def _watched(what: str, looks: Iterable[Look], as_json: bool) -> list[Look]:
    """Each is told as it comes; the first, of the empty disk, is left out."""
    seen = []
    for look in looks:
        if look.cuts:
            seen.append(look)
            print(
                json.dumps({"what": what, **asdict(look)}) if as_json else _in_short(what, look), flush=True
            )
    return seen


def _in_short(what: str, look: Look) -> str:
    told = [f"{name} {verdict.lost}/{verdict.due}" for name, verdict in look.stores.items()]
    return f"{what} ×{look.cuts}, lost of what was acknowledged: {', '.join(told)}"


if __name__ == "__main__":
    sys.exit(main())
