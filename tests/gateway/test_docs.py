"""Every setting, command, request and metric of the gateway stands in docs/gateway.md, as it is now."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import make_app
from gateway.cli import build_parser
from gateway.metrics import Metrics
from gateway.settings_load import keys
from tests.gateway.in_process import services

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "gateway.md").read_text("utf-8")


def commands(parser: argparse.ArgumentParser, prefix: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    branches = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not branches:
        yield prefix, parser
    for branch in branches:
        for name, child in branch.choices.items():
            yield from commands(child, f"{prefix} {name}")


@pytest.mark.parametrize(("path", "default"), keys().items())
def test_every_setting_has_its_row(path: str, default: object) -> None:
    assert f"| `{path}` | `{json.dumps(default)}` | " in DOCS


def test_no_row_is_about_a_setting_that_is_gone() -> None:
    assert sorted(re.findall(r"^\| `([a-z0-9_.]+)` \| `[^`]*` \|", DOCS, re.MULTILINE)) == sorted(keys())


@pytest.mark.parametrize(
    ("command", "parser"), [*commands(build_parser(), "python -m gateway")], ids=lambda one: str(one)[:30]
)
def test_every_command_is_documented_and_shows_an_example(
    command: str, parser: argparse.ArgumentParser
) -> None:
    assert f"| `{command}` |" in DOCS
    assert command in (parser.epilog or "")


def test_every_request_has_its_row_and_no_row_is_about_one_that_is_gone() -> None:
    with services() as (given, present):
        described = make_app(given, present, "token").openapi()["paths"]
    there = {f"{method.upper()} {path}" for path, item in described.items() for method in item}
    rows = set(re.findall(r"^\| `((?:GET|POST|DELETE) [^`]*)` \|", DOCS, re.MULTILINE))
    assert rows == there | {"GET /metrics"}


def test_every_metric_has_its_row() -> None:
    names = set(re.findall(r"^# TYPE (\S+) ", Metrics().page().decode(), re.MULTILINE))
    names = {name for name in names if not name.endswith("_created")}
    assert set(re.findall(r"^\| `(gateway_\w+)` \|", DOCS, re.MULTILINE)) == names
