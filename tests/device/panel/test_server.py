"""The page's server, with a client that others wrote: who gets in, and that it ends."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from device.errors import SettingsError
from device.panel.door import MOST_WAITING
from device.panel.messages import LARGEST_FRAME
from device.places import panel_directory, state_directory
from tests.device.panel.scripted import Served, reaches, served


def with_server(story: Callable[[Served], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(20), served() as everything:
            await story(everything)

    asyncio.run(whole())


async def request(url: str, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """One request with exactly these headers: status, headers, body."""

    def go() -> tuple[int, dict[str, str], str]:
        link = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 0, timeout=5)
        link.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            link.putheader(name, value)
        link.endheaders()
        answer = link.getresponse()
        body = answer.read().decode()
        link.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body

    return await asyncio.to_thread(go)


def host(url: str) -> str:
    return urlsplit(url).netloc


def talk(url: str) -> str:
    return f"ws://{host(url)}/talk"


def origin(url: str) -> Any:
    return url.rstrip("/")


# --- who gets in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_page_is_served_under_each_of_its_names(name: str) -> None:
    async def story(everything: Served) -> None:
        port = urlsplit(everything.address).port
        status, headers, body = await request(everything.address, "GET", "/", Host=f"{name}:{port}")
        assert status == 200
        assert "<title>twominds</title>" in body
        assert headers["content-type"] == "text/html; charset=utf-8"

    with_server(story)


@pytest.mark.parametrize(
    "name", ["evil.example:{port}", "127.0.0.1", "localhost:1", "127.0.0.1:{port}.evil.example", ""]
)
def test_any_other_host_is_refused_with_a_sentence(name: str) -> None:
    async def story(everything: Served) -> None:
        wrong = name.format(port=urlsplit(everything.address).port)
        status, _, body = await request(everything.address, "GET", "/", Host=wrong)
        assert status == 403
        assert body == f"This page answers only under its own address: {everything.address}.\n"

    with_server(story)


@pytest.mark.parametrize(
    "path", ["/", "/app.js", "/style.css", "/talk", "/nowhere", "/../server.py", "/%2e%2e/server.py"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_reading_is_there(method: str, path: str) -> None:
    async def story(everything: Served) -> None:
        own = {"Host": host(everything.address)}
        status, _, _ = await request(everything.address, method, path, **own)
        assert status == 403
        status, _, _ = await request(everything.address, method, path, **own, Origin="http://evil.example")
        assert status == 403
        status, _, _ = await request(
            everything.address, method, path, **own, Origin=origin(everything.address)
        )
        assert status in (404, 405)
        assert everything.session.done == []

    with_server(story)


@pytest.mark.parametrize(
    "path",
    [
        "/talk",
        "/press",
        "/stop?now=1",
        "/ask?text=hello",
        "/page/app.js",
        "/%2e%2e/server.py",
        "//etc/passwd",
    ],
)
def test_no_address_changes_anything_by_being_read(path: str) -> None:
    async def story(everything: Served) -> None:
        status, _, _ = await request(everything.address, "GET", path, Host=host(everything.address))
        assert status == 404
        assert everything.session.done == []

    with_server(story)


@pytest.mark.parametrize("path", ["/", "/app.js", "/nowhere"])
def test_every_answer_forbids_what_the_page_does_not_need(path: str) -> None:
    async def story(everything: Served) -> None:
        own = host(everything.address)
        _, headers, _ = await request(everything.address, "GET", path, Host=own)
        policy = headers["content-security-policy"].split("; ")
        assert policy[0] == "default-src 'none'"
        assert "script-src 'self'" in policy
        assert f"connect-src 'self' ws://{own}" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers

    with_server(story)


def test_a_refusal_carries_the_headers_and_nothing_of_the_wrong_host() -> None:
    async def story(everything: Served) -> None:
        _, headers, body = await request(everything.address, "GET", "/", Host="evil.example; script-src *")
        assert "evil" not in headers["content-security-policy"] + body

    with_server(story)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "http://evil.example",
        "null",
        "https://{host}",
        "http://localhost:{port}",
        "http://{host}.evil.example",
    ],
)
def test_the_socket_opens_for_its_own_page_alone(wrong: str | None) -> None:
    async def story(everything: Served) -> None:
        port = urlsplit(everything.address).port
        asked: Any = wrong and wrong.format(host=host(everything.address), port=port)
        with pytest.raises(InvalidStatus) as refused:
            await connect(talk(everything.address), origin=asked)
        assert refused.value.response.status_code == 403
        assert b"Only this device's own page" in refused.value.response.body

    with_server(story)


def test_the_socket_refuses_a_strange_host() -> None:
    async def story(everything: Served) -> None:
        strange = {"Host": "evil.example", "Origin": "http://evil.example"}
        status, _, _ = await request(
            everything.address,
            "GET",
            "/talk",
            **strange,
            Connection="Upgrade",
            Upgrade="websocket",
            **{"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="},
        )
        assert status == 403

    with_server(story)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_whatever_can_be_read_changes_nothing_and_needs_no_token(method: str) -> None:
    """Every route that there is: reading alone, and neither the session nor what is kept notices it."""

    async def story(everything: Served) -> None:
        kept = snapshot()
        paths = [route.path for route in everything.panel.routes()]
        assert {"/", "/app.js", "/talk"} <= set(paths)
        for route in everything.panel.routes():
            methods = getattr(route, "methods", None) or {"GET"}
            assert methods <= {"GET", "HEAD"}, route
            status, _, _ = await request(
                everything.address, method, f"{route.path}?stop=1&token=x", Host=host(everything.address)
            )
            assert status == (404 if route.path == "/talk" else 200)
        assert everything.session.done == []
        assert snapshot() == kept

    with_server(story)


def snapshot() -> dict[str, bytes]:
    """All that the device keeps."""
    folder = state_directory(os.environ)
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


# --- the token -----------------------------------------------------------------------------------


async def refused(everything: Served, token: str) -> tuple[int, str]:
    """How a socket that says hello with that token is closed."""
    async with connect(talk(everything.address), origin=everything.origin) as link:
        await link.send(hello(everything, token))
        with pytest.raises(ConnectionClosed) as closed:
            await read_to_the_end(link)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.mark.parametrize("token", ["", "0000-0000-0000-0000", "x" * 64])
def test_a_wrong_token_is_refused_in_words_and_nothing_is_told(token: str) -> None:
    async def story(everything: Served) -> None:
        assert await refused(everything, token) == (4401, "That is not this device's token.")
        assert everything.session.done == []

    with_server(story)


def test_after_five_wrong_tokens_not_even_the_right_one_is_tried_for_a_minute() -> None:
    async def story(everything: Served) -> None:
        for _ in range(5):
            assert (await refused(everything, "wrong"))[0] == 4401
        code, reason = await refused(everything, everything.token)
        assert code == 4429
        assert "wait a minute" in reason

    with_server(story)


def test_a_crowd_at_the_door_keeps_no_page_out_that_is_inside() -> None:
    async def story(everything: Served) -> None:
        page = await connect(talk(everything.address), origin=everything.origin)
        await page.send(hello(everything))
        await page.send(TUNED)
        await page.recv()
        crowd = [
            await connect(talk(everything.address), origin=everything.origin) for _ in range(MOST_WAITING + 1)
        ]
        with pytest.raises(ConnectionClosed) as closed:
            await read_to_the_end(crowd[-1])
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        await page.send('{"type":"stop"}')
        await reaches(lambda: everything.session.done == ["stop"])
        for link in (page, *crowd):
            await link.close()

    with_server(story)


def test_the_address_that_the_device_prints_holds_the_token_where_no_server_sees_it() -> None:
    async def story(everything: Served) -> None:
        assert urlsplit(everything.url).fragment == f"token={everything.token}"
        assert re.fullmatch(r"([0-9a-z]{4}-){3}[0-9a-z]{4}", everything.token)
        assert (panel_directory(os.environ) / "token").read_text().strip() == everything.token

    with_server(story)


# --- misbehaving pages ---------------------------------------------------------------------------

TUNED = json.dumps({"type": "tuned", "rate_hz": 48_000})


def hello(everything: Served, token: str | None = None) -> str:
    return json.dumps({"type": "hello", "token": everything.token if token is None else token})


@pytest.mark.parametrize(
    ("frames", "code", "reason"),
    [
        (["garbage"], 1008, "This is no message of the page"),
        (["HELLO", TUNED, "garbage"], 1008, "This is no message of the page"),
        (["HELLO", TUNED, '{"type":"reboot"}'], 1008, "This is no message of the page"),
        (["HELLO", TUNED, '{"type":"press","very":"much"}'], 1008, "This is no message of the page"),
        (["HELLO", TUNED, b"\x01\x00"], 1008, "This is no sound"),
        (["HELLO", TUNED, "HELLO"], 1008, "A page says hello once."),
        (["HELLO", "HELLO"], 1008, "The second message of a page is tuned."),
        (["HELLO", "garbage"], 1008, "This is no message of the page"),
        (["HELLO", TUNED, TUNED], 1008, "A page says hello once."),
        (
            ["HELLO", TUNED, '{"type":"choose","setting":"consent.transcripts","value":1}'],
            1008,
            "consent.transcripts is not chosen on the page.",
        ),
        (
            ["HELLO", TUNED, '{"type":"choose","setting":"talk.mode","value":"shout"}'],
            1008,
            "talk.mode must be hold or toggle.",
        ),
        (['{"type":"press"}'], 1008, "The first message of a page is hello."),
        ([b"\x01\x00\x00\x00\x00\x00"], 1008, "The first message of a page is hello."),
        (["HELLO", TUNED, bytes(LARGEST_FRAME + 2)], 1009, ""),
    ],
)
def test_what_no_page_sends_closes_that_socket_and_nothing_else(
    frames: list[str | bytes], code: int, reason: str
) -> None:
    async def story(everything: Served) -> None:
        good = await connect(talk(everything.address), origin=everything.origin)
        await good.send(hello(everything))
        await good.send(TUNED)
        async with connect(talk(everything.address), origin=everything.origin) as bad:
            for frame in frames:
                await bad.send(hello(everything) if frame == "HELLO" else frame)
            with pytest.raises(ConnectionClosed) as closed:
                await read_to_the_end(bad)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        assert closed.value.rcvd.reason.startswith(reason)
        await good.send('{"type":"stop"}')
        await reaches(lambda: everything.session.done == ["stop"])
        await good.close()

    with_server(story)


async def read_to_the_end(link: Any) -> None:
    while True:
        await link.recv()


def test_pages_beyond_the_eighth_are_told_so() -> None:
    async def story(everything: Served) -> None:
        links = [await connect(talk(everything.address), origin=everything.origin) for _ in range(9)]
        for link in links:
            await link.send(hello(everything))
            await link.send(TUNED)
            first = await asyncio.wait_for(link.recv(), 5) if link is not links[8] else None
            assert first is None or json.loads(first)["type"] == "welcome"
        with pytest.raises(ConnectionClosed) as closed:
            await read_to_the_end(links[8])
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        for link in links:
            await link.close()

    with_server(story)


# --- its life ------------------------------------------------------------------------------------


def test_a_taken_port_is_told_with_what_to_do() -> None:
    async def story(everything: Served) -> None:
        port = urlsplit(everything.address).port or 0
        second = Served(port=port)
        with pytest.raises(SettingsError, match=rf"port {port} of this machine is taken.*panel.port") as told:
            await second.panel.serve()
        assert "0 takes any free port" in str(told.value)

    with_server(story)


def test_the_port_of_the_settings_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as finder:
        port = finder.getsockname()[1]

    async def story() -> None:
        async with served(port=port) as everything:
            assert everything.address == f"http://127.0.0.1:{port}/"

    asyncio.run(story())


def test_it_ends_within_a_second_of_being_cancelled_with_pages_open_and_can_be_served_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        everything = Served()
        for _ in range(2):
            serving = asyncio.create_task(everything.panel.serve())
            everything.url = await everything.panel.url()
            url = everything.address = everything.url.partition("#")[0]
            links = [await connect(talk(url), origin=origin(url)) for _ in range(3)]
            for link in links[:2]:
                await link.send(hello(everything))
                await link.recv()
            begun_s = time.monotonic()
            serving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await serving
            assert time.monotonic() - begun_s < 1.5
            for link in links:
                with pytest.raises(ConnectionClosed):
                    await read_to_the_end(link)
        assert len(asyncio.all_tasks()) == 1

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    assert caplog.records == []


def test_the_signals_stay_with_whoever_owns_the_process() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def story(everything: Served) -> None:
        assert signal.getsignal(signal.SIGTERM) is before

    with_server(story)
