"""Which models an OpenAI-compatible server lists, and which of them is meant. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from device.errors import EngineMissing

READS_AHEAD = frozenset({"llamacpp", "vllm"})
"""What llama-server and vLLM call themselves: both keep what they have read for the next request."""


@dataclass(frozen=True, slots=True)
class Listed:
    name: str
    keeps_what_it_read: bool = False


def choose(listing: bytes, wanted: str) -> Listed:
    """The one called `wanted`, or the first. Raises EngineMissing with what there is."""
    models = _listed(listing)
    if not wanted:
        if not models:
            raise EngineMissing("The language model's server lists no model: load one there.")
        return models[0]
    for model in models:
        if wanted in (model.name, model.name.removesuffix(":latest")):
            return model
    names = ", ".join(model.name for model in models[:8]) or "none"
    raise EngineMissing(
        f"The language model's server has no model called {wanted}: set llm_server.model to one of "
        f"those that it lists ({names})."
    )


def _listed(listing: bytes) -> list[Listed]:
    try:
        entries = json.loads(listing)["data"]
        return [Listed(str(entry["id"]), entry.get("owned_by") in READS_AHEAD) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EngineMissing(
            "There is no OpenAI-compatible server at llm_server.url: what it sent is no list of models. "
            "The url usually ends with /v1."
        ) from error
