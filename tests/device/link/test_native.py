"""The native dialect, byte for byte: what is written here is what devices in the field say."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import LinkError
from device.link import native as n
from device.link.checked_json import DEEPEST, LONGEST_TEXT_BYTES

HELLO = n.Hello(
    websocket_id="w1",
    streamSid="w1",
    device=n.DeviceInfo(id="d1", public_key="cHVi", agent="twominds/1", character="Robot"),
    auth=n.Auth(host="gateway.example", signature="c2ln"),
    features=frozenset({"audio_in"}),
    resume="s0",
)

GOLDEN_FROM_DEVICE: list[tuple[n.FromDevice, str | bytes]] = [
    (
        HELLO,
        '{"event":"start","websocket_id":"w1","streamSid":"w1",'
        '"device":{"id":"d1","public_key":"cHVi","agent":"twominds/1","character":"Robot"},'
        '"auth":{"host":"gateway.example","signature":"c2ln"},"features":["audio_in"],"resume":"s0"}',
    ),
    (n.Begin(turn_id=7), '{"event":"start","turn_id":7}'),
    (n.Begin(turn_id=7, answer=True), '{"event":"start","turn_id":7,"answer":true}'),
    (n.Media(7, 2, b"\x0b\xe4"), b"\x00\x00\x00\x07\x00\x02\x0b\xe4"),
    (n.End(turn_id=7), '{"event":"stop","turn_id":7}'),
    (
        n.Ask(turn_id=8, text="Why is the sky blue?", already_said="Let me think."),
        '{"event":"ask","turn_id":8,"text":"Why is the sky blue?","already_said":"Let me think."}',
    ),
    (n.Clear(turn_id=8), '{"event":"clear","turn_id":8}'),
    (
        n.Said(turn_id=8, text="Because", cut_off=True),
        '{"event":"said","turn_id":8,"text":"Because","cut_off":true}',
    ),
    (
        n.ToolResult(turn_id=8, id="t1", ok=True, result="done"),
        '{"event":"tool_result","turn_id":8,"id":"t1","ok":true,"result":"done"}',
    ),
    (
        n.Report(op="boot", id="r1", seq=1, ts="2026-11-21T20:00:00Z", body={"agent": "1"}),
        '{"event":"device","op":"boot","id":"r1","seq":1,"ts":"2026-11-21T20:00:00Z","body":{"agent":"1"}}',
    ),
    (n.Ack(id="r2", status="dup"), '{"event":"ack","id":"r2","status":"dup"}'),
]
GOLDEN_FROM_SYSTEM_2: list[tuple[n.FromSystem2, str | bytes]] = [
    (n.Challenge(nonce="bm9uY2U"), '{"event":"challenge","nonce":"bm9uY2U"}'),
    (
        n.Started(session_id="s1", features=frozenset({"tools"}), device=1),
        '{"event":"started","session_id":"s1","features":["tools"],"device":1}',
    ),
    (n.Taken(turn_id=8), '{"event":"taken","turn_id":8}'),
    (n.Transcript(turn_id=7, text="hello"), '{"event":"transcript","turn_id":7,"text":"hello"}'),
    (
        n.Transcript(turn_id=7, text="hel", final=False),
        '{"event":"transcript","turn_id":7,"text":"hel","final":false}',
    ),
    (n.Text(turn_id=7, text="Hi.", audio=True), '{"event":"text","turn_id":7,"text":"Hi.","audio":true}'),
    (n.Text(turn_id=7, text="Hi. ", ends=True), '{"event":"text","turn_id":7,"text":"Hi. ","ends":true}'),
    (n.Media(7, 65535, b"\x01"), b"\x00\x00\x00\x07\xff\xff\x01"),
    (n.Feeling(turn_id=7, emotion="happy"), '{"event":"emotion","turn_id":7,"emotion":"happy"}'),
    (
        n.ToolCall(turn_id=7, id="t1", name="gesture", arguments={"gesture": "wave"}),
        '{"event":"tool","turn_id":7,"id":"t1","name":"gesture","arguments":{"gesture":"wave"}}',
    ),
    (n.Ended(turn_id=7), '{"event":"stop","turn_id":7}'),
    (
        n.Ended(turn_id=7, reason="failed", message="It broke."),
        '{"event":"stop","turn_id":7,"reason":"failed","message":"It broke."}',
    ),
    (n.Clear(turn_id=7), '{"event":"clear","turn_id":7}'),
    (n.Halt(), '{"event":"halt"}'),
    (n.Drain(retry_after_s=5), '{"event":"drain","retry_after_s":5}'),
    (
        n.Refusal(code="unknown_device", message="Who?"),
        '{"event":"error","code":"unknown_device","message":"Who?"}',
    ),
    (n.Ack(id="r1"), '{"event":"ack","id":"r1"}'),
]


@pytest.mark.parametrize(("message", "frame"), GOLDEN_FROM_DEVICE)
def test_what_a_device_says_is_written_and_read_like_this(message: n.FromDevice, frame: str | bytes) -> None:
    assert n.encode(message) == frame
    assert n.from_device(frame) == message


@pytest.mark.parametrize(("message", "frame"), GOLDEN_FROM_SYSTEM_2)
def test_what_system_2_says_is_written_and_read_like_this(message: n.FromSystem2, frame: str | bytes) -> None:
    assert n.encode(message) == frame
    assert n.from_system_2(frame) == message


def test_every_message_has_a_golden_frame() -> None:
    ours = {type(message) for message, _ in GOLDEN_FROM_DEVICE}
    theirs = {type(message) for message, _ in GOLDEN_FROM_SYSTEM_2}
    assert ours == set(n.FromDevice.__args__)
    assert theirs | {n.Report} == set(n.FromSystem2.__args__)


def test_an_event_or_a_key_of_a_newer_release_is_passed_over() -> None:
    assert n.from_system_2('{"event":"weather","turn_id":1}') is None
    assert n.from_system_2('{"event":"halt","why":"asked"}') == n.Halt()


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        ("", "not what it should be"),
        ("hello", "not what it should be"),
        ("[]", "not what it should be"),
        ('{"turn_id":1}', "event"),
        ('{"event":"text","turn_id":"1","text":"x"}', "turn_id"),
        ('{"event":"text","turn_id":-1,"text":"x"}', "turn_id"),
        ('{"event":"text","turn_id":1}', "text"),
        ('{"event":"text","turn_id":1,"text":"' + "x" * 8001 + '"}', "text"),
        ('{"event":"stop","turn_id":1,"reason":"bored"}', "reason"),
        ('{"event":"drain","retry_after_s":1e9}', "retry_after_s"),
        ('{"event":"halt","x":"' + "x" * LONGEST_TEXT_BYTES + '"}', "bytes came"),
        (
            '{"event":"tool","turn_id":1,"id":"a","name":"b","arguments":' + '{"a":' * 200 + "1" + "}" * 201,
            "deeper",
        ),
        ('{"event":"halt","x":' + "[" * 60_000, "deeper"),
        (b"", "packet"),
        (b"\x00\x00\x00\x01\x00\x00", "packet"),
        (b"\x00" * 5000, "packet"),
    ],
)
def test_what_breaks_the_rules_is_refused_with_a_reason(frame: str | bytes, complaint: str) -> None:
    with pytest.raises(LinkError, match=complaint):
        n.from_system_2(frame)


def test_a_surrogate_in_a_text_is_refused_and_not_a_crash() -> None:
    with pytest.raises(LinkError):
        n.from_system_2('{"event":"text","turn_id":1,"text":"\ud800"}')


def test_brackets_inside_a_text_are_not_depth() -> None:
    read = n.from_system_2('{"event":"text","turn_id":1,"text":"' + "[{" * 100 + '"}')
    assert read == n.Text(turn_id=1, text="[{" * 100)


def test_depth_that_is_allowed_passes() -> None:
    deep: object = 1
    for _ in range(DEEPEST - 1):
        deep = {"a": deep}
    frame = msgspec.json.encode({"event": "tool", "turn_id": 1, "id": "a", "name": "b", "arguments": deep})
    assert isinstance(n.from_system_2(frame.decode()), n.ToolCall)


@given(st.one_of(st.text(), st.binary(max_size=64)))
def test_garbage_never_raises_anything_but_a_link_error(frame: str | bytes) -> None:
    for read in (n.from_device, n.from_system_2):
        try:
            read(frame)
        except LinkError as error:
            assert str(error)  # noqa: PT017 - any other error fails the test


def test_a_proof_is_for_one_gateway_and_one_connection() -> None:
    signed = {
        n.signed_text("nonce", "a.example:443", "w1"),
        n.signed_text("nonce", "b.example:443", "w1"),
        n.signed_text("other", "a.example:443", "w1"),
        n.signed_text("nonce", "a.example:443", "w2"),
    }
    assert len(signed) == 4
    assert n.signed_text("nonce", "A.example:443", "w1") in signed


def test_the_hash_of_a_body_does_not_know_the_order_of_its_keys_and_outlives_the_wire() -> None:
    body = {"z": {"b": 1.0, "a": [None, True, -0.0, 1e16]}, "ä": '\u2028"\U0001f600', "n": 1 << 70}
    turned = {"n": 1 << 70, "ä": body["ä"], "z": {"a": [None, True, -0.0, 1e16], "b": 1.0}}
    came = n.from_device(n.encode(n.Report(op="record", id="1-1", body=body)))
    assert isinstance(came, n.Report)
    assert n.body_hash(body) == n.body_hash(turned) == n.body_hash(came.body)
    assert n.body_hash(body) != n.body_hash({**body, "n": 1})


def test_the_hash_of_a_body_is_the_one_that_other_programs_make_of_it() -> None:
    as_specified = '{"a":"sch\u00f6n","b":[1,true,null]}'.encode()
    assert n.body_hash({"b": [1, True, None], "a": "schön"}) == hashlib.sha256(as_specified).hexdigest()
