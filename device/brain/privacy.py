"""What an utterance tells about a person. Pure."""

from __future__ import annotations

import enum


class Private(enum.Enum):
    """Classes of what a person may not want to leave the device; each has its consent."""

    NAMES = "names"
    PLACES = "places"
    HEALTH = "health"
