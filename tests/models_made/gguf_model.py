"""Language models as GGUF files of any size, and LoRA adapters for them, made from random numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np

BEGIN, END_OF_TEXT, TURN, END_OF_TURN = "<s>", "</s>", "<turn>", "<end_of_turn>"
CONTROLS = ("<unk>", BEGIN, END_OF_TEXT, TURN, END_OF_TURN)
WORDS = "the you robot hello good what time day moon story is it and I we to a of er ing ou th he in an"

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<turn>{{ message.role }}\n"
    "{{ message.content }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)
STRICT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('not in turn') }}{% endif %}"
    "<turn>{{ message.role }}\n{{ message.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)
"""Like those of models that know no system role and insist on strict turns."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a model is. `window`: gemma-3's sliding attention, in tokens."""

    layers: int = 2
    width: int = 64
    heads: int = 4
    feed_forward: int = 128
    context: int = 512
    vocabulary: int = 0
    """At least so many tokens; filled up with ones that no text has."""
    architecture: Literal["llama", "gemma3"] = "llama"
    window: int = 16
    weights: Literal["f32", "q4_0"] = "f32"


TINY = Shape()


def make(
    path: Path,
    shape: Shape = TINY,
    *,
    template: str | None = TEMPLATE,
    seed: int = 0,
    follows: Mapping[str, str] | None = None,
) -> Path:
    """Write a model; with `follows`, one that says after each token the one that it is mapped to.

    A text's tokens are its characters and a few words; what is no character of theirs is UTF-8 bytes
    written `<0xE2>`.
    """
    tokens, scores, types = _vocabulary(shape.vocabulary)
    writer = gguf.GGUFWriter(path, shape.architecture)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_block_count(shape.layers)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    if shape.architecture == "gemma3":
        writer.add_key_length(shape.width // shape.heads)
        writer.add_value_length(shape.width // shape.heads)
        writer.add_sliding_window(shape.window)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(tokens.index(BEGIN))
    writer.add_eos_token_id(tokens.index(END_OF_TEXT))
    writer.add_eot_token_id(tokens.index(END_OF_TURN))
    writer.add_unk_token_id(0)
    writer.add_add_space_prefix(False)
    if template is not None:
        writer.add_chat_template(template)
    rng = np.random.default_rng(seed)
    for name, tensor in (
        _tensors(shape, len(tokens), rng) if follows is None else _bigrams(shape, tokens, follows)
    ):
        packed = shape.weights == "q4_0" and tensor.ndim == 2
        writer.add_tensor(
            name,
            _random_q4_0(tensor.shape, rng) if packed else tensor,
            raw_dtype=gguf.GGMLQuantizationType.Q4_0 if packed else None,
        )
    _finish(writer)
    return path


def make_lora(path: Path, shape: Shape = TINY, *, rank: int = 4, scale: float = 1.0, seed: int = 1) -> Path:
    """Write an adapter that changes what every layer adds."""
    writer = gguf.GGUFWriter(path, shape.architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(rank))
    rng = np.random.default_rng(seed)
    for layer in range(shape.layers):
        for factor, size in (("a", (rank, shape.feed_forward)), ("b", (shape.width, rank))):
            tensor = scale * rng.standard_normal(size, dtype=np.float32)
            writer.add_tensor(f"blk.{layer}.ffn_down.weight.lora_{factor}", tensor)
    _finish(writer)
    return path


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary(at_least: int) -> tuple[list[str], list[float], list[int]]:
    """Tokens, scores (longer ones are merged first) and types."""
    kinds = gguf.TokenType
    table = [(name, 0.0, kinds.UNKNOWN if name == "<unk>" else kinds.CONTROL) for name in CONTROLS]
    table += [(f"<0x{byte:02X}>", 0.0, kinds.BYTE) for byte in range(256)]
    single = ["▁", *(chr(code) for code in range(33, 127)), "é", "…"]
    pieces = [beginning for word in WORDS.split() for beginning in _beginnings(word)]
    for text in dict.fromkeys([*single, *pieces]):
        table.append((text, -1000.0 + 10 * len(text), kinds.NORMAL))
    for number in range(at_least - len(table)):
        table.append((f"\ue000{number}", -5000.0, kinds.NORMAL))
    tokens, scores, types = zip(*table, strict=True)
    return list(tokens), list(scores), [int(kind) for kind in types]


def _beginnings(word: str) -> list[str]:
    """Merging goes by pairs, so every beginning must be a token, too."""
    spaced = "▁" + word
    return [text[:length] for text in (word, spaced) for length in range(2, len(text) + 1)]


Tensor = np.ndarray[Any, np.dtype[np.float32]]


def _matrices(shape: Shape) -> Iterator[tuple[str, tuple[int, int]]]:
    """Of one layer: name, outputs × inputs."""
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        yield name, (shape.width, shape.width)
    yield "ffn_gate", (shape.feed_forward, shape.width)
    yield "ffn_up", (shape.feed_forward, shape.width)
    yield "ffn_down", (shape.width, shape.feed_forward)


def _norms(shape: Shape) -> Iterator[tuple[str, int]]:
    yield "attn_norm", shape.width
    yield "ffn_norm", shape.width
    if shape.architecture == "gemma3":
        yield "post_attention_norm", shape.width
        yield "post_ffw_norm", shape.width
        yield "attn_q_norm", shape.width // shape.heads
        yield "attn_k_norm", shape.width // shape.heads


def _tensors(shape: Shape, vocabulary: int, rng: np.random.Generator) -> Iterator[tuple[str, Tensor]]:
    def matrix(rows: int, columns: int) -> Tensor:
        if shape.weights == "q4_0":
            return np.empty((rows, columns), np.float32)
        return rng.standard_normal((rows, columns), dtype=np.float32) / np.float32(np.sqrt(columns))

    yield "token_embd.weight", matrix(vocabulary, shape.width)
    yield "output_norm.weight", np.ones(shape.width, np.float32)
    yield "output.weight", matrix(vocabulary, shape.width)
    for layer in range(shape.layers):
        for name, size in _norms(shape):
            yield f"blk.{layer}.{name}.weight", np.ones(size, np.float32)
        for name, (rows, columns) in _matrices(shape):
            yield f"blk.{layer}.{name}.weight", matrix(rows, columns)


def _bigrams(shape: Shape, tokens: list[str], follows: Mapping[str, str]) -> Iterator[tuple[str, Tensor]]:
    """Layers that add nothing, and an output that answers each embedding with its follower."""
    rng = np.random.default_rng(0)
    embedding = rng.standard_normal((len(tokens), shape.width), dtype=np.float32)
    output = np.zeros_like(embedding)
    for said, next_said in follows.items():
        output[tokens.index(next_said)] += embedding[tokens.index(said)]
    for name, tensor in _tensors(shape, len(tokens), rng):
        if name == "token_embd.weight":
            yield name, embedding
        elif name == "output.weight":
            yield name, output
        else:
            yield name, tensor if "norm" in name else np.zeros_like(tensor)


def _random_q4_0(size: tuple[int, ...], rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Blocks of 32 weights: a half-precision scale and 16 bytes of two 4-bit numbers each."""
    rows, columns = size
    blocks = np.empty((rows, columns // 32, 18), np.uint8)
    scale = np.float16(1 / (4.6 * np.sqrt(columns)))  # 4.6: the spread of numbers from -8 to 7
    blocks[:, :, :2] = np.frombuffer(scale.tobytes(), np.uint8)
    blocks[:, :, 2:] = np.frombuffer(rng.bytes(rows * columns // 2), np.uint8).reshape(
        rows, columns // 32, 16
    )
    return blocks.reshape(rows, columns // 32 * 18)
