"""`twominds forget`: by the agent where one runs, as it keeps something in memory, too; else on the disk."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from device.config import Settings
from device.errors import TwomindsError
from device.forgetting.door import as_json, ask_agent
from device.lived_time import FILE, LivedTime
from device.places import state_directory

UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"(\d+)([smhd])")

Add = Callable[..., argparse.ArgumentParser]


def register(commands: Any, add: Add, settings: Callable[[], Settings]) -> None:
    """Add `forget` to the command line."""
    examples = "twominds forget --last 5m", "twominds forget --all --yes"
    forget = add(commands, "forget", _forget, "erase what was said, for good", *examples)
    what = forget.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--last", type=duration_s, metavar="TIME", help="what was said in the last 30s, 5m, 2h or 1d"
    )
    what.add_argument("--all", action="store_true", help="all that was ever said, alarms and reminders, too")
    forget.add_argument("--yes", action="store_true", help="do not ask whether everything is really meant")
    forget.set_defaults(settings=settings)
    forget.add_argument("--json", action="store_true", help="print what was erased as JSON")


def duration_s(text: str) -> float:
    """30s, 5m, 2h or 1d in seconds. Raises ArgumentTypeError for anything else."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text} is not a length of time: write 30s, 5m, 2h or 1d")
    return float(int(found[1]) * UNITS_S[found[2]])


def _forget(parsed: argparse.Namespace) -> int:
    if parsed.all and not parsed.yes and not _sure():
        return 1
    report = asyncio.run(forget(state_directory(os.environ), parsed.settings, parsed.last))
    print(json.dumps(report, ensure_ascii=False) if parsed.json else as_text(report))
    return 0 if report["done"] else 1


def _sure() -> bool:
    """Raises TwomindsError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise TwomindsError("Everything that was ever said would be erased: add --yes if that is meant.")
    answer = input("Erase everything that was ever said, and all alarms and reminders? Type yes: ")
    return answer.strip().lower() == "yes"


async def forget(state: Path, settings: Callable[[], Settings], last_s: float | None) -> dict[str, Any]:
    """What was erased, as `door.as_json` has it, and `by`: agent or disk. Raises NotReached.

    `settings` are read only where no agent runs: a mistake in them keeps nobody from being forgotten by one.
    """
    told = await ask_agent(state, last_s)
    if told is not None:
        return {"by": "agent", **told}
    from device.forgetting.on_disk import erasure_on_disk  # thin devices have no memory to spare for it

    lived = LivedTime(state / FILE, time.time, time.monotonic)
    async with erasure_on_disk(state, settings(), lived.now) as erasure:
        report = await (erasure.forget_everything() if last_s is None else erasure.forget_last(last_s))
    return {"by": "disk", **as_json(report)}


def as_text(report: Mapping[str, Any]) -> str:
    """For a person."""
    gone = [part for part in report["parts"] if part["removed"] and not part["failed"]]
    left = [part for part in report["parts"] if part["failed"]]
    lines = [_headline(bool(gone), bool(left))]
    lines += [f"  {part['part']:<16} {part['removed']}" for part in gone]
    if left:
        lines.append(f"Not forgotten yet; {_again(report['by'])}:")
        lines += [f"  {part['part']:<16} {part['failed']}" for part in left]
    if report["sent"]:
        lines.append(_asked_back(report["asked_back"]))
        lines += _sent(report["sent"])
    return "\n".join(lines)


def _headline(gone: bool, left: bool) -> str:
    if gone:
        return "Forgotten:"
    return "Nothing is forgotten yet." if left else "There was nothing to forget."


def _again(by: str) -> str:
    return "the agent tries again by itself" if by == "agent" else "the agent tries again when it starts"


def _asked_back(asked: bool) -> str:
    if asked:
        return "Sent before; the receiver is asked to forget it, too:"
    return "Sent before, and not asked back:"


def _sent(sent: Sequence[Mapping[str, str]]) -> list[str]:
    return [f"  {one['kind']:<10} {one['sent_utc']}  to {one['peer']}" for one in sent]
