"""`make bench`: measure and print, or `python -m bench --json` for a machine."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import platform

from bench.at_the_speaker import at_the_speaker, hung_loop
from bench.barge_in import barge_in
from bench.cached_reply import cached_reply
from bench.far_away import far_away
from bench.figure import Figure
from bench.full_mode import full_mode
from bench.hearing import hold_time_hiding
from bench.memory import thin_mode
from bench.minds import loop_lag, memory, warm_beginning
from bench.minds_race import minds_race
from bench.orchestrator import overlap, own_time
from bench.reply_growth import reply_growth
from bench.voice import voice
from bench.wire import wire_rate


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the agent.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    as_json = parser.parse_args().json
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    figures: list[Figure] = []
    if not as_json:
        print(f"On {machine}:")
    _show(thin_mode(), figures, as_json)
    for measure in (
        own_time,
        overlap,
        barge_in,
        cached_reply,
        at_the_speaker,
        hung_loop,
        voice,
        hold_time_hiding,
        warm_beginning,
        loop_lag,
        full_mode,
        far_away,
    ):
        _show(asyncio.run(measure()), figures, as_json)
    for measured in (minds_race, wire_rate, reply_growth, memory):
        _show(measured(), figures, as_json)
    if as_json:
        print(json.dumps({"machine": machine, "figures": [dataclasses.asdict(f) for f in figures]}, indent=1))


def _show(new: list[Figure], figures: list[Figure], as_json: bool) -> None:
    figures += new
    if not as_json:
        for figure in new:
            print(figure.as_line(), flush=True)


if __name__ == "__main__":
    main()
