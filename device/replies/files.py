"""Kept replies in files that people exchange, JSON and CSV: written, and read back line by line. Pure."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from device.errors import RepliesError

FILE: Final = "replies.db"
"""In the state directory."""
ALLOWED: Final = "allow"
"""The safety gate's verdict on everything that is kept; each clause is judged again before it sounds."""
Format = Literal["json", "csv"]
SOURCES: Final = ("pack", "system_1", "system_2", "person")
CRLF: Final = "\r\n"
"""As RFC 4180 has it; the csv module quotes what is in a cell only if it may be the end of a line."""
SEPARATORS: Final = ",;\t"
"""Between the cells of a CSV file: spreadsheets write the second where numbers have a comma."""
LONGEST_QUESTION: Final = 300
"""Characters, about 20 s of speech."""
LONGEST_REPLY: Final = 2000
"""Characters, about two minutes of speech."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A reply as it stands in a file; read again, it is the same."""

    question: str
    reply: str
    also: tuple[str, ...] = ()
    """Other wordings of the question."""
    language: str = "en"
    source: str = "person"
    character: str = ""
    """Who may say it; "" for everyone."""
    good_until: str = ""
    """ISO 8601, UTC; "" for ever."""


_COLUMNS: Final = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True)
class Line:
    """What was read, and where it began, from 1."""

    number: int
    entry: Entry | None
    problem: str = ""
    """Why there is no entry, in words that follow "line 7: "."""


def written(entries: Iterable[Entry], form: Format) -> str:
    """The text of a file."""
    if form == "json":
        rows = ",\n".join(json.dumps(asdict(entry), ensure_ascii=False) for entry in entries)
        return f"[\n{rows}\n]\n" if rows else "[]\n"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=CRLF)
    writer.writerow(_COLUMNS)
    for entry in entries:
        values = asdict(entry) | {"also": "\n".join(entry.also)}
        writer.writerow(values[column] for column in _COLUMNS)
    return out.getvalue()


def rendered(rows: Sequence[Mapping[str, Any]], form: Format) -> str:
    """What is shown of replies, for other programs; lists are lines of a cell in CSV."""
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    cells = [{name: "\n".join(v) if isinstance(v, list) else v for name, v in row.items()} for row in rows]
    out = io.StringIO()
    writer = csv.DictWriter(out, cells[0] if cells else (), lineterminator=CRLF)
    if cells:
        writer.writeheader()
    writer.writerows(cells)
    return out.getvalue()


def read(text: str, form: Format) -> Iterator[Line]:
    """The entries of a file, good and bad. Raises RepliesError for what cannot be read on."""
    lines = _json_rows(text) if form == "json" else _csv_rows(text)
    for number, row in lines:
        try:
            yield Line(number, _entry(row))
        except ValueError as problem:
            yield Line(number, None, str(problem))


def until(expires_s: float | None) -> str:
    """A time of the store, which is about Unix time, for `Entry.good_until`."""
    return "" if expires_s is None else datetime.fromtimestamp(expires_s, UTC).isoformat(timespec="seconds")


def expires_s(entry: Entry) -> float | None:
    """The other way round."""
    return datetime.fromisoformat(entry.good_until).timestamp() if entry.good_until else None


# --- rows -----------------------------------------------------------------------------------------


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Lines without a word are passed over: spreadsheets write them below a table."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    names = _names(reader)
    began = reader.line_num + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield began, _csv_row(names, cells)
            began = reader.line_num + 1
    except csv.Error as error:
        raise RepliesError(f"From line {reader.line_num} on this is no CSV file: {error}.") from error


def _separator(text: str) -> str:
    """What is between the cells of a CSV file: that by which the first line has the names that it must."""
    for separator in SEPARATORS:
        with contextlib.suppress(csv.Error):  # another one may fit
            if {"question", "reply"} <= set(_names(csv.reader(io.StringIO(text), delimiter=separator))):
                return separator
    raise RepliesError("The first line of a CSV file names its columns: question and reply at least.")


def _names(rows: Iterator[list[str]]) -> list[str]:
    """Of the columns; Excel may have a line of its own before them, which names the separator."""
    first = next(rows, [])
    if first and first[0].startswith("sep="):
        first = next(rows, [])
    return [name.strip().lower() for name in first]


def _csv_row(names: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    if any(cells[len(names) :]) or any(cell for name, cell in zip(names, cells, strict=False) if not name):
        return {"": "it has more cells than the first line has names"}
    row = {name: cell for name, cell in zip(names, cells, strict=False) if name}
    return row | {"also": row.get("also", "").splitlines()}


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Of an array of objects, or of an object on each line."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at] in " \t\r\n,[]\ufeff":
            at += 1
        if at == len(text):
            return
        number = text.count("\n", 0, at) + 1
        try:
            row, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise RepliesError(f"From line {error.lineno} on this is no JSON file: {error.msg}.") from error
        yield number, row if isinstance(row, dict) else {"": "it is no object with a question and a reply"}


def _entry(row: Mapping[str, Any]) -> Entry:
    """Raises ValueError with what is wrong."""
    if "" in row:
        raise ValueError(row[""])
    if unknown := [name for name in row if name not in _COLUMNS]:
        raise ValueError(f"{unknown[0]} is nothing that is known here: use {', '.join(_COLUMNS)}")
    also = row.get("also") or ()
    texts = {name: row[name] for name in _COLUMNS if name != "also" and row.get(name) is not None}
    if not isinstance(also, list | tuple) or not all(
        isinstance(one, str) for one in (*also, *texts.values())
    ):
        raise ValueError("everything is text here, and also is a list of texts")
    filled = {name: value for name, value in texts.items() if value or name in ("question", "reply")}
    return checked(Entry(**{"question": "", "reply": "", **filled, "also": tuple(filter(None, also))}))


def checked(entry: Entry) -> Entry:
    """The same, with its questions as they are kept. Raises ValueError with what is wrong."""
    question, *also = map(_as_kept, (entry.question, *entry.also))
    entry = replace(entry, question=question, also=tuple(also))
    for name, value, most in (
        *(("question", one, LONGEST_QUESTION) for one in (entry.question, *entry.also)),
        ("reply", entry.reply, LONGEST_REPLY),
    ):
        if not any(letter.isalnum() for letter in value):
            raise ValueError(f"the {name} has no words")
        if len(value) > most:
            raise ValueError(f"the {name} is longer than {most} characters")
    if entry.source not in SOURCES:
        raise ValueError(f"{entry.source} is no source: use {', '.join(SOURCES)}")
    try:
        expires_s(entry)
    except ValueError as error:
        raise ValueError(f"{entry.good_until} is no time: write 2030-12-31T12:00:00+00:00") from error
    return entry


def _as_kept(question: str) -> str:
    """One space between words."""
    return " ".join(question.split())
