"""System 1 on another machine: any server that speaks OpenAI's chat completions (ports.LanguageModel)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Protocol

import httpx

from device.brain.chat import Budget, Window, chat, prompt_tokens
from device.brain.reply_text import ReplyText
from device.brain.server_models import Listed, choose
from device.brain.server_stream import ChatStream
from device.config import LlmServer, Reply
from device.contracts import Prompt
from device.errors import EgressDenied, EngineMissing, MindError, SettingsError, StageError, TwomindsError
from device.jobs import StopFlag, Worker

log = logging.getLogger(__name__)
for chatty in ("httpx", "httpcore"):  # a line for every request, and every header at DEBUG
    logging.getLogger(chatty).setLevel(logging.WARNING)

CONNECT_S = 2.0
"""On a LAN; whoever waits for an answer would rather hear that there is none."""
LOOK_UP_S = 5.0
LAST_WORDS_S = 0.2
"""What a server still sends after the end of a reply, which nobody waits for longer."""
LONGEST_SILENCE_S = 60.0
"""A server that sends nothing for so long hangs, should nobody have given it up before."""

LONGEST_LISTING_BYTES = 1 << 20
LONGEST_TOKEN_CHARACTERS = 32
"""A server that goes on beyond what so many characters a token make was told to stop, and did not."""

TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<|end|>", "<|endoftext|>", "<end_of_turn>", "</s>")
"""How the templates in use end a turn. A server with another model's template lets them through."""

_MARKER = re.compile(r"<\|[^<>|]{1,40}\|>|<(?:start|end)_of_turn>|</?s>|<[be]os>|\[/?INST\]")
"""What the servers' tokenisers take for control tokens wherever it stands, said by whomever."""

KEPT_S = 60.0
"""How long an unused connection is kept on this side."""

TIMEOUTS = httpx.Timeout(LONGEST_SILENCE_S, connect=CONNECT_S, pool=CONNECT_S)


class Way(Protocol):
    """The way out of this device to the server."""

    def open(self) -> AbstractContextManager[None]:
        """While this is entered, connections are allowed. Entering may block. Raises OSError."""
        ...

    def sent(self, sent_bytes: int) -> None:
        """So many bytes of what was said were sent."""
        ...


def address(url: str) -> tuple[str, int]:
    """Host and port. Raises SettingsError for what is no http or https url."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise _bad_url(url) from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise _bad_url(url)
    return parsed.host, parsed.port or (443 if parsed.scheme == "https" else 80)


def _bad_url(url: str) -> SettingsError:
    return SettingsError(f"llm_server.url is {url!r}: write it like http://192.168.1.20:8080/v1.")


def estimated_tokens(text: str) -> int:
    """At most so many in all but odd texts: English has some 4 bytes a token, other scripts 3 and more."""
    return -(-len(text.encode(errors="replace")) // 3)


class ServerModel:
    """One connection that is kept between turns; `prepare` opens it again where it was lost.

    Nothing here blocks the event loop but parsing, bounded to 64 KiB at a time.
    """

    name = "server"

    def __init__(
        self, settings: LlmServer, reply: Reply, way: Way, *, longest_look_up_s: float = LOOK_UP_S
    ) -> None:
        """Nothing is sent yet. Raises SettingsError for the url, EngineMissing for the key's file."""
        self._where = "{}:{}".format(*address(settings.url))
        self._url = settings.url.rstrip("/").removesuffix("/chat/completions")
        self._wanted = settings.model
        self._key = _read_key(settings.key_file)
        self._reply = reply
        self._way = way
        self._longest_look_up_s = longest_look_up_s
        for_prompt = prompt_tokens(settings.context_tokens, reply.longest_tokens)
        budget = Budget(for_prompt, reply.history_tokens)
        self._window = Window(budget, estimated_tokens)
        self._look_ups: Worker[None] = Worker("look-up of the language model's server", lambda: None)
        self._opening = asyncio.Lock()
        self._open: tuple[httpx.AsyncClient, ExitStack] | None = None
        self._model: Listed | None = None
        self._failed = False
        """Connect anew next time: the server may have moved, or have another model."""

    async def load(self, deadline_s: float) -> None:
        """Find the server and its model now rather than at the first turn.

        Raises EngineMissing where settings have to change, MindError where the server may only be off:
        the model can be used nevertheless, every turn tries again.
        """
        try:
            async with asyncio.timeout(deadline_s):
                with self._failures():
                    await self._ready()
        except EngineMissing:
            await self.close()
            raise
        except TimeoutError as error:
            raise MindError(f"{self._server} did not answer within {deadline_s:g} s.") from error

    async def prepare(self, prompt: Prompt) -> None:
        """Connect, and let a server that keeps what it has read read ahead. Cancel-safe. Raises MindError."""
        with _as_mind(), self._failures():
            met_before = self._model is not None
            client, model = await self._ready()
            if model.keeps_what_it_read:
                async for _ in self._replied(client, model, prompt, longest_tokens=1):
                    pass
            elif met_before:
                await self._listing(client)  # most servers hang up after some seconds without a request

    async def answer(self, prompt: Prompt) -> AsyncIterator[str]:
        """The reply in pieces. Raises MindError. Closing it closes the connection: the server stops."""
        text = ReplyText(TURN_ENDS)
        with _as_mind(), self._failures():
            replied = self._replied(*await self._ready(), prompt, self._reply.longest_tokens)
            async with contextlib.aclosing(replied) as pieces:
                async for piece in pieces:
                    if said := text.feed_text(piece):
                        yield said
                    if text.ended:
                        break
        if rest := text.finish():
            yield rest
        if not text.said:
            raise MindError("The language model had nothing to say.")

    async def close(self) -> None:
        """Give connection and permission back."""
        await self._look_ups.close()
        await self._disconnect()

    # --- the connection ----------------------------------------------------------------------------

    @property
    def _server(self) -> str:
        return f"The language model's server at {self._where}"

    async def _ready(self) -> tuple[httpx.AsyncClient, Listed]:
        """Connected once, and knowing which model to ask."""
        async with self._opening:
            if self._failed:
                await self._disconnect()
            if self._open is None:
                self._open = await self._connected()
            client, _ = self._open
            if self._model is None:
                self._model = choose(await self._listing(client), self._wanted)
            return client, self._model

    async def _connected(self) -> tuple[httpx.AsyncClient, ExitStack]:
        permission = ExitStack()

        def enter(_: None, stop: StopFlag) -> None:
            permission.enter_context(self._way.open())
            if stop:
                permission.close()

        try:
            await self._look_ups.run(enter, self._longest_look_up_s)
        except StageError as error:
            permission.close()
            raise MindError(str(error)) from error
        except BaseException:
            permission.close()
            raise
        headers = {"Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        # The system's certificates, to which owners add their own; no proxy from the environment.
        verify = ssl.create_default_context() if self._url.startswith("https") else False
        client = httpx.AsyncClient(
            headers=headers,
            timeout=TIMEOUTS,
            limits=httpx.Limits(max_connections=4, keepalive_expiry=KEPT_S),
            verify=verify,
            trust_env=False,
        )
        return client, permission

    async def _disconnect(self) -> None:
        self._failed = False
        if self._open is not None:
            (client, permission), self._open, self._model = self._open, None, None
            with permission:
                await client.aclose()

    async def _listing(self, client: httpx.AsyncClient) -> bytes:
        async with client.stream("GET", f"{self._url}/models") as response:
            self._check(response)
            listing = b""
            async for raw in response.aiter_raw():
                listing += raw
                if len(listing) > LONGEST_LISTING_BYTES:
                    raise EngineMissing(f"{self._server} sent a list of models without end.")
            return listing

    async def _replied(
        self, client: httpx.AsyncClient, model: Listed, prompt: Prompt, longest_tokens: int
    ) -> AsyncGenerator[str, None]:
        """The text of a reply, cut where a server does not keep to its longest."""
        body = json.dumps(self._request(model, prompt, longest_tokens)).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        url = f"{self._url}/chat/completions"
        left = longest_tokens * LONGEST_TOKEN_CHARACTERS
        async with client.stream("POST", url, content=self._counted(body), headers=headers) as response:
            self._check(response)
            async for piece in _pieces(response):
                yield piece[:left]
                left -= len(piece)
                if left <= 0:
                    return

    async def _counted(self, body: bytes) -> AsyncIterator[bytes]:
        """Read by the client once it is connected, so that only what is really sent is counted."""
        yield body
        self._way.sent(len(body))

    def _request(self, model: Listed, prompt: Prompt, longest_tokens: int) -> dict[str, Any]:
        messages = chat(self._window.fit(prompt))
        return {
            "model": model.name,
            "messages": [
                {"role": message.role, "content": _defused(message.content)} for message in messages
            ],
            "max_tokens": longest_tokens,
            "temperature": self._reply.temperature,
            "top_p": self._reply.top_p,
            "stream": True,
        }

    # --- what can go wrong -------------------------------------------------------------------------

    def _check(self, response: httpx.Response) -> None:
        """Raises EngineMissing where settings have to change, MindError where trying again may help."""
        status = response.status_code
        if status in (401, 403):
            raise EngineMissing(f"{self._server} does not accept the key: see llm_server.key_file.")
        if status == 404:
            raise EngineMissing(
                f"{self._server} knows no such path or model: llm_server.url usually ends with /v1."
            )
        if status == 429:
            raise MindError(f"{self._server} has too much to do: try again later.")
        if status >= 500:
            raise MindError(f"{self._server} has failed (status {status}): look at its log.")
        if status != 200:
            raise MindError(f"{self._server} refused the request (status {status}).")

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """The transport's errors as sentences; after any failure everything begins anew."""
        try:
            yield
        except (httpx.HTTPError, OSError) as error:
            self._failed = True
            raise MindError(self._sentence(error)) from error
        except TwomindsError:
            self._failed = True
            raise

    def _sentence(self, error: Exception) -> str:
        causes = tuple(_causes(error))
        for kind, sentence in _SENTENCES.items():
            for cause in causes:
                if isinstance(cause, kind):
                    return sentence.format(server=self._server, cause=cause)
        return f"{self._server} could not be asked ({type(error).__name__})."


_SENTENCES: dict[type[BaseException], str] = {
    EgressDenied: "{cause}",
    ssl.SSLCertVerificationError: "{server} has no certificate that this device trusts: add its authority "
    "to the system's, or use http within your own network.",
    httpx.ConnectTimeout: "{server} cannot be reached: is it on, and on this network?",
    ssl.SSLError: "{server} does not speak https: does llm_server.url have to begin with http?",
    socket.gaierror: "{server} cannot be found: is the name in llm_server.url right?",
    ConnectionRefusedError: "{server} refuses connections: start it, and let it listen on that port.",
    httpx.ReadTimeout: "{server} sent nothing for too long.",
    httpx.ReadError: "{server} broke off.",
    httpx.RemoteProtocolError: "{server} broke off.",
}
"""By what lies at the bottom of an error, the most telling first."""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """It, and all that led to it."""
    yield error
    for earlier in (*getattr(error, "exceptions", ()), error.__cause__ or error.__context__):
        if earlier is not None:
            yield from _causes(earlier)


@contextlib.contextmanager
def _as_mind() -> Iterator[None]:
    """In a turn, what is missing is a failure of this turn."""
    try:
        yield
    except EngineMissing as error:
        raise MindError(str(error)) from error


def _defused(content: str) -> str:
    """Markers in it broken by a space: what somebody says is never an order to the server's template."""
    return _MARKER.sub(lambda found: f"{found[0][:1]} {found[0][1:]}", content)


async def _pieces(response: httpx.Response) -> AsyncIterator[str]:
    """The text of a reply. Its stream is read to its end, so that the connection can be used again."""
    stream = ChatStream()
    chunks = response.aiter_raw()
    async for raw in chunks:
        for piece in stream.feed(raw):
            yield piece
        if stream.ended:
            break
    else:
        for piece in stream.finish():
            yield piece
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS_S):
            async for _ in chunks:
                pass


def _read_key(file: str) -> str:
    """Raises EngineMissing; the key itself is never shown."""
    if not file:
        return ""
    try:
        key = Path(file).expanduser().read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EngineMissing(f"The key in llm_server.key_file cannot be read: {file}.") from error
    if not key or not key.isprintable():
        raise EngineMissing(f"llm_server.key_file holds no key: {file} must be one line.")
    return key
