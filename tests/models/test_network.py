"""Where requests may go: the rules for redirects, proxies and names."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

import httpx
import pytest

from device.egress import Content, Egress, Peer, install_guard
from device.errors import ModelError
from models.network import ConnectionTrouble, Network, Patience, check_hop, is_loopback
from tests.models import server as behaviour
from tests.models.server import FileServer, Request

QUICK = Patience(connect_s=2.0, stall_s=0.3)


@contextlib.contextmanager
def guarded(egress: Egress) -> Iterator[None]:
    install_guard(egress)
    try:
        yield
    finally:
        install_guard(None)


def content_of(network: Network, url: str) -> bytes:
    with network.get(url, {}) as answer:
        assert answer.status == 200
        return b"".join(answer.chunks)


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/x",
        "http://evil.example/x",
        "https://huggingface.co.evil.example/x",
        "https://nothuggingface.co/x",
        "//evil.example/x",
        "https://huggingface.co@evil.example/x",
    ],
)
def test_strangers_are_never_spoken_to(server: FileServer, to: str) -> None:
    """Not even looked up: the refusal names them, and the guard would have told otherwise."""
    server.script["/a"] = [behaviour.redirect(to)]
    egress = Egress()
    with guarded(egress), pytest.raises(ModelError, match="which we do not know: refused"):
        content_of(Network(egress, ("huggingface.co",), QUICK, {}), f"{server.url}/a")
    assert {peer.host for peer, _ in egress.sent()} == {"127.0.0.1"}


def test_an_allowed_domain_means_the_hosts_within_it_too(server: FileServer) -> None:
    """They do not exist, so it ends there, and not with a refusal."""
    server.script["/a"] = [behaviour.redirect("https://cdn.friend.invalid/x")]
    with pytest.raises(ConnectionTrouble, match=r"cdn.friend.invalid cannot be found"):
        content_of(Network(Egress(), ("friend.invalid",), QUICK, {}), f"{server.url}/a")


@pytest.mark.parametrize("to", ["http://huggingface.co/x", "http://cdn.hf.co/x"])
def test_encryption_is_never_given_up_on_the_way(to: str) -> None:
    first = httpx.URL("https://huggingface.co/a")
    with pytest.raises(ModelError, match="without encryption: refused"):
        check_hop(httpx.URL(to), first, ("hf.co",))
    check_hop(httpx.URL(to.replace("http:", "https:")), first, ("hf.co",))


@pytest.mark.parametrize("to", ["ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_only_addresses_of_the_web_are_followed(server: FileServer, to: str) -> None:
    server.script["/a"] = [behaviour.redirect(to)]
    with pytest.raises(ModelError, match="is not an address of the web"):
        content_of(Network(Egress(), (), QUICK, {}), f"{server.url}/a")


def test_a_request_says_who_asks_and_wants_the_file_unpacked(server: FileServer) -> None:
    server.files["/a"] = b"content"
    assert content_of(Network(Egress(), (), QUICK, {}), f"{server.url}/a") == b"content"
    headers = server.requests[0].headers
    assert headers["user-agent"].startswith("twominds/")
    assert headers["accept-encoding"] == "identity"
    assert "cookie" not in headers


def test_a_proxy_is_the_peer_that_is_permitted_and_counted(server: FileServer) -> None:
    """A plain proxy gets the whole address; the target itself is neither looked up nor connected to."""
    asked: list[Request] = []

    def as_proxy(server: FileServer, client: socket.socket, request: Request) -> None:
        asked.append(request)
        server.files[request.path] = b"through the proxy"
        behaviour.serve(server, client, request)

    target = "http://models.invalid/file"
    server.script[target] = [as_proxy]
    egress = Egress()
    with guarded(egress):
        network = Network(egress, (), QUICK, {"http": server.url.removeprefix("http://")})
        assert content_of(network, target) == b"through the proxy"
    assert [request.headers["host"] for request in asked] == ["models.invalid"]
    port = int(server.url.rpartition(":")[2])
    assert set(egress.sent()) == {(Peer("127.0.0.1", port), Content.CONTROL)}


def test_a_proxy_that_refuses_is_told(server: FileServer) -> None:
    server.script["models.invalid:443"] = [behaviour.status(407)]
    with pytest.raises(ConnectionTrouble, match=r"The proxy did not let us through to models.invalid: 407"):
        content_of(Network(Egress(), (), QUICK, {"https": server.url}), "https://models.invalid/x")


def test_a_proxy_is_not_used_for_this_machine_itself(server: FileServer) -> None:
    server.files["/a"] = b"direct"
    assert (
        content_of(Network(Egress(), (), QUICK, {"all": "http://192.0.2.1:1"}), f"{server.url}/a")
        == b"direct"
    )


def test_a_proxy_of_another_kind_is_told() -> None:
    with pytest.raises(ModelError, match="only http and https"):
        content_of(
            Network(Egress(), (), QUICK, {"https": "socks5://127.0.0.1:1"}), "https://models.invalid/x"
        )


def test_a_server_that_accepts_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(ConnectionTrouble, match=r"127.0.0.1 sent nothing for 0.3 s"):
            content_of(Network(Egress(), (), QUICK, {}), url)


def test_what_is_no_address_is_told() -> None:
    with pytest.raises(ModelError, match="is not an address of the web"):
        content_of(Network(Egress(), (), QUICK, {}), "https://exa mple:notaport/")


def test_the_usual_authorities_are_trusted() -> None:
    assert Network(Egress(), (), QUICK, {})._trust.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("192.168.1.2", False),
        ("localhost.evil", False),
    ],
)
def test_loopback_is_this_machine(host: str, near: bool) -> None:
    assert is_loopback(host) is near
