"""What an utterance asks of a mind. Pure."""

from __future__ import annotations

import enum


class Demand(enum.Enum):
    """What an answer takes."""

    WISH = "wish"
    """A person asked for the deep mind, or for hard thought."""
    VISION = "vision"
    RECENCY = "recency"
    """What changes from day to day: news, weather, results, prices."""
    TALK = "talk"
    """Small talk and feelings."""
    REASONING = "reasoning"
    """Long thought: to explain, compare, plan, write, translate, calculate at length."""
    KNOWLEDGE = "knowledge"
    """A question about the world."""
    OTHER = "other"
