"""A Whisper with random weights, of any size, that loads in faster-whisper: no download, no torch.

What it writes means nothing, but it is written as a real one writes: token after token through
encoder, attention and vocabulary, each with a high probability, and then an end.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SPECIALS_BEFORE_LANGUAGES = ("<|endoftext|>", "<|startoftranscript|>")
SPECIALS_AFTER_LANGUAGES = (
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
TIMESTAMPS = 1501
LANGUAGES = 99
ENGLISH_TOKENS = 51_864
MULTILINGUAL_MARK = ""
"""CTranslate2 knows a multilingual model by this token, the one that it has more."""

PROMPT_TOKENS = 4
"""Start, language, task, no timestamps."""

_SURE = 15.0
"""The spread of the logits: with 51,865 of them, the largest then stands out."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a Whisper is (Radford et al. 2022, table 1)."""

    width: int
    layers: int
    heads: int


MICRO = Shape(width=32, layers=1, heads=2)
TINY = Shape(width=384, layers=4, heads=6)
BASE = Shape(width=512, layers=6, heads=8)
SMALL = Shape(width=768, layers=12, heads=12)


def make_whisper(
    folder: Path, shape: Shape = MICRO, *, multilingual: bool = True, writes: int | None = 8, seed: int = 1
) -> Path:
    """Write model, vocabulary, configuration and tokenizer into `folder`, int8; returns it.

    It writes `writes` tokens, or one or two more, whatever it hears; None: it never finds an end.
    `no speech` is never probable.
    """
    from ctranslate2.specs import WhisperSpec

    vocabulary = _vocabulary(multilingual)
    spec = WhisperSpec(shape.layers, shape.heads, shape.layers, shape.heads)
    _Weights(shape, seed).fill(spec, len(vocabulary), vocabulary.index("<|endoftext|>"), writes)
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [[0, 0]]
    spec.config.lang_ids = [vocabulary.index("<|en|>")]
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _write_tokenizer(folder / "tokenizer.json", vocabulary)
    return folder


def _vocabulary(multilingual: bool) -> list[str]:
    """The bytes, as many made-up words as there is room for, then Whisper's special tokens in their order."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES
    from tokenizers.pre_tokenizers import ByteLevel

    languages = [f"<|{code}|>" for code in _LANGUAGE_CODES[:LANGUAGES]]
    timestamps = [f"<|{0.02 * index:.2f}|>" for index in range(TIMESTAMPS)]
    specials = [*SPECIALS_BEFORE_LANGUAGES, *languages, *SPECIALS_AFTER_LANGUAGES, *timestamps]
    letters = sorted(ByteLevel.alphabet())
    words = [f"Ġw{index}" for index in range(ENGLISH_TOKENS - len(letters) - len(specials))]
    return [*letters, *words, *([MULTILINGUAL_MARK] if multilingual else []), *specials]


def _write_tokenizer(file: Path, vocabulary: list[str]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    first_special = vocabulary.index("<|endoftext|>")
    words = {token: index for index, token in enumerate(vocabulary[:first_special])}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in vocabulary[first_special:]]
    )
    tokenizer.save(str(file))


class _Weights:
    """Random arrays of the shapes that CTranslate2 wants."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._shape = shape
        self._rng = np.random.default_rng(seed)

    def fill(self, spec: Any, tokens: int, end_token: int, writes: int | None) -> None:
        width = self._shape.width
        self._convolution(spec.encoder.conv1, 80)
        self._convolution(spec.encoder.conv2, width)
        spec.encoder.position_encodings.encodings = self._random(1500, width)
        for layer in spec.encoder.layer:
            self._attention(layer.self_attention, (3 * width, width))
            self._feed_forward(layer.ffn)
        self._norm(spec.encoder.layer_norm)

        for layer in spec.decoder.layer:
            self._attention(layer.self_attention, (3 * width, width))
            self._attention(layer.attention, (width, 2 * width, width))
            self._feed_forward(layer.ffn)
        self._norm(spec.decoder.layer_norm, _SURE)
        positions, embeddings = self._random(448, width), self._random(tokens, width) / width**0.5
        self._end_after(writes, positions, embeddings, end_token)
        spec.decoder.position_encodings.encodings = positions
        spec.decoder.embeddings.weight = embeddings
        spec.decoder.projection.weight = embeddings

    def _end_after(
        self,
        writes: int | None,
        positions: npt.NDArray[np.float32],
        embeddings: npt.NDArray[np.float32],
        end_token: int,
    ) -> None:
        """From there on, the position says nothing but the end; before, nothing of it."""
        embeddings[end_token] = 0
        if writes is None:
            return
        ends_at = PROMPT_TOKENS + writes - 1
        end = self._random(self._shape.width)
        end /= np.linalg.norm(end)
        positions[:ends_at] -= np.outer(positions[:ends_at] @ end, end)
        positions[ends_at:] += 100 * end
        embeddings[end_token] = 2 * end

    def _random(self, *shape: int) -> npt.NDArray[np.float32]:
        return self._rng.normal(size=shape).astype(np.float32)

    def _convolution(self, spec: Any, inputs: int) -> None:
        width = self._shape.width
        spec.weight = self._random(width, inputs, 3) / (3 * inputs) ** 0.5
        spec.bias = np.zeros(width, np.float32)

    def _attention(self, spec: Any, outputs: tuple[int, ...]) -> None:
        self._norm(spec.layer_norm)
        for linear, size in zip(spec.linear, (*outputs, self._shape.width), strict=False):
            self._linear(linear, size, self._shape.width)

    def _feed_forward(self, spec: Any) -> None:
        width = self._shape.width
        self._norm(spec.layer_norm)
        self._linear(spec.linear_0, 4 * width, width)
        self._linear(spec.linear_1, width, 4 * width)

    def _linear(self, spec: Any, outputs: int, inputs: int) -> None:
        spec.weight = self._random(outputs, inputs) / inputs**0.5
        spec.bias = np.zeros(outputs, np.float32)

    def _norm(self, spec: Any, gamma: float = 1.0) -> None:
        spec.gamma = np.full(self._shape.width, gamma, np.float32)
        spec.beta = np.zeros(self._shape.width, np.float32)
