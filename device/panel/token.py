"""The device's token: who knows it may do by the page whatever the page can do.

Sixteen letters that nobody mistakes for one another, so that the one that stands in the address can
also be read out and typed: `k7mp-3xqr-tq9w-v4hd`. Made once, kept in the state directory.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from device.private_file import write_private

log = logging.getLogger(__name__)

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 (https://www.crockford.com/base32.html): no i, l, o or u, and five bits a letter."""
LETTERS = 16
"""80 bits: at five tries a minute, more than the age of the universe."""
_READ_AS = str.maketrans("oil", "011", "- ")

WRONG_TRIES = 5
WITHIN_S = 60.0
ADDRESSES_KEPT = 64
"""Of those who tried in vain; the one longest ago is forgotten first."""


class Token:
    """Knows itself again, however it is typed."""

    def __init__(self, letters: str) -> None:
        self._letters = letters
        self.kept = True
        """It can be read in its file."""

    @property
    def shown(self) -> str:
        """Four groups of four."""
        return "-".join(self._letters[at : at + 4] for at in range(0, LETTERS, 4))

    def fits(self, given: str) -> bool:
        """In constant time; capitals, blanks, dashes and letters that look alike do not matter."""
        return hmac.compare_digest(_plain(given).encode(), self._letters.encode())


def kept_token(file: Path) -> Token:
    """The token in `file`, or a new one that is kept there from now on.

    Where it cannot be kept, the page is served with it all the same, until the next start.
    """
    try:
        letters = _plain(file.read_text("ascii").strip())
    except (OSError, UnicodeDecodeError):
        letters = ""
    known = len(letters) == LETTERS and set(letters) <= set(ALPHABET)
    token = Token(letters if known else "".join(secrets.choice(ALPHABET) for _ in range(LETTERS)))
    try:
        if known:
            file.chmod(0o600)
        else:
            write_private(file, f"{token.shown}\n".encode())
    except OSError as error:
        token.kept = known
        log.warning("The page's access code cannot be kept in %s: %s.", file, error.strerror)
    return token


class Attempts:
    """Counts wrong tokens by the address that they came from: five a minute, and not one more."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def allowed(self, address: str) -> bool:
        """Whether that address may try now; another one is never held up by it."""
        return len(self._lately(address)) < WRONG_TRIES

    def failed(self, address: str) -> None:
        self._wrong[address] = [*self._lately(address), self._clock()]
        self._wrong.move_to_end(address)
        if len(self._wrong) > ADDRESSES_KEPT:
            self._wrong.popitem(last=False)

    def _lately(self, address: str) -> list[float]:
        since_s = self._clock() - WITHIN_S
        return [at_s for at_s in self._wrong.get(address, ()) if at_s > since_s]


def _plain(given: str) -> str:
    return given.lower().translate(_READ_AS)
