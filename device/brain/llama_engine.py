"""llama.cpp: a model in memory, what it has read, and the next token. Blocking; one thread only.

This is built on the C functions that llama-cpp-python binds rather than on its class `Llama`, which
sends the whole process's standard output to nowhere while it loads, and keeps arrays of the
vocabulary's size that only log probabilities need.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import time
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from device.brain.pace import Pace
from device.errors import EngineMissing, MindError
from device.jobs import StopFlag, quiet_threads

log = logging.getLogger(__name__)

STEP_S = 0.2
"""How long a step of reading may take: the stop flag is looked at between two."""
FEWEST_TOKENS, MOST_TOKENS = 4, 64
"""Of a step. Measured: 32 at a time are read 20 % slower than 512, 64 about as fast."""

LIKELIEST = 40
"""Only so many tokens are ever drawn from: llama.cpp's own default."""

GGUF_MAGIC = b"GGUF"


class LlamaEngine:
    """One model with one context. What it has read stays, and is not read again if a text begins with it."""

    def __init__(
        self, model: Path, *, context_tokens: int, threads: int, memory_map: bool, lora: Path | None = None
    ) -> None:
        """Raises EngineMissing when the package or a file is missing or cannot be used."""
        self._c = _library()
        _check_file(model, "language model")
        if lora is not None:
            _check_file(lora, "LoRA adapter")
        _complaints.clear()
        with contextlib.ExitStack() as stack:
            self._model = self._load(model, memory_map, stack)
            self._vocabulary = self._c.llama_model_get_vocab(self._model)
            trained = int(self._c.llama_model_n_ctx_train(self._model)) or context_tokens
            self.context_tokens = min(context_tokens, trained)
            self._context = self._open(self.context_tokens, threads, stack)
            if lora is not None:
                self._adapt(lora)
            self._free = weakref.finalize(self, stack.pop_all().close)
        self._free.atexit = False  # a thread that hangs may still be inside at exit
        self._memory = self._c.llama_get_memory(self._context)
        self._read: list[int] = []
        self._pace = Pace(STEP_S, fewest=FEWEST_TOKENS, most=MOST_TOKENS)

    # --- text and tokens -------------------------------------------------------------------------

    def tokens(self, text: str) -> list[int]:
        """Of a whole text, its markers as control tokens, beginning as the model wants it."""
        tokens = self._tokenise(text, markers=True)
        begin = int(self._c.llama_vocab_bos(self._vocabulary))
        if self._c.llama_vocab_get_add_bos(self._vocabulary) and tokens[:1] != [begin]:
            tokens.insert(0, begin)
        return tokens

    def count(self, text: str) -> int:
        """Tokens of something that is said."""
        return len(self._tokenise(text, markers=False))

    def text_of(self, token: int) -> bytes:
        """Maybe only a part of a character; nothing for a control token."""
        length = -32
        while length < 0:
            buffer = ctypes.create_string_buffer(-length)
            length = self._c.llama_token_to_piece(self._vocabulary, token, buffer, -length, 0, False)
        return buffer.raw[:length]

    def ends_reply(self, token: int) -> bool:
        """The end of a turn, or any other marker: no control token belongs into a reply."""
        return bool(
            self._c.llama_vocab_is_eog(self._vocabulary, token)
            or self._c.llama_vocab_is_control(self._vocabulary, token)
        )

    def name_of(self, token: int) -> str:
        raw = self._c.llama_vocab_get_text(self._vocabulary, token) if token >= 0 else b""
        return bytes(raw).decode(errors="replace")

    @property
    def bos(self) -> str:
        return self.name_of(self._c.llama_vocab_bos(self._vocabulary))

    @property
    def eos(self) -> str:
        return self.name_of(self._c.llama_vocab_eos(self._vocabulary))

    def controls(self) -> Iterator[str]:
        """The texts of all control tokens."""
        for token in range(self._c.llama_vocab_n_tokens(self._vocabulary)):
            if self._c.llama_vocab_is_control(self._vocabulary, token):
                yield self.name_of(token)

    @property
    def chat_template(self) -> str | None:
        template = self._c.llama_model_chat_template(self._model, None)
        return None if template is None else bytes(template).decode(errors="replace")

    # --- reading and writing -----------------------------------------------------------------------

    @property
    def read_tokens(self) -> int:
        """How much of a text it holds at the moment."""
        return len(self._read)

    def read(self, tokens: Sequence[int], stop: StopFlag) -> int:
        """Have read exactly `tokens`, unless stopped; how many of them it already had.

        Stops between steps. Raises MindError when they do not fit or llama.cpp fails.
        """
        if len(tokens) > self.context_tokens:
            raise MindError("The conversation is too long for the language model's context.")
        kept = self._forget_after(_common(self._read, tokens), tokens)
        while len(self._read) < len(tokens) and not stop:
            start = len(self._read)
            step = tokens[start : start + self._pace.tokens]
            began_s = time.monotonic()
            self._decode(step)
            self._pace.took(len(step), time.monotonic() - began_s)
        return kept

    def write(
        self, longest: int, temperature: float, top_p: float, seed: int, stop: StopFlag
    ) -> Iterator[int]:
        """Tokens that continue what was read, up to one that ends the reply. Raises MindError."""
        with self._sampler(temperature, top_p, seed) as sampler:
            for number in range(longest):
                if stop:
                    return
                token = int(self._c.llama_sampler_sample(sampler, self._context, -1))
                if self.ends_reply(token):
                    return
                yield token
                if number + 1 < longest and not stop:
                    self._decode([token])

    def close(self) -> None:
        """Free the memory. Idempotent."""
        self._free()

    # --- llama.cpp ---------------------------------------------------------------------------------

    def _load(self, model: Path, memory_map: bool, stack: contextlib.ExitStack) -> Any:
        parameters = self._c.llama_model_default_params()
        parameters.load_mode = self._c.LLAMA_LOAD_MODE_MMAP if memory_map else self._c.LLAMA_LOAD_MODE_NONE
        parameters.n_gpu_layers = 0
        loaded = self._c.llama_model_load_from_file(str(model).encode(), parameters)
        if not loaded:
            raise EngineMissing(
                f"{model.name} cannot be loaded as a language model{_because()}: "
                "fetch it again, or choose another."
            )
        stack.callback(self._c.llama_model_free, loaded)
        return loaded

    def _open(self, context_tokens: int, threads: int, stack: contextlib.ExitStack) -> Any:
        parameters = self._c.llama_context_default_params()
        parameters.n_ctx = context_tokens
        parameters.n_batch = parameters.n_ubatch = MOST_TOKENS
        parameters.n_threads = parameters.n_threads_batch = threads
        # gemma-3 attends to a sliding window in most layers; only a full cache can be cut back to a
        # common beginning, a windowed one has to be read anew.
        parameters.swa_full = True
        context = self._c.llama_init_from_model(self._model, parameters)
        if not context:
            raise EngineMissing(
                f"The language model does not fit into memory{_because()}: choose a smaller one."
            )
        stack.callback(self._c.llama_free, context)
        return context

    def _adapt(self, lora: Path) -> None:
        adapter = self._c.llama_adapter_lora_init(self._model, str(lora).encode())
        if adapter:  # freed with its model
            adapters = (self._c.llama_adapter_lora_p_ctypes * 1)(adapter)
            if self._c.llama_set_adapters_lora(self._context, adapters, 1, (ctypes.c_float * 1)(1.0)) == 0:
                return
        raise EngineMissing(
            f"{lora.name} is no LoRA adapter for this language model{_because()}: leave it out."
        )

    def _tokenise(self, text: str, *, markers: bool) -> list[int]:
        raw = text.encode(errors="replace")
        length = -(len(raw) + 8)
        while length < 0:
            room = -length
            tokens = (self._c.llama_token * room)()
            length = self._c.llama_tokenize(self._vocabulary, raw, len(raw), tokens, room, False, markers)
        return list(tokens[:length])

    def _forget_after(self, kept: int, tokens: Sequence[int]) -> int:
        """Forget all but the first `kept` tokens, or everything where that cannot be done.

        The last token of a text is always read anew: what it makes likely next is not kept.
        """
        kept = max(min(kept, len(tokens) - 1), 0)
        if kept < len(self._read):
            if not self._c.llama_memory_seq_rm(self._memory, 0, kept, -1):
                self._c.llama_memory_clear(self._memory, True)
                kept = 0
            del self._read[kept:]
        return kept

    def _decode(self, tokens: Sequence[int]) -> None:
        if len(self._read) + len(tokens) > self.context_tokens:
            raise MindError("The language model's context is full.")
        array = (self._c.llama_token * len(tokens))(*tokens)
        code = self._c.llama_decode(self._context, self._c.llama_batch_get_one(array, len(tokens)))
        if code != 0:
            self._c.llama_memory_clear(self._memory, True)
            self._read.clear()
            raise MindError(f"The language model failed (llama.cpp's code {code}).")
        self._read += tokens

    @contextlib.contextmanager
    def _sampler(self, temperature: float, top_p: float, seed: int) -> Iterator[Any]:
        c = self._c
        chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
        try:
            if temperature == 0:
                c.llama_sampler_chain_add(chain, c.llama_sampler_init_greedy())
            else:
                c.llama_sampler_chain_add(chain, c.llama_sampler_init_top_k(LIKELIEST))
                c.llama_sampler_chain_add(chain, c.llama_sampler_init_top_p(top_p, 1))
                c.llama_sampler_chain_add(chain, c.llama_sampler_init_temp(temperature))
                c.llama_sampler_chain_add(chain, c.llama_sampler_init_dist(seed))
            yield chain
        finally:
            c.llama_sampler_free(chain)


def _common(some: Sequence[int], others: Sequence[int]) -> int:
    """How long their common beginning is."""
    pairs = enumerate(zip(some, others, strict=False))
    return next((i for i, (one, other) in pairs if one != other), min(len(some), len(others)))


def _check_file(file: Path, what: str) -> None:
    try:
        with file.open("rb") as opened:
            magic = opened.read(len(GGUF_MAGIC))
    except OSError as error:
        raise EngineMissing(f"The {what} {file} cannot be read: {error.strerror}.") from error
    if magic != GGUF_MAGIC:
        raise EngineMissing(f"The {what} {file.name} is no GGUF file: fetch it again, or choose another.")


# --- the library and what it says ------------------------------------------------------------------

_complaints: deque[str] = deque(maxlen=4)
_keep_alive: list[Any] = []
_INFO, _ERROR = 2, 4
"""Of ggml's log levels: 1 is for its makers, 3 warns, 5 goes on with the message before."""


def _library() -> Any:
    """llama.cpp's functions; its messages go to the log, and none to the terminal. Raises EngineMissing."""
    quiet_threads()
    try:
        from llama_cpp import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise EngineMissing(
            "A language model on board needs llama-cpp-python, which is not installed: "
            "install twominds with its extra `llama`."
        ) from error
    if not _keep_alive:
        _keep_alive.append(llama_cpp.llama_log_callback(_heed))
        llama_cpp.llama_log_set(_keep_alive[0], ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
    return llama_cpp


def _heed(level: int, text: bytes, _: object) -> None:
    message = text.decode(errors="replace").strip()
    if level == _ERROR and message:
        _complaints.append(message)
    if _INFO <= level <= _ERROR:
        log.debug("llama.cpp: %s", message)


def _because() -> str:
    """What llama.cpp complained of first: what follows is only that it therefore failed."""
    if not _complaints:
        return ""
    complaint = _complaints[0].partition(": ")[2] or _complaints[0]
    return f" ({''.join(filter(str.isprintable, complaint))})"  # it may quote a corrupt file
