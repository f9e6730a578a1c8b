"""One file asked for over the network: permitted, counted, and never from anywhere unexpected.

The only part of the models that touches the network. Every hop gets a permit of its own for the one peer
that is spoken to (the proxy, where the environment names one), and what is sent is counted.
"""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import httpx

from device import __version__
from device.egress import Content, Egress, Peer
from device.errors import ModelError

MOST_HOPS = 6
"""Publishers send us on once or twice."""


class ConnectionTrouble(ModelError):
    """The network or the server failed in a way that may pass."""

    retryable = True

    def __init__(self, sentence: str, wait_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s
        """How long the server asks us to wait."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server may take."""

    connect_s: float = 15.0
    stall_s: float = 30.0
    """The longest silence in the middle of a file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: the headers at once, the content piece by piece while it comes."""

    status: int
    headers: Mapping[str, str]
    """Looked up without regard to capitals."""
    host: str
    chunks: Iterator[bytes]
    """Raises ConnectionTrouble when the content ends early or stops coming."""


class Network:
    """Asks for files, follows redirects to known hosts, and tells the egress gate of it all."""

    def __init__(
        self,
        egress: Egress,
        redirects: tuple[str, ...] = (),
        patience: Patience | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        """`redirects`: domains that a server may send us on to. `proxies`: a URL by scheme; None: as the
        environment says."""
        self._egress = egress
        self._redirects = redirects
        self._patience = patience or Patience()
        self._proxies = urllib.request.getproxies() if proxies is None else proxies

    @contextlib.contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        """The answer to a GET, after all redirects; the connection is closed on leaving.

        Raises ConnectionTrouble for what may pass, ModelError for what will not.
        """
        first = at = _parsed(url)
        for _ in range(MOST_HOPS):
            check_hop(at, first, self._redirects)
            with self._answer(at, headers) as response:
                if not response.has_redirect_location:
                    yield Answer(response.status_code, response.headers, at.host, self._chunks(at, response))
                    return
                at = at.join(_parsed(response.headers["location"]))
        raise ModelError(f"{first.host} sends us on and on ({MOST_HOPS} times): given up.")

    @contextlib.contextmanager
    def _answer(self, at: httpx.URL, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        proxy = self._proxy(at)
        peer = _peer(proxy or at)
        limits = httpx.Timeout(
            self._patience.stall_s, connect=self._patience.connect_s, pool=self._patience.connect_s
        )
        with self._permit(peer), self._translated(at):
            client = httpx.Client(proxy=proxy, timeout=limits, verify=self._trust, trust_env=False)
            with client, client.stream("GET", at, headers=_headers(headers)) as response:
                self._egress.count(peer, Content.CONTROL, _sent_bytes(response.request))
                yield response

    @contextlib.contextmanager
    def _permit(self, peer: Peer) -> Iterator[None]:
        with contextlib.ExitStack() as permitted:
            try:
                permitted.enter_context(self._egress.permit(peer))
            except (OSError, UnicodeError) as error:
                raise ConnectionTrouble(f"{peer.host} cannot be found on the network.") from error
            yield

    @contextlib.contextmanager
    def _translated(self, at: httpx.URL) -> Iterator[None]:
        """Errors of the HTTP library as sentences."""
        try:
            yield
        except httpx.ConnectTimeout as error:
            raise ConnectionTrouble(f"{at.host} does not answer.") from error
        except httpx.TimeoutException as error:
            silence = f"{self._patience.stall_s:g} s"
            raise ConnectionTrouble(f"{at.host} sent nothing for {silence}.") from error
        except httpx.ProxyError as error:
            raise ConnectionTrouble(f"The proxy did not let us through to {at.host}: {error}") from error
        except httpx.ConnectError as error:
            if "CERTIFICATE" in str(error):
                today = datetime.now(UTC).strftime("%d %B %Y")
                raise ModelError(
                    f"{at.host} has no certificate that can be trusted here. Is it really {today}? "
                    "A wrong clock is the usual reason."
                ) from error
            raise ConnectionTrouble(f"{at.host} cannot be reached.") from error
        except httpx.TransportError as error:
            raise ConnectionTrouble(f"{at.host} hung up before the end.") from error

    def _chunks(self, at: httpx.URL, response: httpx.Response) -> Iterator[bytes]:
        with self._translated(at):
            yield from response.iter_raw()

    def _proxy(self, at: httpx.URL) -> httpx.URL | None:
        """The proxy that leads there, as the environment says (`https_proxy`, `no_proxy` and so on)."""
        given = self._proxies.get(at.scheme) or self._proxies.get("all")
        if not given or is_loopback(at.host) or urllib.request.proxy_bypass(at.host):
            return None
        proxy = _parsed(given if "://" in given else f"http://{given}")
        if proxy.scheme not in ("http", "https"):
            raise ModelError(f"The proxy {proxy} is of a kind that is not spoken here: only http and https.")
        return proxy

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Whom we believe: the usual authorities, or those that SSL_CERT_FILE names."""
        return httpx.create_ssl_context()


def check_hop(at: httpx.URL, first: httpx.URL, redirects: tuple[str, ...]) -> None:
    """Whether a request that began at `first` may go to `at`. Raises ModelError when not."""
    if at.scheme not in ("http", "https") or not at.host:
        raise ModelError(f"{at} is not an address of the web.")
    if at.host != first.host and not any(_within(at.host, domain) for domain in redirects):
        raise ModelError(f"{first.host} sends us on to {at.host}, which we do not know: refused.")
    if at.scheme == "http" and first.scheme == "https" and not is_loopback(at.host):
        raise ModelError(f"{first.host} sends us on to {at.host} without encryption: refused.")


def is_loopback(host: str) -> bool:
    """Whether that is this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ModelError(f"{url} is not an address of the web: {error}") from error


def _peer(url: httpx.URL) -> Peer:
    return Peer(url.host, url.port or (443 if url.scheme == "https" else 80))


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


def _headers(more: Mapping[str, str]) -> dict[str, str]:
    """`identity`: sizes and ranges are those of the file, not of a packed form of it."""
    return {"Accept-Encoding": "identity", "User-Agent": f"twominds/{__version__}", **more}


def _sent_bytes(request: httpx.Request) -> int:
    """The request as HTTP/1.1 writes it; the encryption around it is not counted."""
    line = len(f"{request.method}  HTTP/1.1\r\n\r\n") + len(request.url.raw_path)
    return line + sum(len(name) + len(value) + 4 for name, value in request.headers.raw)
