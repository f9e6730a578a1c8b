"""The device's side of the native dialect: nothing before the greeting, nothing that was not agreed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from device.errors import LinkError
from device.link import native as n
from device.link.dialect import Codec
from device.link.native_dialect import NativeDialect, Wish
from provisioning.identity import own_identity
from tests.device.link.scripted import Signer

EVERYTHING = frozenset({"audio_in", "audio_out", "tools"})
WISH = Wish(agent="twominds/1", character="Bo", sends_sound=True, wants_sound=True)


def dialect(wish: Wish = WISH, resume: str = "") -> NativeDialect:
    return NativeDialect(wish, Signer(), "gateway.example:8443", resume, new_id=lambda: "w1")


def greeted(wish: Wish = WISH) -> NativeDialect:
    made = dialect(wish)
    made.received(n.encode(n.Challenge(nonce="x")))
    return made


def hello(made: NativeDialect) -> n.Hello:
    (frame,) = made.received(n.encode(n.Challenge(nonce="x"))).frames
    sent = n.from_device(frame)
    assert isinstance(sent, n.Hello)
    return sent


def test_system_2_speaks_first() -> None:
    assert dialect().opened().frames == ()


def test_the_greeting_says_who_and_what() -> None:
    sent = hello(dialect(resume="s0"))
    assert (sent.websocket_id, sent.streamSid, sent.resume) == ("w1", "w1", "s0")
    assert sent.features == EVERYTHING
    assert (sent.device.id, sent.device.character, sent.device.audience) == ("d" * 16, "Bo", "child")
    assert hello(dialect(Wish())).features == {"tools"}


def test_the_proof_is_for_this_connection_and_this_host(tmp_path: Path) -> None:
    identity = own_identity(tmp_path / "key")
    sent = hello(NativeDialect(WISH, identity, "gateway.example:8443", new_id=lambda: "w1"))
    key = VerifyKey(base64.urlsafe_b64decode(sent.device.public_key + "="))
    signature = base64.urlsafe_b64decode(sent.auth.signature + "==")
    assert sent.auth.host == "gateway.example:8443"
    key.verify(b"twominds.1\nx\ngateway.example:8443\nw1", signature)


def test_every_connection_has_an_id_of_its_own() -> None:
    ids = {hello(NativeDialect(WISH, Signer(), "h")).websocket_id for _ in range(20)}
    assert len(ids) == 20


def test_only_what_both_want_is_agreed() -> None:
    made = greeted(Wish(sends_sound=True))
    made.received(n.encode(n.Started(session_id="s", features=EVERYTHING, sample_rate=48000, frame_ms=20)))
    agreed = made.capabilities
    assert (agreed.takes_sound, agreed.gives_sound, agreed.tools) == (True, False, True)
    assert not agreed.reports
    assert (agreed.up, agreed.down) == (Codec("opus", 16000, 20), Codec("opus", 48000, 20))


def test_sound_goes_only_where_it_was_agreed() -> None:
    made = greeted()
    made.received(n.encode(n.Started(session_id="s", features=frozenset())))
    assert made.send(n.Media(1, 0, b"x")).frames == ()
    assert made.send(n.Begin(turn_id=1)).frames == ()
    assert made.send(n.Ask(turn_id=1, text="Why?")).frames != ()


@pytest.mark.parametrize(
    "early",
    [
        n.Text(turn_id=1, text="x"),
        n.Media(1, 0, b"x"),
        n.ToolCall(turn_id=1, id="a", name="stop"),
        n.Ack(id="x"),
    ],
)
def test_nothing_of_a_turn_comes_before_the_greeting(early: n.FromSystem2) -> None:
    with pytest.raises(LinkError, match="before it greeted"):
        greeted().received(n.encode(early))


def test_a_stop_is_heard_before_the_greeting() -> None:
    assert greeted().received(n.encode(n.Halt())).words == (n.Halt(),)


@pytest.mark.parametrize(
    ("before", "word"),
    [
        ([n.Challenge(nonce="a")], n.Challenge(nonce="b")),
        ([], n.Started(session_id="s")),
        ([n.Challenge(nonce="a"), n.Started(session_id="s")], n.Started(session_id="s")),
        ([n.Challenge(nonce="a")], n.Started(session_id="s", codec="pcm")),
        ([n.Challenge(nonce="a")], n.Started(session_id="s", sample_rate=44100)),
    ],
)
def test_a_greeting_out_of_turn_or_beyond_what_is_known_ends_the_connection(
    before: list[n.FromSystem2], word: n.FromSystem2
) -> None:
    made = dialect()
    for one in before:
        made.received(n.encode(one))
    with pytest.raises(LinkError):
        made.received(n.encode(word))


def test_unknown_events_are_passed_over() -> None:
    step = greeted().received('{"event":"weather","turn_id":1}')
    assert (step.words, step.frames) == ((), ())
