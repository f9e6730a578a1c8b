"""Fit the verifier of speech commands anew: `python -m bench.speech.train_verifier`.

Reads the attempts that `python -m bench.speech` left behind, and writes
device/brain/command_verifier.json. The thresholds are set on attempts whose source the fit that
judged them did not know.
"""

from __future__ import annotations

import sys

import msgspec

from bench.speech.attempts import Attempt
from bench.speech.campaign import ATTEMPTS
from bench.speech.curve import ACCEPTED, CERTAIN, curve
from bench.speech.fit import fit, usable
from device.brain.command_verifier import FILE, Verifier


def train(attempts: list[Attempt]) -> Verifier:
    *weights, bias = (round(float(value), 3) for value in fit(usable(attempts)))
    accept, certain = curve(attempts, (ACCEPTED, CERTAIN))
    count = len(usable(attempts))
    return Verifier(
        weights=(weights[0], weights[1], weights[2]),
        bias=bias,
        accept_from=round(accept.threshold, 3),
        certain_from=round(certain.threshold, 3),
        trained_on=f"{count} attempts of the campaign in docs/speech-commands.md",
    )


def main() -> int:
    if not ATTEMPTS.exists():
        print(
            "Run `python -m bench.speech` first: it leaves the attempts behind.",
            file=sys.stderr,
        )
        return 1
    verifier = train(msgspec.json.decode(ATTEMPTS.read_bytes(), type=list[Attempt]))
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(verifier), indent=2) + b"\n")
    print(f"{FILE.name}: {verifier}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
