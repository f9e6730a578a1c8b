"""Nothing leaves the device uncounted or unpermitted: the real hook on real sockets, and a rule for the code.

The addresses here are of TEST-NET-1 (RFC 5737): nobody has them, and no packet is ever sent to them.
"""

from __future__ import annotations

import ast
import asyncio
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from device.egress import LEAVING_S, Content, Egress, Peer, install_guard
from device.errors import EgressDenied

ELSEWHERE = ("192.0.2.1", 443)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def egress() -> Iterator[Egress]:
    egress = Egress()
    install_guard(egress)
    yield egress
    install_guard(None)


def by_socket() -> None:
    with socket.socket() as client:
        client.settimeout(0.2)
        client.connect(ELSEWHERE)


def by_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"words", ELSEWHERE)


def by_message() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendmsg([b"words"], [], 0, ELSEWHERE)


def by_asyncio() -> None:
    asyncio.run(asyncio.wait_for(asyncio.open_connection(*ELSEWHERE), 0.2))


def by_code() -> None:
    with socket.socket() as client:
        client.settimeout(0.2)
        client.connect_ex(ELSEWHERE)


def by_asyncio_datagram() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=ELSEWHERE)

    asyncio.run(story())


def by_asyncio_serving() -> None:
    asyncio.run(_serve_everybody())


async def _serve_everybody() -> None:
    (await asyncio.start_server(lambda reader, writer: writer.close(), None, 0)).close()


def by_name() -> None:
    socket.getaddrinfo("telemetry.example", 443)


def by_old_name() -> None:
    socket.gethostbyname("telemetry.example")


def by_reverse_name() -> None:
    socket.getnameinfo(ELSEWHERE, 0)


def by_old_reverse_name() -> None:
    socket.gethostbyaddr(ELSEWHERE[0])


def by_http() -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(f"http://{ELSEWHERE[0]}/", timeout=0.2)


def by_serving() -> None:
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))


def by_serving_everywhere() -> None:
    with socket.socket() as server:
        server.bind(("", 0))


WAYS_OUT = [
    by_socket,
    by_datagram,
    by_message,
    by_asyncio,
    by_name,
    by_old_name,
    by_reverse_name,
    by_old_reverse_name,
    by_code,
    by_asyncio_datagram,
    by_serving,
    by_serving_everywhere,
]


@pytest.mark.parametrize("way", WAYS_OUT)
def test_every_way_out_is_refused_without_a_permit(egress: Egress, way: Callable[[], None]) -> None:
    with pytest.raises(EgressDenied, match="nothing may leave unpermitted"):
        way()


@pytest.mark.parametrize("way", [by_http, by_asyncio_serving])
def test_a_library_that_wraps_errors_is_refused_too(egress: Egress, way: Callable[[], None]) -> None:
    with pytest.raises(OSError, match="nothing may leave unpermitted"):
        way()


def test_this_machine_itself_can_always_be_reached(egress: Egress) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port)) as client:
            client.sendall(b"hello")
    ours, theirs = socket.socketpair()
    ours.close()
    theirs.close()


def test_a_permit_opens_one_peer_for_as_long_as_it_lasts(egress: Egress) -> None:
    with egress.permit(Peer(*ELSEWHERE)):
        egress.check_address(ELSEWHERE)
        with pytest.raises(EgressDenied):
            egress.check_address(("192.0.2.1", 80))
        with pytest.raises(EgressDenied):
            egress.check_address(("192.0.2.2", 443))
    with pytest.raises(EgressDenied):
        egress.check_address(ELSEWHERE)


def test_a_permit_for_a_name_holds_for_the_addresses_that_it_had(egress: Egress) -> None:
    with egress.permit(Peer("localhost", 443)):
        egress.check_name("localhost")
    with pytest.raises(EgressDenied):
        egress.check_name("somewhere.example")


def test_bytes_are_counted_by_kind_and_peer_from_any_thread() -> None:
    egress = Egress()
    peer, other = Peer("a.example", 1), Peer("b.example", 2)

    def send() -> None:
        for _ in range(1000):
            egress.count(peer, Content.AUDIO, 3)
            egress.count(other, Content.TEXT, 1)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals = {key: sent.sent_bytes for key, sent in egress.sent().items()}
    assert totals == {(peer, Content.AUDIO): 12_000, (other, Content.TEXT): 4_000}
    assert all(sent.first_utc <= sent.last_utc for sent in egress.sent().values())


def test_the_light_follows_content_and_not_pings() -> None:
    now_s = [100.0]
    told: list[bool] = []
    egress = Egress(clock=lambda: now_s[0])
    egress.observe(lambda: told.append(True))
    peer = Peer("a.example", 1)
    egress.count(peer, Content.CONTROL, 10)
    assert not egress.leaving
    assert told == []
    egress.count(peer, Content.TEXT, 10)
    assert egress.leaving
    assert told == [True]
    now_s[0] += 2 * LEAVING_S
    assert not egress.leaving


# --- the rule for the code ---------------------------------------------------------------------------

NETWORK = {
    "socket",
    "ssl",
    "http",
    "urllib",
    "httpx",
    "requests",
    "websockets",
    "aiohttp",
    "ftplib",
    "smtplib",
}
MAY: dict[str, str] = {
    "device/egress.py": "is the gate",
    "device/brain/llm_server.py": "asks the language model's server that the settings name, by its way out",
    "device/doctor.py": "tries whether the page's port on loopback is free",
    "device/panel/listener.py": "listens for the page: on loopback, and on the network by a permit",
    "device/panel/network.py": "holds the certificate that the network's listener shows; connects nowhere",
    "device/panel/own_names.py": "asks the kernel for this machine's own name and addresses; sends nothing",
    "device/panel/server.py": "owns the listening sockets",
    "models/network.py": "fetches models, when a person says so",
}


def network_uses(source: str) -> set[str]:
    """Modules imported that can open a connection, and asyncio's own ways of opening one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] in NETWORK}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in NETWORK:
            found.add(node.module)
        elif isinstance(node, ast.Attribute) and node.attr in (
            "open_connection",
            "create_connection",
            "create_datagram_endpoint",
            "sock_connect",
        ):
            found.add(node.attr)
    return found


def test_only_those_with_a_reason_touch_the_network() -> None:
    files = [file for room in ("device", "cache", "models") for file in (ROOT / room).rglob("*.py")]
    assert len(files) > 20
    users = {str(f.relative_to(ROOT)): network_uses(f.read_text("utf-8")) for f in files}
    assert {name for name, uses in users.items() if uses} == set(MAY)


def test_the_rule_sees_what_it_looks_for() -> None:
    assert network_uses("import urllib.request") == {"urllib.request"}
    assert network_uses("from websockets.asyncio import client") == {"websockets.asyncio"}
    assert network_uses("await asyncio.open_connection(h, p)") == {"open_connection"}
    assert network_uses("import json") == set()


def test_onnx_runtime_is_told_where_native_code_looks_to_report_nothing() -> None:
    seen = (
        "import ctypes; from device.egress import Egress, install_guard; install_guard(Egress());"
        "look = ctypes.CDLL(None).getenv; look.restype = ctypes.c_char_p;"
        "print(look(b'ORT_DISABLE_TELEMETRY').decode())"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", seen], env={}, cwd=root, capture_output=True, timeout=60)
    assert done.stdout == b"1\n", done.stderr
