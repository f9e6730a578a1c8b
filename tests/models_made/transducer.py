"""A streaming transducer for sherpa-onnx that counts: at each onset of sound it says the next number.

Its encoder hears whether 40 ms are loud and remembers it as its state, its decoder knows which word
follows the last, its joiner lets that word through at an onset. Real files for the real engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LOUD_LOG_ENERGY = -5.0
"""The mean log mel energy between a quiet room and a voice, as kaldi computes it on ±1."""

_CHUNK_FRAMES = 4
_LOOK_FRAMES = 9
_LSTM = {
    "model_type": "lstm",
    "num_encoder_layers": "1",
    "T": str(_LOOK_FRAMES),
    "decode_chunk_len": str(_CHUNK_FRAMES),
    "rnn_hidden_size": "1",
    "d_model": "1",
}
"""What sherpa-onnx reads of an LSTM transducer's encoder (csrc/online-lstm-transducer-model.cc)."""


def make_transducer(folder: Path, suffix: str = "") -> Path:
    """Write encoder, decoder, joiner and tokens into `folder`; returns it. `suffix` as in `.int8`."""
    folder.mkdir(parents=True, exist_ok=True)
    symbols = ["<blk>", "<unk>", *(f"▁{word.upper()}" for word in WORDS)]
    lines = [f"{symbol} {number}\n" for number, symbol in enumerate(symbols)]
    (folder / "tokens.txt").write_text("".join(lines), "utf-8")
    decoder = {"vocab_size": str(len(symbols)), "context_size": "2"}
    _save(folder / f"encoder-epoch-1{suffix}.onnx", _encoder(), _LSTM)
    _save(folder / f"decoder-epoch-1{suffix}.onnx", _decoder(len(symbols)), decoder)
    _save(folder / f"joiner-epoch-1{suffix}.onnx", _joiner(len(symbols)), {"joiner_dim": "1"})
    return folder


def _encoder() -> Any:
    """x [N, T, 80] and the state h, c [1, N, 1] → 0.5 at an onset, less elsewhere [N, 1, 1]; h, c."""
    from onnx import TensorProto, helper

    numbers = [
        helper.make_tensor("begin", TensorProto.INT64, [1], [0]),
        helper.make_tensor("end", TensorProto.INT64, [1], [_CHUNK_FRAMES]),
        helper.make_tensor("time", TensorProto.INT64, [1], [1]),
        helper.make_tensor("threshold", TensorProto.FLOAT, [1], [_LOUD_LOG_ENERGY]),
        helper.make_tensor("half", TensorProto.FLOAT, [1], [0.5]),
    ]
    nodes = [
        helper.make_node("Slice", ["x", "begin", "end", "time"], ["now"]),
        helper.make_node("ReduceMean", ["now"], ["energy"], axes=[1, 2], keepdims=1),
        helper.make_node("Greater", ["energy", "threshold"], ["is_loud"]),
        helper.make_node("Cast", ["is_loud"], ["loud"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["h"], ["before"], perm=[1, 0, 2]),
        helper.make_node("Sub", ["loud", "before"], ["risen"]),
        helper.make_node("Sub", ["risen", "half"], ["encoder_out"]),
        helper.make_node("Transpose", ["loud"], ["next_h"], perm=[1, 0, 2]),
        helper.make_node("Identity", ["c"], ["next_c"]),
    ]
    inputs = [("x", ["N", _LOOK_FRAMES, 80]), ("h", [1, "N", 1]), ("c", [1, "N", 1])]
    outputs = [("encoder_out", ["N", 1, 1]), ("next_h", [1, "N", 1]), ("next_c", [1, "N", 1])]
    return _graph("encoder", nodes, inputs, outputs, numbers)


def _decoder(symbols: int) -> Any:
    """The last two tokens [N, 2] → 20 at the word that comes next [N, symbols]."""
    from onnx import TensorProto, helper

    first_word = symbols - len(WORDS)
    following = [first_word + (last - first_word + 1) % len(WORDS) for last in range(symbols)]
    following[:first_word] = [first_word] * first_word
    table = [20.0 * (token == following[last]) for last in range(symbols) for token in range(symbols)]
    numbers = [
        helper.make_tensor("last", TensorProto.INT64, [], [1]),
        helper.make_tensor("table", TensorProto.FLOAT, [symbols, symbols], table),
    ]
    nodes = [
        helper.make_node("Gather", ["y", "last"], ["token"], axis=1),
        helper.make_node("Gather", ["table", "token"], ["decoder_out"], axis=0),
    ]
    inputs = [("y", ["N", 2])]
    return _graph("decoder", nodes, inputs, [("decoder_out", ["N", symbols])], numbers, TensorProto.INT64)


def _joiner(symbols: int) -> Any:
    """Encoder [N, 1] × decoder [N, symbols]: the next word at an onset, else the blank, which is first."""
    from onnx import helper

    nodes = [helper.make_node("Mul", ["encoder_out", "decoder_out"], ["logit"])]
    inputs = [("encoder_out", ["N", 1]), ("decoder_out", ["N", symbols])]
    return _graph("joiner", nodes, inputs, [("logit", ["N", symbols])], [])


Shaped = Sequence[tuple[str, list[Any]]]


def _graph(
    name: str, nodes: list[Any], inputs: Shaped, outputs: Shaped, numbers: list[Any], kind: int = 1
) -> Any:
    """`kind`: the inputs' element type; 1 is FLOAT."""
    from onnx import TensorProto, helper

    return helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        numbers,
    )


def _save(file: Path, graph: Any, metadata: dict[str, str]) -> None:
    import onnx
    from onnx import helper

    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))
