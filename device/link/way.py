"""The way out of this device to System 2, as the link is handed it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["control", "text", "audio"]
"""What it is that leaves: nothing of a person, words, or sound."""


class Way(Protocol):
    """The way out to one peer."""

    def open(self) -> AbstractContextManager[None]:
        """While this is entered, connections are allowed. Entering looks the name up, which blocks.

        Raises OSError.
        """
        ...

    def sent(self, kind: Kind, sent_bytes: int) -> None:
        """So many bytes of this kind were handed to the network."""
        ...
