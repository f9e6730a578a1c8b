"""The gateway's settings: one frozen tree. Secrets are named, by a file or a variable, never held."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(ge=0.05, le=3600)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the settings file."""


class Listen(Section, frozen=True):
    """Where the gateway is reached."""

    host: str = "127.0.0.1"
    """Anything but loopback needs TLS, or a proxy before it that has it."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8700
    """0: one that is free."""
    tls_certificate: str = ""
    """A PEM file, the whole chain."""
    tls_key: str = ""
    behind_proxy: bool = False
    """TLS ends at a proxy before this program, which passes the Host header on as it came."""


class Remote(Section, frozen=True):
    """An endpoint that speaks OpenAI's protocol, and the key it wants, if it wants one."""

    base_url: str = ""
    """Up to and without `/chat/completions` and the like, as in `http://127.0.0.1:8000/v1`."""
    model: str = ""
    key_file: str = ""
    """A file with the key."""
    key_variable: str = ""
    """The environment variable that holds the key."""


class Llm(Remote, frozen=True):
    """Who thinks; without `base_url`, the scripted brain."""

    system_prompt: str = ""
    """What every device's mind is told beside its own persona; empty: what ships."""
    first_words_s: Seconds = 20.0
    """For the endpoint's first token."""
    next_words_s: Seconds = 10.0
    """Between tokens."""
    longest_tokens: Count = 400
    history_characters: Annotated[int, Meta(ge=0, le=1_000_000)] = 8000
    """How much of the conversation the model is reminded of."""
    temperature: Annotated[float, Meta(ge=0, le=2)] = 0.7


class Scripted(Section, frozen=True):
    """The brain that needs no model."""

    first_word_ms: Annotated[int, Meta(ge=0, le=60_000)] = 0
    word_ms: Annotated[int, Meta(ge=0, le=60_000)] = 20


class Stt(Remote, frozen=True):
    """How spoken questions are understood."""

    engine: Literal["none", "whisper", "remote"] = "none"
    language: str = "en"
    folder: str = ""
    """For whisper: the model in CTranslate2 form."""


class Tts(Remote, frozen=True):
    """How answers are spoken, for devices that want them as sound."""

    engine: Literal["none", "piper", "espeak", "remote"] = "none"
    file: str = ""
    """For piper: the ONNX file, its JSON beside it."""
    voice: str = "en"
    """As espeak-ng or the remote endpoint names it."""


class Safety(Remote, frozen=True):
    """What judges questions and answers, clause by clause."""

    engine: Literal["words", "moderation"] = "words"
    """words: a short list of its own. moderation: that, and the endpoint's moderations."""
    deadline_s: Seconds = 3.0
    """For the endpoint; what could not be judged is refused."""


class Limits(Section, frozen=True):
    """What nobody may exceed."""

    connections: Count = 500
    """At one process."""
    unproven: Count = 64
    """Connections that have not shown yet who they are."""
    connects_per_minute: Count = 30
    """Of one device."""
    questions_per_minute: Count = 30
    """Of one device."""
    reports_per_minute: Count = 60
    """Of one device; alerts are counted by themselves."""
    open_questions: Count = 20
    """Promised questions of one device that wait for their answers, or to be told them."""
    question_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """How long a promised question waits at most, whatever the device says."""
    questions_at_once: Annotated[int, Meta(ge=1, le=64)] = 2
    """Promised questions that one process answers at the same time."""
    question_retry_s: Seconds = 10.0
    """Before a promised question that failed is tried again; each time twice as long, up to nine times."""
    tools_per_turn: Annotated[int, Meta(ge=0, le=100)] = 4
    tool_s: Seconds = 10.0
    """For a device to carry out a tool's call."""
    answer_s: Seconds = 120.0
    """A whole answer, its sound included."""
    utterance_s: Seconds = 60.0
    """A spoken question is ended here."""
    ask_s: Seconds = 30.0
    """How long an utterance that was understood waits to be asked about."""
    write_s: Seconds = 10.0
    """For a device to take what it is sent; then it is hung up on."""
    ahead_s: Seconds = 3.0
    """How much sound is sent before it is due."""
    said_s: Seconds = 300.0
    """After a question, for the device to say what of the answer sounded; later than that, nothing did."""
    handshake_s: Seconds = 10.0
    drain_s: Seconds = 20.0
    """For answers under way, when the gateway goes down."""
    watch_s: Seconds = 1.0
    """How often a process looks for newer connections and revocations of its devices."""
    body_bytes: Count = 65536
    """Of a REST request."""
    keep_days: Count = 30
    """How long sessions and reports are kept after their last use."""


class Settings(Section, frozen=True):
    """Everything that can be set."""

    data: str = ""
    """The folder for the database and the access token; empty: the state directory."""
    enrolment: Literal["closed", "loopback"] = "closed"
    """loopback: a device that connects from this machine is registered by itself."""
    listen: Listen = Listen()
    llm: Llm = Llm()
    scripted: Scripted = Scripted()
    stt: Stt = Stt()
    tts: Tts = Tts()
    safety: Safety = Safety()
    limits: Limits = Limits()
