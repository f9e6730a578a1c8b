"""System 1 on board: what a warm beginning saves, how late the event loop gets, what memory it takes.

On models of random weights: they say nothing sensible, and take as long as sensible ones of their size.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figure import Figure, not_measured, percentile
from bench.lag import with_lags_s
from device.brain.llama_engine import LlamaEngine
from device.brain.llm_llama import LlamaModel
from device.config import Llama, Reply
from device.contracts import Prompt
from device.jobs import StopFlag

if TYPE_CHECKING:
    from tests.models_made.gguf_model import Shape

PREFIX_WORDS = 285
"""One token each; the template adds some 15 until the person's words begin."""
PAIRS = 7
LOAD_S = 60.0


async def warm_beginning() -> list[Figure]:
    """Ratio 4: the first token with persona and history read ahead ÷ without."""
    if not _installed():
        return [not_measured("first token, warm ÷ cold")]
    with _model(_small()) as file:
        pairs = [pair async for pair in _pairs(file)]
    ratios = [warm_s / cold_s for cold_s, warm_s, _, _ in pairs]
    new, prompt = pairs[-1][2:]
    size = f"{PAIRS} interleaved pairs, {_described(_small())}, {_cores()} threads"
    return [
        Figure("first token, warm ÷ cold", statistics.median(ratios), "×", 0.15, f"median of {size}"),
        Figure("first token, cold", 1000 * statistics.median(p[0] for p in pairs), "ms", None, "the same"),
        Figure("first token, warm", 1000 * statistics.median(p[1] for p in pairs), "ms", None, "the same"),
        Figure(
            "tokens read, warm ÷ cold", new / prompt, "×", None, f"{new} of {prompt} tokens of the prompt"
        ),
    ]


async def _pairs(file: Path) -> AsyncIterator[tuple[float, float, int, int]]:
    """Seconds cold and warm, tokens read warm, tokens of the prompt."""
    model = LlamaModel(file, Llama(context_tokens=1024), Reply(longest_tokens=16), _cores(), seed=1)
    await model.load(LOAD_S)
    persona = " ".join(["hello robot the"] * (PREFIX_WORDS // 3))
    for number in range(PAIRS):
        prompt = Prompt(f"{number} {persona}", (), "", "what time is it, robot, what is the moon")
        cold_s, _, _ = await _first_token(model, prompt)
        await model.prepare(Prompt("a story", ()))  # forget
        await model.prepare(Prompt(prompt.persona, ()))
        warm_s, read, whole = await _first_token(model, prompt)
        yield cold_s, warm_s, read, whole
    await model.close()


async def _first_token(model: LlamaModel, prompt: Prompt) -> tuple[float, int, int]:
    """Seconds, tokens that had to be read, tokens of the prompt."""
    async for _ in model.answer(prompt):
        pass
    usage = model.usage
    assert usage is not None
    return usage.first_s, usage.prompt_tokens - usage.held_tokens, usage.prompt_tokens


async def loop_lag() -> list[Figure]:
    """How late the event loop's 5 ms ticks are while the model reads and writes in its thread."""
    if not _installed():
        return [not_measured("loop lag p99 during inference")]
    with _model(_small()) as file:
        model = LlamaModel(file, Llama(context_tokens=1024), Reply(longest_tokens=160), _cores(), seed=1)
        await model.load(LOAD_S)
        _, idle = await with_lags_s(asyncio.sleep(2))
        _, busy = await with_lags_s(_talk(model))
        await model.close()
    method = f"{len(busy)} ticks of 5 ms while {_described(_small())} reads and writes, {_cores()} threads"
    return [
        Figure("loop lag p99 during inference", 1000 * percentile(busy, 99), "ms", 10, method),
        Figure(
            "loop lag p99 when idle", 1000 * percentile(idle, 99), "ms", None, f"{len(idle)} ticks of 5 ms"
        ),
    ]


async def _talk(model: LlamaModel) -> None:
    for number in range(3):
        prompt = Prompt(f"{number} " + "hello robot the " * 150, (), "", "what time is it")
        async for _ in model.answer(prompt):
            pass


def memory() -> list[Figure]:
    """Resident memory with and without `llama.memory_map`, as ratios to the model's file."""
    if not _installed():
        return [not_measured("RSS ÷ model, memory_map = false")]
    figures: list[Figure] = []
    with _model(_large()) as file:
        size = file.stat().st_size
        for memory_map in (False, True):
            kib = _memory_of(file, memory_map)
            setting = f"memory_map = {str(memory_map).lower()}"
            method = f"a fresh process with {_described(_large())}, context 512, after 16 tokens"
            for name, field in (("RSS", "Rss"), ("anonymous", "Anonymous"), ("Pss", "Pss")):
                ratio = 1024 * kib[field] / size
                figures.append(Figure(f"{name} ÷ model, {setting}", ratio, "×", None, method))
    return figures


def _memory_of(file: Path, memory_map: bool) -> dict[str, int]:
    command = [sys.executable, "-m", "bench.minds", str(file), "map" if memory_map else "read"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return dict(json.loads(told.stdout))


def _use(file: Path, memory_map: bool) -> None:
    """Load, read and write a little, and print what memory that took."""
    from bench.memory import own_memory_kib

    engine = LlamaEngine(file, context_tokens=512, threads=_cores(), memory_map=memory_map)
    engine.read(engine.tokens("hello robot"), StopFlag())
    for _ in engine.write(16, 1, 1, 1, StopFlag()):
        pass
    print(json.dumps(own_memory_kib()))


def _small() -> Shape:
    """Some 90 MB: as much work a token as a model of 0.16 billion parameters."""
    from tests.models_made.gguf_model import Shape

    return Shape(
        layers=12, width=768, heads=12, feed_forward=3072, vocabulary=32_000, context=2048, weights="q4_0"
    )


def _large() -> Shape:
    from tests.models_made.gguf_model import Shape

    return Shape(
        layers=16, width=1280, heads=20, feed_forward=4096, vocabulary=32_000, context=2048, weights="q4_0"
    )


@contextlib.contextmanager
def _model(shape: Shape) -> Iterator[Path]:
    from tests.models_made.gguf_model import make

    with tempfile.TemporaryDirectory() as folder:
        yield make(Path(folder) / "random.gguf", shape)


def _described(shape: Shape) -> str:
    parameters = shape.layers * (4 * shape.width**2 + 3 * shape.width * shape.feed_forward)
    parameters += 2 * shape.width * shape.vocabulary
    return f"a random Q4_0 model of {parameters / 1e6:.0f} M parameters"


def _cores() -> int:
    return os.cpu_count() or 1


def _installed() -> bool:
    return all(importlib.util.find_spec(package) for package in ("llama_cpp", "gguf"))


if __name__ == "__main__":
    _use(Path(sys.argv[1]), sys.argv[2] == "map")
