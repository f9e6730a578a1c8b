"""The commands `twominds cache list`, `search`, `show`, `add`, `remove`, `import`, `export` and `stats`.

They work beside a running agent: what they change it knows at its next lookup.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from device import places
from device.config import Settings
from device.contracts import Direction
from device.errors import RepliesError
from device.replies import files
from device.replies.files import ALLOWED, FILE, SOURCES, Entry, Line

if TYPE_CHECKING:  # thin devices have no memory to spare: a command loads what it needs when it is called
    from cache.replies import ReplyStore
    from cache.reply_tables import KeptRow, ReplyTables
    from device.ports import SafetyGate

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Add: TypeAlias = Callable[..., argparse.ArgumentParser]
"""Adds a command: (commands, name, act, what it does, *examples)."""

PRINTED: Final = ("print it as JSON", "print it as CSV")
IN_A_FILE: Final = ("JSON, whatever the file is called", "CSV, whatever the file is called")
SHOWN_CHARACTERS: Final = 48
"""Of a question or a reply in a table."""


def register(commands: Commands, add: Add, settings: Callable[[], Settings]) -> None:
    """Add `cache` and what it can do to the command line."""
    what = "the replies that are kept, to be said again when the same is asked"
    cache = commands.add_parser("cache", help=what, description=f"{what[0].upper()}{what[1:]}.")
    deeds = cache.add_subparsers(required=True, metavar="COMMAND")

    def deed(
        name: str, act: Callable[[argparse.Namespace, Settings], int], what: str, *examples: str
    ) -> argparse.ArgumentParser:
        return add(deeds, name, lambda parsed: _told(act, parsed, settings()), what, *examples)

    listing = "twominds cache list", "twominds cache list --source system_2 --csv"
    looked = deed("list", _list, "show every reply", *listing)
    looked.add_argument("--source", choices=SOURCES, default="", help="only those that came from there")
    _form(looked, *PRINTED)

    found = deed(
        "search", _list, "show the replies that have some words, in the question or the reply",
        "twominds cache search penguin",
    )  # fmt: skip
    found.add_argument("text", metavar="WORDS", help="in upper or lower case")
    _form(found, *PRINTED)

    shown = deed("show", _show, "show a reply with everything that is known of it", "twominds cache show 12")
    shown.add_argument("id", type=int, metavar="ID", help="as twominds cache list shows it")
    shown.add_argument("--json", action="store_true", help="print it as JSON")

    adding = (
        'twominds cache add "where is the kitchen" "Down the corridor, on the left."',
        'twominds cache add "who is your doctor" "Ask at the desk." --also "is there a doctor here"',
    )
    added = deed("add", _add, "add a reply of your own", *adding)
    added.add_argument("question", metavar="QUESTION", help="as somebody asks it")
    added.add_argument("reply", metavar="REPLY", help="what is to be said")
    added.add_argument(
        "--also", nargs="+", default=[], metavar="WORDING", help="other ways to ask for the same"
    )

    removed = deed("remove", _remove, "erase replies", "twominds cache remove 12 13")
    removed.add_argument("ids", nargs="+", type=int, metavar="ID", help="as twominds cache list shows them")

    taking = "twominds cache import replies.csv", "twominds cache import --csv - < replies.csv"
    taken = deed("import", _import, "add the replies of a file", *taking)
    taken.add_argument("file", metavar="FILE", help="JSON or CSV; - for what is piped in")
    _form(taken, *IN_A_FILE)

    giving = "twominds cache export replies.json", "twominds cache export --csv > replies.csv"
    given = deed("export", _export, "write the replies to a file that can be imported", *giving)
    given.add_argument("file", nargs="?", default="-", metavar="FILE", help="not to be printed, but written")
    given.add_argument("--source", choices=SOURCES, default="", help="only those that came from there")
    _form(given, *IN_A_FILE)

    counted = deed("stats", _stats, "tell how much is kept, and in how much room", "twominds cache stats")
    counted.add_argument("--json", action="store_true", help="print it as JSON")


def _form(command: argparse.ArgumentParser, json_help: str, csv_help: str) -> None:
    forms = command.add_mutually_exclusive_group()
    forms.add_argument("--json", dest="form", action="store_const", const="json", help=json_help)
    forms.add_argument("--csv", dest="form", action="store_const", const="csv", help=csv_help)


def _told(
    act: Callable[[argparse.Namespace, Settings], int], parsed: argparse.Namespace, settings: Settings
) -> int:
    """What goes wrong with the disk, as a sentence."""
    try:
        return act(parsed, settings)
    except sqlite3.OperationalError as error:
        busy = "locked" in str(error) or "busy" in str(error)
        what_to_do = "something else is writing to it; try again" if busy else str(error)
        raise RepliesError(f"The cache {_file()} cannot be used now: {what_to_do}.") from error
    except sqlite3.DatabaseError as error:
        raise RepliesError(
            f"The cache {_file()} is damaged ({error}). The next start of the agent sets it aside and "
            "begins a new one."
        ) from error
    except OSError as error:
        whose = (
            "; it belongs to the user whom the agent runs as" if isinstance(error, PermissionError) else ""
        )
        raise RepliesError(f"The cache {_file()} cannot be used: {error.strerror}{whose}.") from error


# --- looking ---------------------------------------------------------------------------------------


def _list(parsed: argparse.Namespace, settings: Settings) -> int:
    wanted = getattr(parsed, "text", "").casefold()
    with _tables() as tables:
        rows = [
            row
            for row in tables.replies(getattr(parsed, "source", ""))
            if any(wanted in text.casefold() for text in (*row.questions, row.reply))
        ]
    if parsed.form:
        print(files.rendered([_as_json(row) for row in rows], parsed.form), end="")
    elif rows:
        print(_table([_in_short(row) for row in rows]))
    else:
        print("No reply has these words." if wanted else "No reply is kept.")
    return 0


def _show(parsed: argparse.Namespace, settings: Settings) -> int:
    with _tables() as tables:
        row = next(tables.replies(reply_id=parsed.id), None)
    if row is None:
        raise _unknown([parsed.id])
    if parsed.json:
        print(json.dumps(_as_json(row), ensure_ascii=False))
        return 0
    for name, value in _in_full(row).items():
        for line in value if isinstance(value, list) else [value]:
            print(f"{name:<11} {line}")
            name = ""
    return 0


def _stats(parsed: argparse.Namespace, settings: Settings) -> int:
    with _store(existing=True) as store:
        found = store.stats()
    if parsed.json:
        print(json.dumps(asdict(found) | {"most_bytes": settings.replies.most_mb * 1_000_000}))
        return 0
    for source, count in sorted(found.replies.items()):
        print(f"{count:>7} from {source}")
    print(f"{found.questions:>7} questions that ask for them")
    for voice, count in sorted(found.sounds.items()):
        print(f"{count:>7} ready as sound, in voice {voice}")
    print(f"{found.bytes_used / 1e6:>7.1f} MB of {settings.replies.most_mb} MB, "
          f"sound {found.sound_bytes / 1e6:.1f} MB")  # fmt: skip
    return 0


def _table(rows: Sequence[Mapping[str, object]]) -> str:
    """Columns under their names."""
    lines = [list(rows[0]), *([str(cell) for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _in_short(row: KeptRow) -> dict[str, object]:
    more = f" (+{len(row.questions) - 1})" if len(row.questions) > 1 else ""
    return {
        "ID": row.reply_id,
        "QUESTION": _cut(row.questions[0]) + more,
        "REPLY": _cut(row.reply),
        "SOURCE": row.source,
        "USES": row.uses,
        "SOUND": "yes" if row.voices else "",
        "GOOD UNTIL": files.until(row.expires_s)[:10],
    }


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"


def _in_full(row: KeptRow) -> dict[str, object]:
    """As JSON has it, but no cell is empty."""
    return _as_json(row) | {
        "character": row.character or "everyone",
        "good_until": files.until(row.expires_s) or "for ever",
        "last_used": files.until(row.used_s) or "never",
    }


def _as_json(row: KeptRow) -> dict[str, Any]:
    return {
        "id": row.reply_id,
        "language": row.language,
        "questions": list(row.questions),
        "reply": row.reply,
        "source": row.source,
        "verdict": row.verdict,
        "character": row.character,
        "made": files.until(row.made_s),
        "good_until": files.until(row.expires_s),
        "last_used": files.until(row.used_s),
        "uses": row.uses,
        "voices": row.voices,
    }


# --- changing --------------------------------------------------------------------------------------


def _add(parsed: argparse.Namespace, settings: Settings) -> int:
    try:
        entry = files.checked(
            Entry(parsed.question, parsed.reply, tuple(parsed.also), language=settings.language)
        )
    except ValueError as problem:
        raise RepliesError(f"Nothing was added: {problem}.") from problem
    if refused := asyncio.run(_refused(_gate(settings), entry)):
        raise RepliesError(f"Nothing was added: {refused}.")
    with _store() as store:
        (reply_id,) = _keep(store, [entry], settings)
    print(f"Added as {reply_id}.")
    return 0


def _remove(parsed: argparse.Namespace, settings: Settings) -> int:
    with _store(existing=True) as store:
        if unknown := [reply_id for reply_id in parsed.ids if store.get(reply_id) is None]:
            raise _unknown(unknown)
        print(f"Erased: {store.remove(dict.fromkeys(parsed.ids))}.")
    return 0


def _import(parsed: argparse.Namespace, settings: Settings) -> int:
    text = _read(parsed.file)
    lines = list(files.read(text, _form_of(parsed)))
    taken, refused = asyncio.run(_judged(_gate(settings), lines))
    if taken:
        with _store() as store:
            _keep(store, taken, settings)
    for line in refused:
        print(f"line {line.number}: {line.problem}", file=sys.stderr)
    print(f"Taken: {len(taken)}. Not taken: {len(refused)}.")
    return 1 if refused else 0


def _export(parsed: argparse.Namespace, settings: Settings) -> int:
    with _tables() as tables:
        entries = [_as_entry(row) for row in tables.replies(parsed.source)]
    text = files.written(entries, _form_of(parsed))
    if parsed.file == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())  # whatever the terminal knows: it may be a file
        return 0
    try:
        Path(parsed.file).write_text(text, "utf-8", newline="")
    except OSError as error:
        raise RepliesError(f"{parsed.file} cannot be written: {error.strerror}.") from error
    print(f"Written: {len(entries)}.")
    return 0


def _as_entry(row: KeptRow) -> Entry:
    question, *also = row.questions
    until = files.until(row.expires_s)
    return Entry(question, row.reply, tuple(also), row.language, row.source, row.character, until)


async def _judged(gate: SafetyGate, lines: Sequence[Line]) -> tuple[list[Entry], list[Line]]:
    """What may be kept, and what not and why."""
    taken, refused = [], []
    for line in lines:
        problem = line.problem or await _refused(gate, line.entry)
        if problem or line.entry is None:
            refused.append(Line(line.number, None, problem))
        else:
            taken.append(line.entry)
    return taken, refused


async def _refused(gate: SafetyGate, entry: Entry | None) -> str:
    """What the safety gate has against it; "" for nothing."""
    if entry is None:
        return ""
    for question in (entry.question, *entry.also):
        if not (verdict := await gate.judge(question, Direction.HEARD)).allowed:
            why = verdict.category or verdict.rule
            return f"the safety gate answers such a question itself ({why})"
    if not (verdict := await gate.judge(entry.reply, Direction.TO_SAY)).allowed:
        return f"the safety gate lets no such reply be said ({verdict.category or verdict.rule})"
    return ""


def _keep(store: ReplyStore, entries: Sequence[Entry], settings: Settings) -> list[int]:
    """Keep them, within the room that there is; their ids. Raises RepliesError, and then keeps none."""
    from cache.reply_rows import NewReply
    from device.brain.recall.lexicon import load_lexicon
    from device.brain.recall.matcher import Matcher

    matcher = Matcher({settings.language: load_lexicon(settings.language)})
    now_s, new = _lived_s(), []
    for entry in entries:
        asked = (entry.question, *entry.also)
        wordings = [one for text in asked if (one := matcher.wording(text, entry.language)) is not None]
        if len(wordings) < len(asked):
            raise RepliesError(
                f"Nothing was added: this device speaks {settings.language}, and would not find what is "
                f"asked in {entry.language}."
            )
        until_s = files.expires_s(entry)
        new.append(
            NewReply(
                entry.language, tuple(wordings), entry.reply, entry.source, ALLOWED, entry.character, until_s
            )
        )
    ids = store.put_all(new, now_s)
    store.evict(settings.replies.most_mb * 1_000_000, now_s)
    return ids


def _gate(settings: Settings) -> SafetyGate:
    from device.brain.safety.gate import load_gate

    return load_gate(settings.language, settings.country, for_adults=settings.character.safety == "adult")


# --- files -----------------------------------------------------------------------------------------


def _file() -> Path:
    return places.state_directory(os.environ) / FILE


def _lived_s() -> float:
    from device import lived_time

    file = places.state_directory(os.environ) / lived_time.FILE
    return lived_time.LivedTime(file, time.time, time.monotonic).now()


def _there() -> Path:
    """Raises RepliesError where nothing is kept yet."""
    if not (file := _file()).is_file():
        raise RepliesError(
            f"There is no cache yet ({file}): it begins with the first start of the agent, or with "
            "twominds cache add."
        )
    return file


@contextlib.contextmanager
def _store(*, existing: bool = False) -> Iterator[ReplyStore]:
    from cache.reading import open_to_read
    from cache.replies import CHECKED_BYTES, ReplyStore

    file = _there() if existing else _file()
    if file.is_file():  # a damaged one is set aside by the agent, which may have it open
        open_to_read(file, whole=file.stat().st_size <= CHECKED_BYTES).close()
    store = ReplyStore(file)
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def _tables() -> Iterator[ReplyTables]:
    from cache.reply_tables import ReplyTables

    tables = ReplyTables(_there())
    try:
        yield tables
    finally:
        tables.close()


def _read(file: str) -> str:
    """Raises RepliesError."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise RepliesError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RepliesError(f"{file} is no text: save it as UTF-8.") from error


def _form_of(parsed: argparse.Namespace) -> files.Format:
    """As was asked for, else by the file's name, else JSON."""
    by_name: files.Format = "csv" if parsed.file.lower().endswith(".csv") else "json"
    form: files.Format = parsed.form or by_name
    return form


def _unknown(ids: Sequence[int]) -> RepliesError:
    told = ", ".join(map(str, ids))
    return RepliesError(f"There is no reply {told}: twominds cache list shows what there is.")
