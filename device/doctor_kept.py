"""The doctor's look at what is kept: how much it is, what waits for System 2, and what should not be there.

Databases are only read, beside an agent that may be using them.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cache import outbox
from cache.database import DAMAGED, is_damage
from cache.reading import count_lines, count_promises, count_replies, look_at_outbox
from device import memory, places, recordings
from device.finding import Check, Finding, Machine, State
from device.promises import kept as promises
from device.replies import files as replies

CONVERSATION: Final = "kept: conversation"
REPLIES: Final = "kept: replies"
OUTBOX: Final = "kept: outbox"
PROMISES: Final = "kept: promises"
RECORDINGS: Final = "kept: recordings"
DAMAGED_FILES: Final = "kept: damaged"
LITTLE_BYTES: Final = 100_000_000
"""With less room than this, something is soon not kept."""


def _state_directory(machine: Machine) -> Finding:
    """Tries a file in the directory, or in what will be its parent when it does not exist yet."""
    name = "state directory"
    wanted = places.state_directory(machine.env)
    there = next(place for place in (wanted, *wanted.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"twominds")
    except OSError as error:
        detail = f"{there} cannot be written: {error.strerror}"
        return Finding(name, State.PROBLEM, detail, f"make {wanted} writable")
    free_bytes = shutil.disk_usage(there).free
    detail = f"{wanted}, {_mb(free_bytes)} free"
    if free_bytes < LITTLE_BYTES:
        return Finding(name, State.PROBLEM, detail, "make room: what does not fit is not kept", needed=False)
    return Finding(name, State.OK, detail)


def _database(name: str, file: str, told: Callable[[Path, Machine], Finding]) -> Check:
    """A check of a database that need not be there."""

    def look(machine: Machine) -> Finding:
        path = places.state_directory(machine.env) / file
        try:
            if not path.exists():
                return _fine(name, "none")
            return told(path, machine)
        except (OSError, sqlite3.Error) as error:
            if is_damage(error):
                fix = "the agent sets it aside at its next start, and begins a new one"
                return _wrong(name, f"{file} is damaged: {error}", fix)
            return _wrong(
                name, f"{file} cannot be read: {error}", "run this as the user whom the agent runs as"
            )

    return look


def _conversation(file: Path, machine: Machine) -> Finding:
    days = machine.settings.retention.transcripts_days
    return _fine(CONVERSATION, f"{_many(count_lines(file), 'line')}, each for {_many(days, 'day')}")


def _replies(file: Path, machine: Machine) -> Finding:
    counts = count_replies(file)
    learned = counts.get("system_1", 0) + counts.get("system_2", 0)
    room = f"{_mb(_size(file))} of {machine.settings.replies.most_mb} MB"
    return _fine(REPLIES, f"{sum(counts.values())}, learned {learned}; {room}")


def _promises(file: Path, machine: Machine) -> Finding:
    unanswered, answered = count_promises(file)
    if not unanswered and not answered:
        return _fine(PROMISES, "none")
    return _fine(PROMISES, f"{unanswered} to be found out, {answered} found out and not told yet")


def _outbox(file: Path, machine: Machine) -> Finding:
    waiting = look_at_outbox(file)
    details = ["nothing waits"]
    if waiting.oldest_s is not None:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(waiting.by_kind.items()))
        details = [f"{kinds}; the oldest since {_utc(waiting.oldest_s)}"]
    if waiting.given_up:
        details.append(f"{waiting.given_up} given up unsent so far")
    if not waiting.dead:
        return _fine(OUTBOX, "; ".join(details))
    details.append(f"{waiting.dead} will not be sent any more")
    return _wrong(OUTBOX, "; ".join(details), "System 2 refused them: its log says why (docs/outbox.md)")


def _recordings(machine: Machine) -> Finding:
    files = _files(places.state_directory(machine.env) / recordings.FOLDER, "*")
    keeps = machine.settings.developer.keep_audio
    if not files and not keeps:
        return _fine(RECORDINGS, "none: no sound is kept")
    size_bytes = sum(file.stat().st_size for file in files)
    detail = f"THE SOUND OF WHAT PEOPLE SAID IS ON DISK: {_many(len(files), 'file')}, {_mb(size_bytes)}"
    if keeps:
        detail = detail if files else "EVERY UTTERANCE WILL BE WRITTEN TO DISK: developer.keep_audio is on"
        return _wrong(
            RECORDINGS, detail, "set developer.keep_audio = false, and start again: that erases them"
        )
    return _wrong(RECORDINGS, detail, "the agent's next start erases them")


def _damaged(machine: Machine) -> Finding:
    files = _files(places.state_directory(machine.env), f"*{DAMAGED}")
    if not files:
        return _fine(DAMAGED_FILES, "none")
    names = ", ".join(file.name for file in files)
    fix = "delete them, or have twominds forget do it: they may hold what people said"
    return _wrong(DAMAGED_FILES, f"{names}: set aside, and replaced by new ones", fix)


# --- in words ------------------------------------------------------------------------------------


def _fine(name: str, detail: str) -> Finding:
    return Finding(name, State.OK, detail, needed=False)


def _wrong(name: str, detail: str, fix: str) -> Finding:
    return Finding(name, State.PROBLEM, detail, fix, needed=False)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"


def _utc(lived_s: float) -> str:
    """Lived time is about Unix time."""
    return datetime.fromtimestamp(lived_s, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _size(file: Path) -> int:
    """With its log."""
    return sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*") if DAMAGED not in part.name)


def _files(folder: Path, pattern: str) -> Sequence[Path]:
    return sorted(folder.glob(pattern)) if folder.is_dir() else ()


CHECKS: Final[Mapping[str, Check]] = {
    "state directory": _state_directory,
    CONVERSATION: _database(CONVERSATION, memory.FILE, _conversation),
    REPLIES: _database(REPLIES, replies.FILE, _replies),
    PROMISES: _database(PROMISES, promises.FILE, _promises),
    OUTBOX: _database(OUTBOX, outbox.FILE, _outbox),
    RECORDINGS: _recordings,
    DAMAGED_FILES: _damaged,
}
