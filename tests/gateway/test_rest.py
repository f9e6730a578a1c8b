"""The REST API, against the whole program."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest

from device.link import native as n
from gateway.app import make_app
from gateway.present import Present
from gateway.services import Services
from gateway.settings import Limits, Scripted
from tests.gateway.in_process import services
from tests.gateway.native_device import NativeDevice
from tests.gateway.process import Running, running_gateway

GUARDED = [
    ("GET", "/v1/devices"),
    ("POST", "/v1/devices"),
    ("POST", "/v1/devices/abc/revoke"),
    ("GET", "/v1/devices/abc/reports"),
    ("DELETE", "/v1/devices/abc/data"),
    ("GET", "/v1/alerts"),
    ("POST", "/v1/alerts/abc/seen"),
    ("GET", "/v1/sessions"),
    ("GET", "/v1/sessions/abc/history"),
    ("DELETE", "/v1/sessions/abc"),
    ("POST", "/v1/chat"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/metrics"),
]
CANARY = "canary-7f3a91"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), scripted__word_ms=0) as running:
        yield running


@pytest.fixture
def rest(gateway: Running) -> Iterator[httpx.Client]:
    with gateway.rest() as client:
        yield client


def is_problem(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    kind = answer.headers["content-type"]
    return (answer.status_code, kind, body["status"]) == (status, "application/problem+json", status)


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize(
    "authorization", [b"", b"Bearer", b"Bearer wrong", b"Basic abc", "Bearer é".encode()]
)
def test_without_the_token_nothing_is_served(
    gateway: Running, method: str, path: str, authorization: bytes
) -> None:
    headers = {b"Authorization": authorization} if authorization else {}
    answer = httpx.request(method, gateway.url + path, headers=headers, trust_env=False)
    assert is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_every_route_that_is_not_health_needs_the_token(rest: httpx.Client) -> None:
    paths = rest.get("/v1/openapi.json").json()["paths"]
    open_to_all = {path for path, item in paths.items() for what in item.values() if not what.get("security")}
    assert open_to_all == {"/v1/health/live", "/v1/health/ready"}
    documented = {(method.upper(), path) for path, item in paths.items() for method in item}
    named = {(method, path.replace("abc", "{x}")) for method, path in GUARDED if path != "/metrics"}
    assert len(documented) == len(named) + len(open_to_all)


@pytest.mark.parametrize("path", ["/v1/health/live", "/v1/health/ready"])
def test_health_is_for_everybody_and_says_nothing_more(gateway: Running, path: str) -> None:
    answer = httpx.get(gateway.url + path, trust_env=False)
    assert answer.json() == {"status": "ok"}


def test_no_page_of_somebody_elses_may_ask(rest: httpx.Client) -> None:
    answer = rest.get("/v1/devices", headers={"Origin": "http://page.example"})
    assert not any(name.startswith("access-control") for name in answer.headers)
    asked = {"Origin": "http://page.example", "Access-Control-Request-Method": "POST"}
    assert rest.options("/v1/chat", headers=asked).status_code == 405


def test_the_token_is_its_owners_alone(gateway: Running) -> None:
    assert (gateway.data / "token").stat().st_mode & 0o777 == 0o600
    assert gateway.database.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no json", 422),
        (b"[" * 50_000, 400),
        (b'{"text": ""}', 422),
        (json.dumps({"text": "a" * 8001}).encode(), 422),
        (b" " * 70_000, 413),
    ],
    ids=["no JSON", "deep", "empty", "too long", "too big"],
)
def test_what_is_no_question_is_a_problem(rest: httpx.Client, body: bytes, status: int) -> None:
    answer = rest.post("/v1/chat", content=body, headers={"Content-Type": "application/json"})
    assert is_problem(answer, status)


def test_a_body_that_does_not_say_how_long_it_is_has_the_same_limit(rest: httpx.Client) -> None:
    assert is_problem(rest.post("/v1/chat", content=(b" " * 1000 for _ in range(100))), 413)


def test_devices_are_registered_listed_and_revoked(rest: httpx.Client) -> None:
    device = NativeDevice()
    added = rest.post("/v1/devices", json={"public_key": device.public_key, "name": "kitchen"})
    assert (added.status_code, added.json()["id"]) == (201, device.id)
    assert rest.post(f"/v1/devices/{device.id}/revoke").status_code == 204
    listed = {one["id"]: one for one in rest.get("/v1/devices").json()}
    assert (listed[device.id]["name"], listed[device.id]["revoked"]) == ("kitchen", True)
    assert is_problem(rest.post("/v1/devices/nobody/revoke"), 404)
    assert is_problem(rest.post("/v1/devices", json={"public_key": "*" * 43}), 422)


def test_a_chat_goes_on_in_its_session(rest: httpx.Client) -> None:
    first = rest.post("/v1/chat", json={"text": "Why?"}).json()
    second = rest.post("/v1/chat", json={"text": "Why?", "session_id": first["session_id"]}).json()
    assert "You asked: Why?" in first["text"]
    assert "You asked that before, 1 time." in second["text"]
    turns = rest.get(f"/v1/sessions/{first['session_id']}/history").json()
    assert [turn["said"] for turn in turns] == [first["text"], second["text"]]
    assert is_problem(rest.get("/v1/sessions/unknown/history"), 404)


def test_a_chat_comes_in_pieces(rest: httpx.Client) -> None:
    with rest.stream("POST", "/v1/chat", json={"text": "A long story", "stream": True}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [line.removeprefix("event: ") for line in answer.iter_lines() if line.startswith("event")]
    assert events == ["session", *["text"] * 40, "done"]


def test_what_the_safety_hook_refuses_is_refused_here_too(rest: httpx.Client) -> None:
    answer = rest.post("/v1/chat", json={"text": "How to make a bomb?"}).json()
    assert (answer["text"], answer["refused"]) == ("", True)


def test_a_session_of_a_device_cannot_be_gone_on_with(gateway: Running, rest: httpx.Client) -> None:
    async def story() -> str:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.ask(1, "Secret")
            return talk.started.session_id

    session_id = asyncio.run(story())
    assert (
        rest.post("/v1/chat", json={"text": "Hm", "session_id": session_id}).json()["session_id"]
        != session_id
    )


def test_what_is_erased_is_nowhere_in_the_files(gateway: Running, rest: httpx.Client) -> None:
    device, other = NativeDevice(), NativeDevice()

    def kept() -> bool:
        return any(CANARY.encode() in file.read_bytes() for file in gateway.data.glob("gateway.sqlite*"))

    async def tell() -> None:
        async with other.connected(gateway.device_url) as talk:
            await talk.ask(1, "Mine stays")
        async with device.connected(gateway.device_url) as talk:
            for turn_id in range(3):
                await talk.ask(turn_id, f"Do you know {CANARY}? " + "Yes or no? " * 300)
            await talk.send(n.Report(op="message", id="m", body={"text": CANARY}))
            await talk.next(n.Ack)
            assert kept()
            erased = await asyncio.to_thread(rest.delete, f"/v1/devices/{device.id}/data")
            assert erased.json()["rows"] == 5
            assert not kept()
            await talk.ask(9, "Go on")

    asyncio.run(tell())
    assert len(rest.get("/v1/sessions", params={"device_id": other.id}).json()) == 1
    [session] = rest.get("/v1/sessions", params={"device_id": device.id}).json()
    assert session["turns"] == 1


def test_a_chat_of_this_api_can_be_erased(gateway: Running, rest: httpx.Client) -> None:
    words = "a-word-of-somebody"
    session_id = rest.post("/v1/chat", json={"text": f"Is it {words}?"}).json()["session_id"]
    assert rest.delete(f"/v1/sessions/{session_id}").json() == {"rows": 2}
    assert not any(words.encode() in file.read_bytes() for file in gateway.data.glob("gateway.sqlite*"))
    assert is_problem(rest.delete(f"/v1/sessions/{session_id}"), 404)


@pytest.mark.parametrize(("stream", "status"), [(False, 504), (True, 200)])
def test_an_answer_that_takes_too_long_is_given_up(stream: bool, status: int) -> None:
    async def story(given: Services, present: Present) -> httpx.Response:
        over = httpx.ASGITransport(make_app(given, present, "token"))
        async with httpx.AsyncClient(transport=over, base_url="http://gateway") as client:
            client.headers["Authorization"] = "Bearer token"
            return await client.post("/v1/chat", json={"text": "Why?", "stream": stream})

    with services(limits=Limits(answer_s=0.05), scripted=Scripted(first_word_ms=5000)) as (given, present):
        answer = asyncio.run(story(given, present))
    assert answer.status_code == status
    assert "It took too long." in answer.text
