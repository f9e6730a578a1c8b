"""The page on the local network: real TLS, on loopback so that nothing leaves this machine."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from device.egress import Egress, install_guard
from device.errors import EgressDenied, SettingsError
from device.panel.network import Identity
from device.panel.own_names import OwnNames
from device.panel.server import Place
from device.places import panel_directory
from device.way_in import WayIn
from tests.device.panel.scripted import NAMES, Served, served
from tests.virtual_time import run

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Beyond:
    """The page as the network sees it."""

    served: Served
    fingerprint: str
    port: int

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def trusting(self) -> ssl.SSLContext:
        """A client that trusts this certificate and no other."""
        own = panel_directory(os.environ) / "certificate.pem"
        context = ssl.create_default_context(cafile=str(own))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # it is its own issuer, and no authority
        return context


def beyond(story: Callable[[Beyond], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(20), served(network=True) as everything:
            reach = everything.panel.reach
            port = urlsplit(reach.network[0]).port
            assert port
            await story(Beyond(everything, reach.fingerprint, port))

    asyncio.run(whole())


async def get(page: Beyond, path: str, host: str) -> tuple[int, dict[str, str], str]:
    def go() -> tuple[int, dict[str, str], str]:
        link = http.client.HTTPSConnection("127.0.0.1", page.port, timeout=5, context=page.trusting())
        link.putrequest("GET", path, skip_host=True)
        link.putheader("Host", host)
        link.endheaders()
        answer = link.getresponse()
        body = answer.read().decode()
        link.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body

    return await asyncio.to_thread(go)


def test_the_page_is_served_by_tls_with_the_certificate_whose_fingerprint_is_shown() -> None:
    async def story(page: Beyond) -> None:
        status, headers, body = await get(page, "/", f"127.0.0.1:{page.port}")
        assert status == 200
        assert "<title>twominds</title>" in body
        assert f"connect-src 'self' wss://127.0.0.1:{page.port}" in headers["content-security-policy"]
        pem = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", page.port))
        seen = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
        assert page.fingerprint.replace(":", "").lower() == seen
        shown = page.served.panel.shown(to_a_person=True)
        assert shown[1] == f"https://127.0.0.1:{page.port}/#token={page.served.token}"
        assert ":".join(shown[-2:]) == page.fingerprint
        assert max(len(line) for line in shown) <= 73
        in_a_journal = page.served.panel.shown(to_a_person=False)
        assert not any(page.served.token in line for line in in_a_journal)
        assert f"https://127.0.0.1:{page.port}/" in in_a_journal

    beyond(story)


def test_it_can_be_talked_to_with_the_token() -> None:
    async def story(page: Beyond) -> None:
        link = await open_socket(page, page.address)
        await link.send(json.dumps({"type": "hello", "token": page.served.token}))
        assert json.loads(await link.recv())["type"] == "welcome"
        await link.close()

    beyond(story)


def test_without_the_token_nobody_gets_further() -> None:
    async def story(page: Beyond) -> None:
        link = await open_socket(page, page.address)
        await link.send(json.dumps({"type": "hello", "token": "0000-0000-0000-0000"}))
        with pytest.raises(ConnectionClosed) as closed:
            await link.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401

    beyond(story)


@pytest.mark.parametrize(
    "host", ["evil.example:{port}", "127.0.0.1", "192.0.2.1:{port}", "robot.local.evil.example:{port}"]
)
def test_a_name_that_is_not_ours_is_refused(host: str) -> None:
    async def story(page: Beyond) -> None:
        status, _, body = await get(page, "/", host.format(port=page.port))
        assert status == 403
        assert "only under its own address" in body

    beyond(story)


@pytest.mark.parametrize("name", ["127.0.0.1", "robot.local", "localhost"])
def test_every_name_of_the_machine_is(name: str) -> None:
    async def story(page: Beyond) -> None:
        status, _, _ = await get(page, "/", f"{name}:{page.port}")
        assert status == 200

    beyond(story)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:{port}", "https://robot.local:{port}", "null"]
)
def test_a_strange_origin_opens_no_socket(origin: str) -> None:
    async def story(page: Beyond) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await open_socket(page, origin.format(port=page.port))
        assert refused.value.response.status_code == 403

    beyond(story)


async def open_socket(page: Beyond, origin: Any, name: str = "127.0.0.1") -> Any:
    """As if the name led here."""
    return await connect(
        f"wss://{name}:{page.port}/talk",
        origin=origin,
        ssl=page.trusting(),
        host="127.0.0.1",
        port=page.port,
        proxy=None,
    )


def test_plain_http_is_not_answered_there() -> None:
    async def story(page: Beyond) -> None:
        def go() -> bytes:
            with socket.create_connection(("127.0.0.1", page.port), 5) as link:
                link.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n\r\n".encode())
                return link.recv(1000)

        try:
            answer = await asyncio.to_thread(go)
        except ConnectionResetError:
            answer = b""
        assert b"HTTP" not in answer
        assert (await get(page, "/", f"127.0.0.1:{page.port}"))[0] == 200

    beyond(story)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_versions_of_tls_are_refused() -> None:
    async def story(page: Beyond) -> None:
        def go() -> None:
            old = page.trusting()
            old.set_ciphers("ALL:@SECLEVEL=0")  # the client would agree to anything
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            with socket.create_connection(("127.0.0.1", page.port), 5) as link:
                old.wrap_socket(link, server_hostname="127.0.0.1").close()

        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(go)

    beyond(story)


def test_it_is_not_there_unless_switched_on() -> None:
    async def story() -> None:
        async with served() as everything:
            assert everything.panel.reach.network == ()
            assert everything.panel.shown(to_a_person=True) == (f"{everything.url}  (hold the button)",)
            assert not (panel_directory(os.environ) / "certificate.pem").exists()

    asyncio.run(story())


def test_a_journal_is_not_told_to_look_for_an_access_code_where_it_could_not_be_written() -> None:
    async def story() -> None:
        async with served() as everything:
            *_, line = everything.panel.shown(to_a_person=False)
            assert "the disk does not take it" in line
            assert len(line) <= 73

    panel_directory(os.environ).write_text("a file where the folder should be")
    asyncio.run(story())


def test_what_makes_certificates_is_not_loaded_unless_it_is_needed() -> None:
    seen = "import sys, device.panel.server; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", seen], cwd=ROOT, capture_output=True, timeout=60)
    assert done.stdout == b"False\n", done.stderr


def test_a_taken_port_names_the_setting_that_moves_it() -> None:
    async def story(page: Beyond) -> None:
        second = Served(network=True, network_port=page.port)
        with pytest.raises(SettingsError, match=r"panel\.network_port"):
            await second.panel.serve()

    beyond(story)


# --- the gate ------------------------------------------------------------------------------------


def test_the_gate_lets_it_listen_there_and_nowhere_else() -> None:
    egress = Egress()
    install_guard(egress)
    try:
        with WayIn(egress).listening("0.0.0.0", 0), socket.socket() as listener:
            listener.bind(("0.0.0.0", 0))
        with socket.socket() as listener, pytest.raises(EgressDenied):
            listener.bind(("0.0.0.0", 0))
    finally:
        install_guard(None)


def test_without_a_permit_of_the_gate_that_counts_it_is_not_served() -> None:
    async def story() -> None:
        everything = Served(network=True, place=Place("0.0.0.0", lambda: NAMES))
        install_guard(Egress())  # another one, which permits nothing
        try:
            with pytest.raises(EgressDenied):
                await everything.panel.serve()
        finally:
            install_guard(None)

    asyncio.run(story())


# --- its identity follows the machine ------------------------------------------------------------


def test_a_new_address_is_served_with_a_certificate_that_names_it_and_open_pages_are_told() -> None:
    names = [OwnNames(("robot",), ())]

    async def story() -> None:
        place = Place("127.0.0.1", lambda: names[0], look_every_s=0.02)
        async with asyncio.timeout(20), served(network=True, place=place) as everything:
            before = everything.panel.reach
            port = urlsplit(before.network[0]).port
            assert port
            page = Beyond(everything, before.fingerprint, port)
            link = await open_socket(page, f"https://robot:{port}", "robot")
            await link.send(json.dumps({"type": "hello", "token": everything.token}))
            await link.send(json.dumps({"type": "tuned", "rate_hz": 48_000}))
            assert (await told(link, "reach"))["network"] == [f"https://robot:{port}/"]
            names[0] = OwnNames(("robot",), ("127.0.0.1",))
            reach = await told(link, "reach")
            assert reach["network"] == [f"https://127.0.0.1:{port}/", f"https://robot:{port}/"]
            assert reach["fingerprint"] != before.fingerprint
            assert (await get(page, "/", f"127.0.0.1:{port}"))[0] == 200
            await link.close()

    asyncio.run(story())


def test_while_nothing_changes_the_certificate_stays() -> None:
    looked = [0]

    def look() -> OwnNames:
        looked[0] += 1
        return NAMES

    async def story() -> None:
        identity = Identity(panel_directory(os.environ), look)
        before = identity.certificate
        following = asyncio.create_task(identity.follow(10, lambda: pytest.fail("nothing had changed")))
        await asyncio.sleep(100)
        following.cancel()
        assert looked[0] > 5
        assert identity.certificate == before

    run(story())


def test_a_look_that_fails_and_a_disk_that_is_full_are_tried_again() -> None:
    folder = panel_directory(os.environ)
    outcomes: list[Callable[[], OwnNames]] = []

    def gone() -> OwnNames:
        raise OSError("no such device")

    def nowhere_to_write() -> OwnNames:
        folder.rename(folder.with_name("away"))
        folder.write_text("in the way")
        return OwnNames(("robot", "new"), ())

    def room_again() -> OwnNames:
        folder.unlink()
        folder.with_name("away").rename(folder)
        return OwnNames(("robot", "new"), ())

    def look() -> OwnNames:
        return outcomes.pop(0)() if outcomes else OwnNames(("robot", "new"), ())

    async def story() -> None:
        outcomes.append(lambda: OwnNames(("robot",), ()))
        identity, changed = Identity(folder, look), asyncio.Event()
        outcomes.extend([gone, nowhere_to_write, room_again])
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            following = group.create_task(identity.follow(0.01, changed.set))
            await changed.wait()
            following.cancel()
        assert not outcomes
        assert "new" in identity.certificate.names

    asyncio.run(story())


async def told(link: Any, kind: str) -> dict[str, Any]:
    """The next message of that kind."""
    while True:
        message: dict[str, Any] = json.loads(await link.recv())
        if message["type"] == kind:
            return message


# --- what leaves by it ---------------------------------------------------------------------------


def test_words_and_sound_for_another_machine_are_counted_as_leaving_and_pages_here_are_not() -> None:
    egress = Egress()
    gate = WayIn(egress)
    for host in ("192.0.2.9", "127.0.0.1"):
        gate.told(host, "text", 100)
        gate.told(host, "audio", 2000)
        gate.told(host, "text", 50)
    counted = {(d.host, d.content): d.sent_bytes for d in gate.departures()}
    assert counted == {("192.0.2.9", "text"): 150, ("192.0.2.9", "audio"): 2000}
    assert egress.leaving
