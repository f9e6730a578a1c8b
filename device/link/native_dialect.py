"""The device's side of the native dialect: challenge, greeting with proof, then turns. Sans I/O."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from device.errors import LinkError
from device.link import native as n
from device.link.checked_json import LONGEST_TEXT_BYTES
from device.link.dialect import Capabilities, Codec, Step, ToSystem2, Wire

UP_HZ = 16_000
DOWN_HZ = 24_000
OPUS_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)
"""The rates that Opus decodes to (RFC 6716, section 2)."""


class Signer(Protocol):
    """Who the device is, and its key."""

    @property
    def device_id(self) -> str: ...

    @property
    def public_key(self) -> str: ...

    def sign(self, message: bytes) -> str:
        """The signature, in URL-safe base64 without padding."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What the device wants of System 2, and how it presents itself."""

    agent: str = ""
    language: str = "en"
    character: str = ""
    persona: str = ""
    audience: Literal["child", "adult"] = "child"
    sends_sound: bool = False
    wants_sound: bool = False
    frame_ms: Literal[20, 40, 60] = 60

    @property
    def features(self) -> frozenset[str]:
        wanted = {"tools": True, "audio_in": self.sends_sound, "audio_out": self.wants_sound}
        return frozenset(name for name, wants in wanted.items() if wants)


class NativeDialect:
    """One connection's greeting and its words."""

    subprotocol: str | None = n.PROTOCOL
    quiet_s: float | None = None
    longest_frame_bytes = LONGEST_TEXT_BYTES

    def __init__(
        self,
        wish: Wish,
        signer: Signer,
        host: str,
        resume: str = "",
        *,
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(16),
    ) -> None:
        """`host`: as the `Host` header has it. `resume`: the session of the connection before."""
        self._wish = wish
        self._signer = signer
        self._host = host
        self._resume = resume
        self._websocket_id = new_id()
        self._greeted = False
        self._started = False
        self._capabilities = Capabilities(
            takes_text=True,
            takes_sound=wish.sends_sound,
            gives_text=True,
            gives_sound=wish.wants_sound,
            gives_words_of_sound=True,
            aborts=True,
            tools=True,
            reports=False,
            up=Codec("opus", UP_HZ, wish.frame_ms),
            down=Codec("opus", DOWN_HZ, wish.frame_ms),
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def opened(self) -> Step:
        """System 2 speaks first."""
        return Step()

    def received(self, frame: Wire) -> Step:
        word = n.from_system_2(frame)
        if word is None:
            return Step()
        if isinstance(word, n.Challenge):
            return Step(frames=(n.encode(self._greeting(word.nonce)),))
        if isinstance(word, n.Started):
            self._agree(word)
        elif not self._started and not isinstance(word, n.Refusal | n.Halt | n.Drain):
            raise LinkError("System 2 began a turn before it greeted.")
        return Step(words=(word,))

    def send(self, message: ToSystem2) -> Step:
        if isinstance(message, n.Begin | n.Media | n.End) and not self._capabilities.takes_sound:
            return Step()
        return Step(frames=(n.encode(message),))

    def quiet(self) -> Step:
        """It says itself when an answer is over."""
        return Step()

    def _greeting(self, nonce: str) -> n.Hello:
        if self._greeted:
            raise LinkError("System 2 challenged the device a second time.")
        self._greeted = True
        wish, signer = self._wish, self._signer
        return n.Hello(
            websocket_id=self._websocket_id,
            streamSid=self._websocket_id,
            codec="opus",
            sample_rate=DOWN_HZ,
            frame_ms=wish.frame_ms,
            features=wish.features,
            device=n.DeviceInfo(
                id=signer.device_id,
                public_key=signer.public_key,
                agent=wish.agent,
                language=wish.language,
                character=wish.character,
                persona=wish.persona,
                audience=wish.audience,
            ),
            auth=n.Auth(
                host=self._host,
                signature=signer.sign(n.signed_text(nonce, self._host, self._websocket_id)),
            ),
            resume=self._resume,
        )

    def _agree(self, started: n.Started) -> None:
        """What it offers beyond what was wanted does not count."""
        if self._started or not self._greeted:
            raise LinkError("System 2 greeted out of turn.")
        if started.codec != "opus" or started.sample_rate not in OPUS_HZ:
            raise LinkError(f"System 2 wants {started.codec} at {started.sample_rate} Hz: that is not known.")
        self._started = True
        agreed = started.features & self._wish.features
        self._capabilities = replace(
            self._capabilities,
            takes_sound="audio_in" in agreed,
            gives_sound="audio_out" in agreed,
            tools="tools" in agreed,
            reports=started.device == 1,
            up=Codec("opus", UP_HZ, started.frame_ms),
            down=Codec("opus", started.sample_rate, started.frame_ms),
        )
