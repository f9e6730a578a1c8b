"""The language model on the LAN against a server program that others wrote: llama-cpp-python's own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from device.brain.llm_server import ServerModel, address
from device.config import LlmServer, Reply
from device.contracts import Line, Prompt, Who
from device.egress import Content, Egress, Peer, install_guard
from device.errors import MindError
from device.way_out import WayOut
from tests.models_made.gguf_model import Shape, make

pytestmark = pytest.mark.native

PROMPT = Prompt("you are a robot.", (), "it is noon", "what is the moon")
STARTS_WITHIN_S = 60


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a model that never comes to an end by itself."""
    model = make(
        tmp_path_factory.mktemp("models") / "endless.gguf",
        Shape(width=256, context=2048),
        follows={"<0x0A>": "▁the", "▁the": "▁robot", "▁robot": "▁the"},
    )
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    command = f"-m llama_cpp.server --host 127.0.0.1 --port {port} --n_ctx 2048 --n_threads 1 --model"
    server = subprocess.Popen(
        [sys.executable, *command.split(), model], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/v1/models", server)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    until_s = time.monotonic() + STARTS_WITHIN_S
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < until_s and server.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if client.get(url).status_code == 200:
                    return
            time.sleep(0.1)
    pytest.fail("llama_cpp.server did not start")


def model(url: str, longest_tokens: int = 16) -> ServerModel:
    way = WayOut(Egress(), Peer(*address(url)), Content.TEXT)
    return ServerModel(LlmServer(url=url), Reply(longest_tokens=longest_tokens, temperature=0), way)


async def whole(model: ServerModel, prompt: Prompt = PROMPT) -> str:
    return "".join([piece async for piece in model.answer(prompt)])


def test_two_turns_are_answered_as_the_model_speaks(url: str) -> None:
    async def story() -> list[str]:
        talking = model(url)
        await talking.load(20)
        await talking.prepare(Prompt(PROMPT.persona, ()))
        first = await whole(talking)
        history = (Line(Who.PERSON, "what is the moon"), Line(Who.DEVICE, first))
        second = await whole(talking, Prompt(PROMPT.persona, history, "", "and the day"))
        await talking.close()
        return [first, second]

    install_guard(Egress())
    try:
        assert asyncio.run(story()) == ["the robot" + " the robot" * 7] * 2
    finally:
        install_guard(None)


def test_a_reply_comes_in_pieces(url: str) -> None:
    async def story() -> list[str]:
        talking = model(url)
        pieces = [piece async for piece in talking.answer(PROMPT)]
        await talking.close()
        return pieces

    assert len(asyncio.run(story())) > 8


def test_a_reply_that_is_closed_midway_stops_the_server_so_that_it_serves_the_next(url: str) -> None:
    async def story() -> str:
        interrupting = model(url, longest_tokens=1900)
        reply = interrupting.answer(PROMPT)
        assert await anext(reply)
        await reply.aclose()  # type: ignore[attr-defined]
        await interrupting.close()
        talking = model(url)
        async with asyncio.timeout(20):
            said = await whole(talking)
        await talking.close()
        return said

    assert asyncio.run(story()).startswith("the robot")


def test_a_wrong_path_is_told(url: str) -> None:
    async def story() -> None:
        lost = model(url.removesuffix("/v1") + "/api")
        with pytest.raises(MindError, match="usually ends with /v1"):
            await whole(lost)
        await lost.close()

    asyncio.run(story())
