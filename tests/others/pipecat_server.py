"""A small Pipecat pipeline behind its Twilio serializer. Runs in `.venv-pipecat`; prints its port.

`/call` takes a call: what it hears is said again after a pause, and speech while it speaks interrupts it.
"""

from __future__ import annotations

import socket

import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.frames.frames import Frame, InputAudioRawFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

LOUD = 500
"""Mean level of speech; quieter is silence."""
PAUSE_S = 0.6


class Echo(FrameProcessor):  # type: ignore[misc]
    """Says what it heard, once it is silent for `PAUSE_S`."""

    def __init__(self) -> None:
        super().__init__()
        self._said: list[bytes] = []
        self._silent_s = 0.0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            await self._hear(frame)
        else:
            await self.push_frame(frame, direction)

    async def _hear(self, frame: InputAudioRawFrame) -> None:
        samples = np.frombuffer(frame.audio, np.int16)
        loud = bool(np.abs(samples.astype(float)).mean() > LOUD)
        if not loud and not self._said:
            return
        if not self._said:
            await self.broadcast_interruption()
        self._said.append(frame.audio)
        self._silent_s = 0.0 if loud else self._silent_s + len(samples) / frame.sample_rate
        if self._silent_s >= PAUSE_S:
            said, self._said, self._silent_s = b"".join(self._said), [], 0.0
            await self.push_frame(OutputAudioRawFrame(said, frame.sample_rate, 1))


def app() -> FastAPI:
    server = FastAPI()

    @server.websocket("/call")
    async def call(websocket: WebSocket) -> None:
        await websocket.accept()
        kind, call_data = await parse_telephony_websocket(websocket)
        assert kind == "twilio", kind
        serializer = TwilioFrameSerializer(
            call_data["stream_id"],
            call_data["call_id"],
            params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
        )
        transport = FastAPIWebsocketTransport(
            websocket=websocket,
            params=FastAPIWebsocketParams(
                audio_in_enabled=True, audio_out_enabled=True, serializer=serializer
            ),
        )
        worker = PipelineWorker(Pipeline([transport.input(), Echo(), transport.output()]))

        @transport.event_handler("on_client_disconnected")  # type: ignore[untyped-decorator]
        async def gone(_transport: FastAPIWebsocketTransport, _websocket: WebSocket) -> None:
            await worker.cancel()

        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        await runner.run()

    return server


if __name__ == "__main__":
    logger.remove()
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app(), log_level="error")).run(sockets=[listener])
