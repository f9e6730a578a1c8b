"""The wheel that was compiled on this machine really runs a language model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.native


@pytest.fixture(scope="module")
def stories(shared_data: Path) -> Any:
    """A language model of 260,000 parameters that tells stories."""
    import llama_cpp

    model = shared_data / "gguf" / "stories260K.gguf"
    return llama_cpp.Llama(str(model), n_ctx=128, n_threads=1, n_gpu_layers=0, seed=1, verbose=False)


def told(model: Any, prompt: str) -> str:
    """16 tokens, always the likeliest one."""
    return str(model(prompt, max_tokens=16, temperature=0)["choices"][0]["text"])


def test_greedy_text_is_the_same_every_time(stories: Any) -> None:
    first = told(stories, "Once upon a time")
    stories.reset()
    assert first.strip()
    assert told(stories, "Once upon a time") == first


def test_the_prompt_matters(stories: Any) -> None:
    assert told(stories, "Once upon a time") != told(stories, "The dog")
