"""The engine on real models: what was read is not read again, and nothing is lost by stopping."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from device.brain.llama_engine import FEWEST_TOKENS, MOST_TOKENS, LlamaEngine
from device.errors import EngineMissing, MindError
from device.jobs import StopFlag
from tests.models_made.gguf_model import BEGIN, END_OF_TURN, TURN, Shape, make, make_lora

pytestmark = pytest.mark.native

ROOT = Path(__file__).resolve().parents[3]
SHAPES = {"llama": Shape(), "gemma3": Shape(architecture="gemma3", window=16)}


class StopAfter(StopFlag):
    """Is set once it has been looked at so often."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def __bool__(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.fixture(scope="module", params=list(SHAPES))
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("models") / f"{request.param}.gguf", SHAPES[request.param])


def engine(
    model: Path, *, context_tokens: int = 512, lora: Path | None = None, memory_map: bool = False
) -> LlamaEngine:
    return LlamaEngine(model, context_tokens=context_tokens, threads=1, memory_map=memory_map, lora=lora)


def greedy(engine: LlamaEngine, tokens: list[int], longest: int = 24) -> list[int]:
    """What the model writes after a text, always the likeliest; control tokens end it."""
    engine.read(tokens, StopFlag())
    return list(engine.write(longest, 0, 1, 0, StopFlag()))


def text(engine: LlamaEngine, words: int, last: str = "") -> list[int]:
    return engine.tokens(" ".join(f"hello {n} robot" for n in range(words)) + last)


def test_a_common_beginning_is_not_read_again(model: Path) -> None:
    warm = engine(model)
    before = text(warm, 20, " what time is it")
    after = text(warm, 20, " the moon, a story of the moon")
    greedy(warm, before)
    kept = warm.read(after, StopFlag())
    assert kept >= len(text(warm, 20)) - 1
    assert list(warm.write(24, 0, 1, 0, StopFlag())) == greedy(engine(model), after)


def test_a_beginning_far_beyond_the_sliding_window_is_kept_too(model: Path) -> None:
    warm = engine(model)
    warm.read(text(warm, 90), StopFlag())
    assert warm.read_tokens > 256 + MOST_TOKENS
    other = text(warm, 20, " the moon")
    assert warm.read(other, StopFlag()) >= len(text(warm, 20)) - 1
    assert list(warm.write(24, 0, 1, 0, StopFlag())) == greedy(engine(model), other)


def test_the_same_text_again_reads_one_token(model: Path) -> None:
    warm = engine(model)
    tokens = text(warm, 20)
    first = greedy(warm, tokens)
    assert warm.read(tokens, StopFlag()) == len(tokens) - 1
    assert list(warm.write(24, 0, 1, 0, StopFlag())) == first


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_stopped_while_reading_it_goes_on_as_if_nothing_had_happened(model: Path, steps: int) -> None:
    stopped = engine(model)
    stopped.read(text(stopped, 80), StopAfter(steps))
    assert steps * FEWEST_TOKENS <= stopped.read_tokens <= steps * MOST_TOKENS
    other = text(stopped, 15, " good day")
    assert greedy(stopped, other) == greedy(engine(model), other)


def test_stopped_while_writing_it_goes_on_as_if_nothing_had_happened(model: Path) -> None:
    stopped = engine(model)
    stopped.read(text(stopped, 10), StopFlag())
    assert len(list(stopped.write(24, 0, 1, 0, StopAfter(6)))) == 3
    other = text(stopped, 12)
    assert greedy(stopped, other) == greedy(engine(model), other)


def test_an_abandoned_reply_leaves_a_sound_state(model: Path) -> None:
    left = engine(model)
    left.read(text(left, 10), StopFlag())
    next(left.write(24, 0, 1, 0, StopFlag()))
    other = text(left, 10, "!")
    assert greedy(left, other) == greedy(engine(model), other)


def test_a_full_context_is_an_error_and_the_next_text_works(model: Path) -> None:
    small = engine(model, context_tokens=128)
    with pytest.raises(MindError, match="too long"):
        small.read(text(small, 60), StopFlag())
    fits = text(small, 60)[:126]
    small.read(fits, StopFlag())
    with pytest.raises(MindError, match="context is full"):
        list(small.write(8, 1.5, 1, 1, StopFlag()))
    assert greedy(small, fits[:90]) == greedy(engine(model), fits[:90])


def test_a_failure_of_llama_cpp_is_an_error_and_the_next_text_works(model: Path) -> None:
    failing = engine(model)
    tokens = text(failing, 5)
    with pytest.raises(MindError, match="code -1"):
        failing.read([*tokens, 10**6], StopFlag())
    assert greedy(failing, tokens) == greedy(engine(model), tokens)


def test_a_context_is_no_larger_than_the_model_was_trained_for(model: Path) -> None:
    assert engine(model, context_tokens=4096).context_tokens == 512


def test_text_begins_with_the_beginning_token_once(model: Path) -> None:
    loaded = engine(model)
    begin = loaded.tokens("")
    assert [loaded.name_of(token) for token in begin] == [BEGIN]
    assert loaded.tokens(f"{BEGIN}hello") == [*begin, *loaded.tokens("hello")[1:]]


def test_markers_are_tokens_of_their_own_and_never_text(model: Path) -> None:
    loaded = engine(model)
    assert {TURN, END_OF_TURN} < set(loaded.controls())
    (_, turn) = loaded.tokens(TURN)
    assert loaded.name_of(turn) == TURN
    assert loaded.text_of(turn) == b""
    assert loaded.ends_reply(turn)
    assert loaded.count(TURN) == len(TURN)


def test_tokens_give_back_their_text(model: Path) -> None:
    loaded = engine(model)
    said = "hello 世界, 🤖!"
    assert b"".join(map(loaded.text_of, loaded.tokens(said))) == said.encode()


def test_other_seeds_write_otherwise_and_the_same_seed_the_same(model: Path) -> None:
    loaded = engine(model)

    def drawn(seed: int) -> list[int]:
        loaded.read(text(loaded, 3), StopFlag())
        return list(loaded.write(16, 1.5, 1, seed, StopFlag()))

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


@pytest.mark.parametrize("memory_map", [False, True])
def test_a_lora_adapter_changes_what_is_written(tmp_path: Path, memory_map: bool) -> None:
    model = make(tmp_path / "model.gguf")
    adapted = engine(model, lora=make_lora(tmp_path / "lora.gguf"), memory_map=memory_map)
    plain = engine(model)
    assert greedy(adapted, text(adapted, 5)) != greedy(plain, text(plain, 5))


def test_an_adapter_without_effect_changes_nothing(tmp_path: Path) -> None:
    model = make(tmp_path / "model.gguf")
    adapted = engine(model, lora=make_lora(tmp_path / "lora.gguf", scale=0))
    plain = engine(model)
    assert greedy(adapted, text(adapted, 5)) == greedy(plain, text(plain, 5))


@pytest.mark.parametrize("memory_map", [False, True])
def test_the_memory_is_freed_with_the_engine(tmp_path: Path, memory_map: bool) -> None:
    model = make(tmp_path / "model.gguf")
    loaded = engine(model, context_tokens=256, memory_map=memory_map)
    assert len(greedy(loaded, text(loaded, 2), 4)) <= 4
    loaded.close()
    loaded.close()


# --- what cannot be loaded ----------------------------------------------------------------------------


def test_a_missing_model_says_which_file(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=r"language model .*absent\.gguf cannot be read: No such file"):
        engine(tmp_path / "absent.gguf")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="cannot be read"):
        engine(tmp_path)


@pytest.mark.parametrize("content", [b"", b"GG", b"<!DOCTYPE html><title>404</title>"])
def test_another_kind_of_file_is_no_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.gguf").write_bytes(content)
    with pytest.raises(EngineMissing, match=r"page\.gguf is no GGUF file"):
        engine(tmp_path / "page.gguf")


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.1, 0.5, 0.999])
@pytest.mark.parametrize("memory_map", [False, True])
def test_a_truncated_model_is_refused(tmp_path: Path, share: float, memory_map: bool) -> None:
    whole = make(tmp_path / "whole.gguf").read_bytes()
    (tmp_path / "part.gguf").write_bytes(whole[: max(8, int(share * len(whole)))])
    with pytest.raises(EngineMissing, match=r"part\.gguf cannot be loaded .*fetch it again"):
        engine(tmp_path / "part.gguf", context_tokens=256, memory_map=memory_map)


def test_an_architecture_that_nobody_knows_is_named(tmp_path: Path) -> None:
    raw = make(tmp_path / "model.gguf").read_bytes()
    (tmp_path / "new.gguf").write_bytes(raw.replace(b"llama", b"zebra"))
    with pytest.raises(EngineMissing, match="unknown model architecture: 'zebra'"):
        engine(tmp_path / "new.gguf")


def test_a_missing_adapter_says_which_file(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=r"LoRA adapter .*absent\.gguf cannot be read"):
        engine(make(tmp_path / "model.gguf"), lora=tmp_path / "absent.gguf")


def test_an_adapter_for_another_model_is_refused(tmp_path: Path) -> None:
    model = make(tmp_path / "model.gguf")
    lora = make_lora(tmp_path / "lora.gguf", Shape(width=128, layers=2))
    with pytest.raises(EngineMissing, match=r"lora\.gguf is no LoRA adapter for this language model"):
        engine(model, lora=lora)


def test_nothing_is_written_to_the_terminal_even_when_loading_fails(tmp_path: Path) -> None:
    make(tmp_path / "model.gguf", Shape(architecture="gemma3"))
    (tmp_path / "part.gguf").write_bytes((tmp_path / "model.gguf").read_bytes()[:5000])
    story = f"""
from pathlib import Path
from device.brain.llama_engine import LlamaEngine
from device.errors import EngineMissing
from device.jobs import StopFlag
engine = LlamaEngine(Path({str(tmp_path / "model.gguf")!r}), context_tokens=256, threads=1, memory_map=False)
engine.read(engine.tokens("hello"), StopFlag())
try:
    LlamaEngine(Path({str(tmp_path / "part.gguf")!r}), context_tokens=256, threads=1, memory_map=False)
except EngineMissing:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", story], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("refused\n", "")
