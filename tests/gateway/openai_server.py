"""A small server that speaks OpenAI's protocol, on loopback: it answers as a test tells it to."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import signal
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SPEECH_HZ = 24_000
STALLS_S = 30.0


@dataclass
class OpenAiServer:
    """What it does, which a test may change, and what it was asked."""

    words: tuple[str, ...] = ("The ", "moon ", "is ", "round. ", "It ", "shines.")
    word_s: float = 0.0
    status: int = 200
    stalls: bool = False
    """It takes a question and says nothing."""
    garbage: bool = False
    deltas: list[dict[str, Any]] = field(default_factory=list)
    """What an answer consists of instead of words, whatever it is."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Tools (name, arguments) that the next answer begins with, one round each."""
    heard: str = "what is the moon"
    flagged: str = ""
    """What `moderations` flags when it is in the text."""
    speech_s: float = 0.3
    """The length of what it speaks, whatever it is."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    sent_words: int = 0
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextlib.contextmanager
def openai_server() -> Iterator[OpenAiServer]:
    told = OpenAiServer()
    server = _Server(("127.0.0.1", 0), _handler(told))
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        told.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(told: OpenAiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._answer(body)
            self.close_connection = True

        def _answer(self, body: bytes) -> None:
            if told.stalls:
                told.closing.wait(STALLS_S)
                return
            if told.status != 200:
                self._send(b'{"error":{"message":"no"}}', "application/json", told.status)
            elif self.path == "/v1/chat/completions":
                told.asked.append(json.loads(body))
                self._chat()
            elif self.path == "/v1/audio/transcriptions":
                told.asked.append({"wav_bytes": len(body)})
                self._send(json.dumps({"text": told.heard}).encode(), "application/json")
            elif self.path == "/v1/audio/speech":
                self._send(_tone(told.speech_s), "audio/pcm")
            elif self.path == "/v1/moderations":
                flagged = bool(told.flagged) and told.flagged in json.loads(body)["input"]
                result = {"flagged": flagged, "categories": {}, "category_scores": {}}
                answer = {"id": "m", "model": "m", "results": [result]}
                self._send(json.dumps(answer).encode(), "application/json")

        def _chat(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            if told.garbage:
                self.wfile.write(b"data: {this is no JSON\n\n")
                return
            if told.calls:
                name, arguments = told.calls.pop(0)
                half = len(arguments) // 2
                self._call(
                    {"index": 0, "id": "c1", "function": {"name": name, "arguments": arguments[:half]}}
                )
                self._call({"index": 0, "function": {"arguments": arguments[half:]}})
            elif told.deltas:
                for delta in told.deltas:
                    self._chunk(delta)
            else:
                for word in told.words:
                    self._chunk({"content": word})
                    told.sent_words += 1
                    time.sleep(told.word_s)
            usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
            self._event({"choices": [], "usage": usage})
            self.wfile.write(b"data: [DONE]\n\n")

        def _call(self, call: dict[str, Any]) -> None:
            self._chunk({"tool_calls": [call]})

        def _chunk(self, delta: dict[str, Any]) -> None:
            self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})

        def _event(self, what: dict[str, Any]) -> None:
            chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", **what}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()

        def _send(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: object) -> None:
            """Nothing: what is asked is looked at by the test."""

    return Handler


@functools.cache
def _tone(seconds: float) -> bytes:
    samples = (
        round(8000 * math.sin(at * math.tau * 300 / SPEECH_HZ)) for at in range(int(seconds * SPEECH_HZ))
    )
    return b"".join(struct.pack("<h", sample) for sample in samples)


if __name__ == "__main__":
    with openai_server() as running:
        print(running.url, flush=True)
        signal.pause()
