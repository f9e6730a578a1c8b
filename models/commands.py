"""The commands `twominds models list`, `fetch`, `verify` and `remove`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeAlias

from device.errors import ModelError
from models.catalogue import Kind, Model
from models.store import USABLE, ModelStore, Status, open_store

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Act: TypeAlias = Callable[[argparse.Namespace], int]
Add: TypeAlias = Callable[..., argparse.ArgumentParser]
"""Adds a command: (commands, name, act, what it does, *examples)."""

LINES_MBIT_S = (5, 20, 100)
"""Lines to tell a duration for: a slow one in the country, an ordinary one, a fast one."""


def register(commands: Commands, add: Add) -> None:
    """Add `models` and what it can do to the command line."""
    what = "the models of the native engines: what there is, what is here"
    models = commands.add_parser("models", help=what, description=f"{what[0].upper()}{what[1:]}.")
    views = models.add_subparsers(required=True, metavar="COMMAND")
    add(views, "list", _list, "show every model, and which are for this board", "twominds models list")

    fetching = (
        "twominds models fetch",
        "twominds models fetch --plan pi4",
        "twominds models fetch whisper-base.en en_GB-alba-medium",
        "twominds models fetch --from http://192.168.1.20:8000/models",
    )
    fetch = add(views, "fetch", _fetch, "fetch models; without a name, those for this board", *fetching)
    fetch.add_argument("names", nargs="*", metavar="TIER or NAME", help="as twominds models list shows them")
    fetch.add_argument("--plan", action="store_true", help="only say what would be fetched")
    fetch.add_argument(
        "--accept-terms", action="store_true", help="agree to the terms of models that have some"
    )
    fetch.add_argument(
        "--from",
        dest="source",
        type=_address,
        metavar="URL",
        help="not from the publishers, but from a web server with a copy of a models folder",
    )

    verifying = "twominds models verify", "twominds models verify gemma-3-1b-it"
    verify = add(views, "verify", _verify, "compare every byte of what is installed", *verifying)
    verify.add_argument("names", nargs="*", metavar="NAME", help="only these")

    remove = add(views, "remove", _remove, "delete a model", "twominds models remove whisper-small.en")
    remove.add_argument("names", nargs="+", metavar="NAME", help="as twominds models list shows it")
    remove.add_argument("--forget", action="store_true", help="forget its pinned checksums, too")


# --- list ------------------------------------------------------------------------------------------------


def _list(parsed: argparse.Namespace) -> int:
    store = open_store(os.environ)
    print(listing(store))
    return 0


def listing(store: ModelStore) -> str:
    """Every model in a line, the tiers below; a star marks what is for this board."""
    from models.fetching import megabytes

    rows = [("", "NAME", "KIND", "SIZE", "STATUS", "TIERS", "LICENCE")]
    lines: list[str] = []
    for kind in Kind:
        for model in store.catalogue.of_kind(kind):
            star = "*" if model.name == store.tier.of_kind(kind) else ""
            tiers = [tier.name for tier in store.catalogue.tiers if model.name in tier.models]
            size, status = megabytes(model.expected_bytes), store.status(model).value
            rows.append((star, model.name, kind.value, size, status, " ".join(tiers), _licence(model)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    lines += ["", f"This is {store.board}: tier {store.tier.name}, marked *.", ""]
    lines += [f"  {tier.name:<6} {tier.what}" for tier in store.catalogue.tiers]
    lines += ["", f"They lie in {store.root}. To fetch those for this board: twominds models fetch"]
    return "\n".join(lines)


def _licence(model: Model) -> str:
    return model.licence + (", terms to accept" if model.terms else "")


# --- fetch -----------------------------------------------------------------------------------------------


def _fetch(parsed: argparse.Namespace) -> int:
    from device.egress import Egress, install_guard
    from models.fetching import Fetcher, Source, missing
    from models.network import Network
    from models.progress import report_to

    store = open_store(os.environ)
    models = store.catalogue.chosen(parsed.names or [store.tier.name])
    named = {name for name in parsed.names if name not in {tier.name for tier in store.catalogue.tiers}}
    if not parsed.plan:
        models = settle_terms(store, models, named, accepted=parsed.accept_terms, ask=_asker())
    lacking = [one for one in (missing(store, model) for model in models) if not one.nothing]
    print(plan_text(store, models, {one.model.name: one.to_come_bytes for one in lacking}))
    if parsed.plan or not lacking:
        return 0
    egress = Egress()
    install_guard(egress)
    network = Network(egress, () if parsed.source else store.catalogue.redirects)
    fetcher = Fetcher(store, network, report_to(), Source(parsed.source or ""))
    try:
        with store.alone():
            problems = fetcher.fetch(lacking)
    except KeyboardInterrupt:
        print("\nStopped. What has come is kept: the same command goes on from there.", file=sys.stderr)
        raise
    return _outcome(store, [one.model for one in lacking], problems)


def _outcome(store: ModelStore, models: Sequence[Model], problems: Sequence[ModelError]) -> int:
    """Print what is here now and what is not, and why."""
    come = [model.name for model in models if store.status(model) in USABLE]
    if come:
        print(f"Installed: {', '.join(come)}")
    for problem in problems:
        print(f"twominds: {problem}", file=sys.stderr)
    if any(problem.retryable for problem in problems):
        print(
            "twominds: What has come is kept. Is this machine online? The same command goes on from there; "
            "without a network, models can come from a machine nearby (docs/models.md).",
            file=sys.stderr,
        )
    return 1 if problems else 0


def plan_text(store: ModelStore, models: Sequence[Model], to_come: dict[str, int]) -> str:
    """What is to be fetched, how much that is, how long it may take and what room there is."""
    from models.fetching import existing, free_on_disk, megabytes

    lines = [f"This is {store.board}: tier {store.tier.name}.", ""]
    for model in models:
        size = megabytes(to_come[model.name]) if to_come.get(model.name) else "is here"
        lines.append(f"  {model.name:<24} {size:>8}  {model.what} ({_licence(model)})")
    total = sum(to_come.values())
    if not total:
        return "\n".join([*lines, "", "All of it is here, and whole."])
    times = ", ".join(f"{_duration(total * 8 / mbit / 1e6)} at {mbit} Mbit/s" for mbit in LINES_MBIT_S)
    free = megabytes(free_on_disk(existing(store.root)))
    lines += ["", f"{megabytes(total)} to come: estimated {times}."]
    lines += [f"They will lie in {store.root}, where {free} are free."]
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


Ask: TypeAlias = Callable[[str], bool]


def settle_terms(
    store: ModelStore, models: Sequence[Model], named: set[str], *, accepted: bool, ask: Ask | None
) -> tuple[Model, ...]:
    """The models that may be fetched: those without terms, those agreed to, and what stands in for others.

    What is installed was agreed to. `ask` is None when nobody is there to answer. Raises ModelError for a
    model that was asked for by its `named` and is not agreed to.
    """
    settled: list[Model] = []
    for model in models:
        terms = model.terms
        if terms is None or store.status(model) in USABLE or accepted:
            settled.append(model)
            continue
        print(f"{model.name} comes under the {terms.name}: {terms.url}")
        if ask is not None and ask("Do you accept them? [y/N] "):
            settled.append(model)
        elif model.name in named:
            raise ModelError(
                f"{model.name} is fetched only under the {terms.name} ({terms.url}). "
                f"If you accept them: twominds models fetch {model.name} --accept-terms"
            )
        else:
            instead = store.catalogue.model(terms.instead)
            print(
                f"They are not accepted, so {instead.name} comes in its place. "
                f"To accept them later: twominds models fetch {model.name} --accept-terms"
            )
            settled.append(instead)
    return tuple(dict.fromkeys(settled))


def _asker() -> Ask | None:
    """How to ask the person at the terminal; None when nobody is there."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None

    def ask(question: str) -> bool:
        try:
            return input(question).strip().lower() in ("y", "yes")
        except EOFError:
            return False

    return ask


def _address(text: str) -> str:
    """The address of a web server. Raises ArgumentTypeError for anything else."""
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text} is not the address of a web server: http://… or https://…")
    return text


# --- verify and remove -----------------------------------------------------------------------------------


def _verify(parsed: argparse.Namespace) -> int:
    store = open_store(os.environ)
    models = [store.catalogue.model(name) for name in parsed.names] or list(store.catalogue.models)
    here = [model for model in models if store.status(model) is not Status.ABSENT]
    for model in models:
        if parsed.names and model not in here:
            print(f"{model.name} is not installed: twominds models fetch {model.name}")
    damaged = False
    for model in here:
        problems = store.verify(model)
        damaged = damaged or bool(problems)
        detail = f"damaged: {'; '.join(problems)}" if problems else "whole"
        print(f"{model.name}: {detail}")
        if problems:
            print(f"  twominds models fetch {model.name} mends it")
    if not here and not parsed.names:
        print("No model is installed: twominds models fetch")
    return 1 if damaged or len(here) < len(parsed.names) else 0


def _remove(parsed: argparse.Namespace) -> int:
    store = open_store(os.environ)
    code = 0
    with store.alone():
        for model in [store.catalogue.model(name) for name in parsed.names]:
            if store.remove(model, forget=parsed.forget):
                print(f"{model.name} is removed.")
            else:
                print(f"{model.name} is not installed.", file=sys.stderr)
                code = 1
    return code
