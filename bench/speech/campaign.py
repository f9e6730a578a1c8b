"""Speech commands measured: `python -m bench.speech [--quick]`.

Commands by synthetic voices in rooms and noise, commands of people (their transcripts made into
grammars), and everything else as off-grammar speech. Writes every attempt to
build/speech-commands.json, the grammar to build/speech-commands.jsgf and, when it is the whole
campaign, the summary docs/speech-commands.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

from bench.speech.attempts import Attempt, attempts, skills_grammar
from bench.speech.curve import ACCEPTED, CERTAIN, NOT_SPEECH, curve, is_synthetic, table
from bench.speech.picture import picture
from bench.speech.recordings import DATA
from device.brain.command_evidence import Evidence
from device.brain.command_verifier import Verifier, load_verifier
from device.brain.recogniser import Recogniser

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = ROOT / "build" / "speech-commands.json"
GRAMMAR = ROOT / "build" / "speech-commands.jsgf"
"""What can be said, to read."""
SUMMARY = ROOT / "docs" / "speech-commands.md"
PICTURE = ROOT / "docs" / "speech-commands.svg"
TEXT = Path(__file__).with_name("summary.md")

VOICES, VOICES_QUICK = 96, 12
"""Synthetic commands for each half."""
EVERY_QUICK = 9


def campaign(quick: bool) -> list[Attempt]:
    """Both halves, each in a process of its own."""
    voices, every = (VOICES_QUICK, EVERY_QUICK) if quick else (VOICES, 1)
    with ProcessPoolExecutor(2) as pool:
        halves = pool.map(partial(attempts, voices=voices, every=every), (0, 1))
        return [attempt for half in halves for attempt in half]


class Outcomes(msgspec.Struct):
    """What became of the attempts of one kind."""

    right: int = 0
    rejected: int = 0
    wrong: int = 0
    unsure: int = 0
    """Of the right and the wrong, those that are confirmed before anything happens."""


def outcomes(found: Sequence[Attempt], verifier: Verifier, recogniser: Recogniser) -> dict[str, Outcomes]:
    """By kind. An off-grammar sound that is accepted counts as wrong."""
    by_kind: dict[str, Outcomes] = {}
    for attempt in found:
        grammar = "off-grammar" if attempt.said is None else "in grammar"
        total = by_kind.setdefault(f"{attempt.kind} | {grammar}", Outcomes())
        confidence = verifier.confidence(Evidence(*attempt.evidence)) if attempt.evidence else 0.0
        if not attempt.heard or confidence < verifier.accept_from:
            total.rejected += 1
            continue
        total.unsure += confidence < verifier.certain_from
        if same_request(attempt, recogniser):
            total.right += 1
        else:
            total.wrong += 1
    return by_kind


def same_request(attempt: Attempt, recogniser: Recogniser) -> bool:
    """The same words, or others that ask for the same thing."""
    if attempt.said is None:
        return False
    if attempt.right:
        return True
    said, heard = recogniser.recognise(attempt.said), recogniser.recognise(attempt.heard)
    return said is not None and said == heard


def outcome_table(by_kind: dict[str, Outcomes]) -> str:
    lines = [
        "| sound | grammar | count | right | rejected | wrong | asked back |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, total in sorted(by_kind.items()):
        count = total.right + total.rejected + total.wrong
        lines.append(
            f"| {name} | {count} | {total.right} | {total.rejected} | {total.wrong} | {total.unsure} |"
        )
    return "\n".join(lines)


def summary(found: Sequence[Attempt], verifier: Verifier) -> str:
    speech = [a for a in found if a.said is None and a.kind not in NOT_SPEECH]
    people = [a for a in found if a.said is not None and not is_synthetic(a)]
    synthetic = [a for a in found if a.said is not None and is_synthetic(a)]
    recogniser = Recogniser("en")
    return TEXT.read_text("utf-8").format(
        curve=table(curve(found)),
        chosen=table(curve(found, (ACCEPTED, CERTAIN))),
        outcomes=outcome_table(outcomes(found, verifier, recogniser)),
        speech=len(speech),
        fits=f"{sum(bool(a.heard) for a in speech) / len(speech):.0%}",
        people=f"{sum(a.right for a in people)} of {len(people)}",
        synthetic=f"{sum(a.right for a in synthetic)} of {len(synthetic)}",
        accept=verifier.accept_from,
        certain=verifier.certain_from,
        rtf=f"{sum(a.took_s for a in found) / sum(a.seconds for a in found):.2f}",
        worst=f"{max(a.took_s / max(a.seconds, 1.0) for a in found):.2f}",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.speech", description="Measure speech commands.")
    parser.add_argument("--quick", action="store_true", help="a sample, within a minute; writes no summary")
    parser.add_argument("--again", action="store_true", help="summarise the attempts of the last campaign")
    options = parser.parse_args(arguments)
    if not DATA.is_dir():
        print("This needs the recordings in ../shared/data beside the repository.", file=sys.stderr)
        return 1
    if options.again:
        found = msgspec.json.decode(ATTEMPTS.read_bytes(), type=list[Attempt])
    else:
        found = campaign(options.quick)
        ATTEMPTS.parent.mkdir(exist_ok=True)
        ATTEMPTS.write_bytes(msgspec.json.encode(found))
    GRAMMAR.parent.mkdir(exist_ok=True)
    GRAMMAR.write_text(skills_grammar().jsgf(), "utf-8")
    verifier = load_verifier()
    print(outcome_table(outcomes(found, verifier, Recogniser("en"))))
    if not options.quick:
        SUMMARY.write_text(summary(found, verifier), "utf-8")
        PICTURE.write_text(picture(curve(found)), "utf-8")
        print(f"written: {SUMMARY.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
