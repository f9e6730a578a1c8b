"""Reading JSON that a stranger sent: bounded before it is parsed, then checked against a type."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from device.errors import LinkError

LONGEST_TEXT_BYTES = 64 * 1024
"""A message of the link holds a sentence or two; the largest are a tool's arguments."""
DEEPEST = 16

_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)

T = TypeVar("T")


def checked(data: bytes, longest_bytes: int = LONGEST_TEXT_BYTES) -> bytes:
    """The same bytes. Raises LinkError for what is too long or nested too deep to be parsed."""
    if len(data) > longest_bytes:
        raise LinkError(f"A message of {len(data)} bytes came; {longest_bytes} are allowed.")
    if data.count(b"{") + data.count(b"[") > DEEPEST and _depth(data) > DEEPEST:
        raise LinkError(f"A message is nested deeper than {DEEPEST} levels.")
    return data


def parse(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """What the bytes hold, which `checked` has let pass. Raises LinkError."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LinkError(f"A message is not what it should be: {error}") from error


def _depth(data: bytes) -> int:
    deepest = depth = 0
    for found in _STRUCTURE.finditer(data):
        mark = found.group()[:1]
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest
