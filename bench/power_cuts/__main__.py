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

from bench.power_cuts.campaign import GuestError, Look, series, summed
from bench.power_cuts.machine import why_not
from bench.power_cuts.verdict import Verdict

CUTS_A_CONTROL = 1


def main() -> int:
    args = _parser().parse_args()
    if missing := why_not():
        print(f"power cuts: {missing}", file=sys.stderr)
        return 2
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    chance = random.Random(seed)
    try:
        looks = _watched("cut", _series(args.cuts, "full", chance), args.json)
        controls = [
            look
            for _ in range(args.controls)
            for look in _watched("control", _series(CUTS_A_CONTROL, "hurried", chance), args.json)
        ]
    except GuestError as error:
        print(f"power cuts: the guest failed: {error}", file=sys.stderr)
        return 2
    return _conclusion(looks, controls, seed, as_json=args.json)


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
    """Each is told as it comes."""
    seen = []
    for look in looks:
        seen.append(look)
        if as_json:
            print(json.dumps({"what": what, **asdict(look)}), flush=True)
        elif look.cuts:
            print(f"{what} ×{look.cuts}: {_in_short(look.stores)} (boot {look.boot_s:.1f} s)", flush=True)
    return seen


def _in_short(stores: dict[str, Verdict]) -> str:
    return ", ".join(
        f"{name} {verdict.acknowledged} kept, {verdict.lost} lost"
        + (f", {verdict.wrong - verdict.lost} OTHERWISE WRONG" if verdict.wrong != verdict.lost else "")
        for name, verdict in stores.items()
    )


def _conclusion(looks: list[Look], controls: list[Look], seed: int, *, as_json: bool) -> int:
    """The exit code: 0 only if nothing was lost, and the control shows that it would have been seen."""
    ...


if __name__ == "__main__":
    sys.exit(main())
