"""A voice in piper's format that speaks in tones, one for each phoneme: a test can hear its parameters.

The real thing is a VITS network of 60 MB; this has its inputs, its output and its JSON. Each phoneme
id sounds for 30 ms times the length scale, at a pitch of its own: noise_w raises it, a speaker's number
doubles it. It is the louder the larger noise_scale is. Ids that are no sounds (pad, begin, end, space)
are silent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

PHONEME_S = 0.03
"""Of one phoneme at length scale 1; piper puts a silent one between any two."""
LOUDNESS = 0.3
"""Its peak at noise_scale 0."""
_WORK_SIZE = 384


def make_piper_voice(
    folder: Path,
    *,
    rate_hz: int = 22_050,
    speakers: tuple[str, ...] = (),
    phoneme_type: str = "espeak",
    loudness: float = LOUDNESS,
    hum: float = 0.0,
    work: int = 0,
    name: str = "tones",
) -> Path:
    """Write `<name>.onnx` and its JSON into `folder`; the path of the model.

    `hum` is a constant under all of it, so that its sound neither begins nor ends at zero. `work` is
    how many useless multiplications of large matrices an inference does first (each a millisecond),
    for tests that need it to be slow.
    """
    path = folder / f"{name}.onnx"
    onnx.save(_model(rate_hz, bool(speakers), loudness, hum, work), str(path))
    path.with_name(path.name + ".json").write_text(json.dumps(_config(rate_hz, speakers, phoneme_type)))
    return path


def _config(rate_hz: int, speakers: tuple[str, ...], phoneme_type: str) -> dict[str, Any]:
    return {
        "audio": {"sample_rate": rate_hz, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "language": {"code": "en_US"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": phoneme_type,
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": 256,
        "num_speakers": len(speakers) or 1,
        "speaker_id_map": {speaker: number for number, speaker in enumerate(speakers)},
        "piper_version": "1.0.0",
    }


def _model(rate_hz: int, multi: bool, loudness: float, hum: float, work: int) -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if multi:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "samples"])
    drawing = _Drawing()
    drawing.constants(
        row=[1, -1],
        column=[-1, 1],
        whole=[1, 1, 1, -1],
        first=0,
        second=1,
        third=2,
    )
    drawing.constants(
        np.float32, sounds_from=4, phoneme=PHONEME_S * rate_hz, rate=rate_hz, zero=0, one=1, low=200, step=15,
        turn=2 * np.pi, half_turn=np.pi, base=loudness, lift=200, hum=hum,
    )  # fmt: skip
    add = drawing.add
    noise, length, noise_w = (add("Gather", "scales", place) for place in ("first", "second", "third"))
    ids = add("Reshape", add("Cast", "input", to=TensorProto.FLOAT), "column")
    pitch = add("Add", add("Add", add("Mul", ids, "step"), "low"), add("Mul", noise_w, "lift"))
    if multi:
        pitch = add("Mul", pitch, add("Add", add("Cast", "sid", to=TensorProto.FLOAT), "one"))
    samples = add("Floor", add("Mul", length, "phoneme"))
    at = add("Reshape", add("Range", "zero", samples, "one"), "row")
    tone = add("Sin", add("Mul", add("Mul", add("Div", at, "rate"), "turn"), pitch))
    swell = add("Sin", add("Mul", add("Div", at, samples), "half_turn"))
    sounds = add("Cast", add("GreaterOrEqual", ids, "sounds_from"), to=TensorProto.FLOAT)
    loud = add("Mul", sounds, add("Mul", "base", add("Add", "one", noise)))
    sound = add("Mul", add("Mul", tone, swell), loud)
    if work:
        sound = add("Add", sound, _useless(drawing, noise, work))
    drawing.add("Reshape", add("Add", sound, "hum"), "whole", output="output")
    graph = helper.make_graph(drawing.nodes, "tones", inputs, [output], drawing.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _useless(drawing: _Drawing, start: str, work: int) -> str:
    """A zero that takes long to compute."""
    drawing.constants(np.float32, still=np.eye(_WORK_SIZE))
    busy = drawing.add("Mul", "still", start)
    for _ in range(work):
        busy = drawing.add("MatMul", busy, "still")
    total = drawing.add("ReduceSum", busy, keepdims=0)
    return drawing.add("Mul", total, "zero")


class _Drawing:
    """A graph in the making: every node's output has a name of its own."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constants(self, kind: type = np.int64, /, **values: Any) -> None:
        self.weights += [numpy_helper.from_array(np.array(value, kind), key) for key, value in values.items()]

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{operator}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output
