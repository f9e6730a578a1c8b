"""Handlers that answer without a model, served by FastRTC itself. Runs in `.venv-fastrtc`; prints its port.

Each is mounted under its name, so the web socket of `echo` is `/echo/websocket/offer` and its telephone
`/echo/telephone/handler`. `/hook/NAME` takes what a handler waits for.
"""

from __future__ import annotations

import queue
import socket
from typing import Any

import librosa
import numpy as np
import uvicorn
from fastapi import FastAPI
from fastrtc import Stream, StreamHandler
from fastrtc.utils import create_message
from pydantic import BaseModel

LOUD = 500
"""Mean level of speech; quieter is silence."""
PAUSE_S = 0.6
PIECE_S = 0.06


class PauseHandler(StreamHandler):  # type: ignore[misc]
    """Takes a silence of `PAUSE_S` after speech for the end of a turn, and answers it as a subclass does."""

    def __init__(self, **rates: Any) -> None:
        super().__init__(**rates)
        self._rates = rates
        self._said: list[np.ndarray] = []
        self._silent_s = 0.0
        self._answers: queue.Queue[np.ndarray] = queue.Queue()

    def copy(self) -> PauseHandler:
        return type(self)(**self._rates)

    def start_up(self) -> None:
        pass

    def receive(self, frame: tuple[int, np.ndarray]) -> None:
        rate_hz, samples = frame[0], frame[1].reshape(-1)
        loud = np.abs(samples.astype(float)).mean() > LOUD
        if not loud and not self._said:
            return
        self._said.append(samples)
        self._silent_s = 0.0 if loud else self._silent_s + len(samples) / rate_hz
        if self._silent_s >= PAUSE_S:
            said, self._said, self._silent_s = np.concatenate(self._said), [], 0.0
            self.send_message_sync(create_message("log", "pause_detected"))
            self.turn(rate_hz, said)

    def turn(self, rate_hz: int, said: np.ndarray) -> None:
        raise NotImplementedError

    def answer(self, samples: np.ndarray, piece_s: float = PIECE_S) -> None:
        """Send samples at `output_sample_rate`."""
        self.send_message_sync(create_message("log", "response_starting"))
        size = round(piece_s * self.output_sample_rate)
        for at in range(0, len(samples), size):
            self._answers.put(samples[at : at + size])

    def emit(self) -> tuple[int, np.ndarray] | None:
        try:
            return self.output_sample_rate, self._answers.get(timeout=0.05).reshape(1, -1)
        except queue.Empty:
            return None


class Echo(PauseHandler):
    """Says what it heard."""

    def turn(self, rate_hz: int, said: np.ndarray) -> None:
        length = len(said) * self.output_sample_rate // rate_hz
        at = np.arange(length) * rate_hz / self.output_sample_rate
        self.answer(np.interp(at, np.arange(len(said)), said).astype(np.int16))


class Blurt(Echo):
    """Says it in one message."""

    def answer(self, samples: np.ndarray, piece_s: float = PIECE_S) -> None:
        super().answer(samples, piece_s=100.0)


class Drips(Echo):
    """Says it in pieces as short as FastRTC's own frames."""

    def answer(self, samples: np.ndarray, piece_s: float = PIECE_S) -> None:
        super().answer(samples, piece_s=0.02)


class Asks(PauseHandler):
    """Waits for its hook, then hums as many tenths of a second as the text has characters."""

    def start_up(self) -> None:
        while True:
            self.wait_for_args_sync()
            self.reset()
            text = str(self.latest_args[1])
            at = np.arange(len(text) * self.output_sample_rate // 10) / self.output_sample_rate
            self.answer((8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16))

    def turn(self, rate_hz: int, said: np.ndarray) -> None:
        pass


class Breaks(PauseHandler):
    """Raises when it should speak."""

    def turn(self, rate_hz: int, said: np.ndarray) -> None:
        self._answers.put(said)

    def emit(self) -> tuple[int, np.ndarray] | None:
        raise RuntimeError(f"no voice for {len(self._answers.get())} samples")


class Given(BaseModel):
    """What the hook is sent."""

    webrtc_id: str
    text: str


def app() -> FastAPI:
    rates = {"input_sample_rate": 48_000, "output_sample_rate": 24_000}
    handlers = {
        "echo": Echo(**rates),
        "blurt": Blurt(**rates),
        "asks": Asks(**rates),
        "breaks": Breaks(**rates),
    }
    handlers["slow_rate"] = Echo(input_sample_rate=16_000, output_sample_rate=16_000)
    handlers["spare"], handlers["linked"], handlers["drips"] = Echo(**rates), Echo(**rates), Drips(**rates)
    streams = {
        name: Stream(handler, modality="audio", mode="send-receive") for name, handler in handlers.items()
    }
    streams["asks"].concurrency_limit = streams["blurt"].concurrency_limit = 4
    server = FastAPI()
    for name, stream in streams.items():
        stream.mount(server, path=f"/{name}")

    @server.post("/hook/{name}")
    def hook(name: str, given: Given) -> None:
        streams[name].set_input(given.webrtc_id, given.text)

    return server


if __name__ == "__main__":
    librosa.resample(np.zeros(800, np.float32), orig_sr=8000, target_sr=48000)  # seconds, the first time
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app(), log_level="error")).run(sockets=[listener])
