"""FastRTC's web socket, frame by frame."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import LinkError
from device.link import native as n
from device.link.dialect import Dialect, Step
from device.link.fastrtc import FastRtc
from device.link.sound_only import MOST_EARLY_BYTES

STARTING = '{"type":"log","data":"response_starting"}'
HEARD = '{"type":"log","data":"pause_detected"}'
SEND_INPUT = '{"type":"send_input","data":[]}'
SOUND = '{"event":"media","media":{"payload":"/wB/"}}'


def dialect(**more: Any) -> FastRtc:
    return FastRtc("ws-1", **more)


def asked(turn_id: int = 7, **more: Any) -> FastRtc:
    """With a spoken question behind it."""
    one = dialect(**more)
    ask(one, turn_id)
    return one


def ask(one: Dialect, turn_id: int) -> Step:
    one.send(n.Begin(turn_id=turn_id, answer=True))
    return one.send(n.End(turn_id=turn_id))


def heard(one: Dialect, frame: str = SOUND) -> list[n.Media]:
    return [word for word in one.received(frame).words if isinstance(word, n.Media)]


# --- byte for byte -------------------------------------------------------------------------------


def test_it_begins_with_its_id_and_asks_for_a_sign_of_life() -> None:
    step = dialect().opened()
    assert step.frames == ('{"event":"start","websocket_id":"ws-1"}', '{"event":"ping"}')
    assert step.words == ()


def test_the_sign_of_life_starts_the_session_once() -> None:
    one = dialect(down_hz=16_000)
    started = n.Started(
        session_id="ws-1", codec="mulaw", sample_rate=16_000, features=frozenset({"audio_in", "audio_out"})
    )
    assert one.received('{"event":"pong"}').words == (started,)
    assert one.received('{"event":"pong"}') == Step()


def test_sound_goes_in_base64_and_never_in_binary() -> None:
    one = dialect()
    assert one.send(n.Begin(turn_id=7, answer=True)) == Step()
    assert one.send(n.Media(7, 0, b"\xff\x00\x7f")).frames == (
        '{"event":"media","media":{"payload":"/wB/"}}',
    )


@pytest.mark.parametrize(("up_hz", "frame_ms"), [(48_000, 60), (16_000, 20), (8_000, 40)])
def test_an_utterance_ends_with_silence_because_stop_would_end_the_socket(up_hz: int, frame_ms: int) -> None:
    frames = ask(dialect(up_hz=up_hz, frame_ms=frame_ms), 7).frames
    sent = [json.loads(frame) for frame in frames]
    assert {message["event"] for message in sent} == {"media"}
    silence = b"".join(base64.b64decode(message["media"]["payload"]) for message in sent)
    assert silence == b"\xff" * round(1.2 * up_hz)


def test_an_utterance_is_heard_though_nobody_tells_in_which_words() -> None:
    assert ask(dialect(), 7).words == (n.Transcript(turn_id=7, text="", final=True),)


def test_what_comes_is_sound_of_the_turn_that_was_asked() -> None:
    one = asked(7)
    assert heard(one) == [n.Media(7, 0, b"\xff\x00\x7f")]
    assert heard(one) == [n.Media(7, 1, b"\xff\x00\x7f")]


def test_a_whole_answer_in_one_message_is_cut_into_packets() -> None:
    one = asked(7)
    answer = bytes(range(256)) * 480
    message = json.dumps({"event": "media", "media": {"payload": base64.b64encode(answer).decode()}})
    packets = heard(one, message)
    assert b"".join(packet.packet for packet in packets) == answer
    assert [packet.number for packet in packets] == list(range(30))
    assert max(len(packet.packet) for packet in packets) <= n.LONGEST_PACKET_BYTES


# --- what it says beside the sound ---------------------------------------------------------------


def test_a_pause_that_it_saw_shows_that_the_question_has_arrived() -> None:
    assert asked(7).received(HEARD).words == (n.Taken(turn_id=7),)


@pytest.mark.parametrize("key", ["data", "message"])
def test_an_error_ends_the_answer_with_its_sentence(key: str) -> None:
    one = asked(7)
    words = one.received(json.dumps({"type": "error", key: "out of tokens"})).words
    assert words == (n.Ended(turn_id=7, reason="failed", message="out of tokens"),)
    assert heard(one) == []


def test_the_limit_is_a_refusal_with_a_sentence_for_a_person() -> None:
    failed = '{"status":"failed","meta":{"error":"concurrency_limit_reached","limit":1}}'
    (word,) = dialect().received(failed).words
    assert isinstance(word, n.Refusal)
    assert word.code == "concurrency_limit_reached"
    assert word.message == "The server is full: it takes 1 at a time."


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"warning","message":"slow"}',
        '{"type":"stopword","data":""}',
        '{"type":"log","data":"started_talking"}',
        '{"type":"fetch_output","data":[]}',
        '{"event":"something new","media":null}',
        '{"type":"error","data":"nobody asked"}',
        "{}",
    ],
)
def test_what_is_of_no_use_is_passed_over(frame: str) -> None:
    assert dialect().received(frame) == Step()


# --- turns that the server knows nothing of ------------------------------------------------------


def test_after_a_barge_in_nothing_of_the_old_answer_is_heard_until_the_new_one_starts() -> None:
    one = asked(7)
    assert heard(one)
    assert one.send(n.Clear(turn_id=7)) == Step()
    assert heard(one) == []
    ask(one, 8)
    assert heard(one) == []
    one.received(STARTING)
    assert heard(one) == [n.Media(8, 0, b"\xff\x00\x7f")]


def test_a_new_question_is_a_barge_in_too() -> None:
    one = asked(7)
    ask(one, 8)
    assert heard(one) == []
    one.received(STARTING)
    assert [packet.turn_id for packet in heard(one)] == [8]


def test_a_handler_that_logs_nothing_is_heard_again_after_a_quiet_while() -> None:
    one = asked(7)
    heard(one)
    one.send(n.Clear(turn_id=7))
    assert one.quiet() == Step()
    ask(one, 8)
    assert [packet.turn_id for packet in heard(one)] == [8]


def test_an_answer_that_begins_before_the_button_is_let_go_is_heard_then() -> None:
    one = dialect()
    one.send(n.Begin(turn_id=7, answer=True))
    one.received(STARTING)
    assert heard(one) == []
    assert heard(one) == []
    words = one.send(n.End(turn_id=7)).words
    assert words == (n.Transcript(turn_id=7, text=""), n.Media(7, 0, b"\xff\x00\x7f" * 2))
    assert [packet.number for packet in heard(one)] == [1]


def test_of_an_answer_to_half_a_question_nothing_is_heard_where_the_server_begins_anew() -> None:
    one = dialect()
    one.send(n.Begin(turn_id=7, answer=True))
    heard(one)
    one.received(STARTING)
    assert one.send(n.End(turn_id=7)).words == (n.Transcript(turn_id=7, text=""),)
    assert [packet.number for packet in heard(one)] == [0]


def test_an_answer_to_what_was_cut_off_is_not_taken_for_an_early_one() -> None:
    one = asked(7)
    one.send(n.Begin(turn_id=8, answer=True))
    one.received(STARTING)
    assert heard(one) == []
    assert one.send(n.End(turn_id=8)).words == (n.Transcript(turn_id=8, text=""),)
    assert heard(one) == []


def test_no_more_of_an_early_answer_is_kept_than_it_may_hold() -> None:
    one = dialect()
    one.send(n.Begin(turn_id=7, answer=True))
    payload = base64.b64encode(bytes(700_000)).decode()
    for _ in range(2):
        one.received(json.dumps({"event": "media", "media": {"payload": payload}}))
    kept = [word for word in one.send(n.End(turn_id=7)).words if isinstance(word, n.Media)]
    assert sum(len(packet.packet) for packet in kept) == MOST_EARLY_BYTES


def test_a_greeting_that_nobody_asked_for_is_not_heard() -> None:
    assert heard(dialect()) == []


def test_an_answer_is_over_when_it_was_quiet_after_sound_and_not_while_it_is_thought_about() -> None:
    one = asked(7)
    assert one.quiet() == Step()
    heard(one)
    assert one.quiet().words == (n.Ended(turn_id=7),)
    assert one.quiet() == Step()
    assert heard(one) == []


def test_the_clear_of_a_turn_that_is_over_does_not_touch_the_next() -> None:
    one = asked(7)
    heard(one)
    one.quiet()
    ask(one, 8)
    one.send(n.Clear(turn_id=7))
    assert [packet.turn_id for packet in heard(one)] == [8]


# --- the hook ------------------------------------------------------------------------------------


def test_a_typed_question_goes_to_the_hook_when_the_handler_waits() -> None:
    one = dialect(hook=True)
    assert one.capabilities.takes_text
    assert one.received(SEND_INPUT).posts == (), "there is no question yet"
    step = one.send(n.Ask(turn_id=7, text="Why is the sky blue?"))
    assert step.posts == ({"webrtc_id": "ws-1", "text": "Why is the sky blue?", "language": "en"},)
    assert [packet.turn_id for packet in heard(one)] == [7]


def test_a_question_that_was_typed_before_is_not_lost() -> None:
    one = dialect(hook=True)
    assert one.send(n.Ask(turn_id=7, text="Why?")) == Step()
    assert one.received(SEND_INPUT).posts == ({"webrtc_id": "ws-1", "text": "Why?", "language": "en"},)


def test_a_handler_that_asks_again_and_again_is_told_of_each_question_once() -> None:
    one = dialect(hook=True)
    ask(one, 7)
    assert [len(one.received(SEND_INPUT).posts) for _ in range(3)] == [1, 0, 0]
    assert len(ask(one, 8).posts) == 1


def test_a_handler_that_waits_is_let_go_on_by_the_end_of_an_utterance() -> None:
    one = dialect(hook=True)
    one.send(n.Begin(turn_id=7, answer=True))
    assert one.received(SEND_INPUT).posts == ()
    assert one.send(n.End(turn_id=7)).posts == ({"webrtc_id": "ws-1", "text": ""},)


def test_a_text_that_was_cleared_is_not_sent() -> None:
    one = dialect(hook=True)
    one.send(n.Ask(turn_id=7, text="Why?"))
    one.send(n.Clear(turn_id=7))
    ask(one, 8)
    assert one.received(SEND_INPUT).posts == ({"webrtc_id": "ws-1", "text": ""},)


def test_without_a_hook_it_takes_no_text() -> None:
    one = dialect()
    assert not one.capabilities.takes_text
    assert one.send(n.Ask(turn_id=7, text="Why?")) == Step()
    assert one.received(SEND_INPUT) == Step()


# --- strangers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x01",
        "",
        "[]",
        "null",
        "{",
        '{"event":7}',
        '{"event":"media","media":{"payload":"?"}}',
        '{"event":"media","media":{"payload":"é"}}',
        '{"event":"media","media":7}',
        '{"a":' * 40 + "1" + "}" * 40,
        '{"event":"' + "x" * 1024 * 1024 + '"}',
        '{"event":"\ud800"}',
    ],
)
def test_what_breaks_the_rules_ends_the_connection(frame: str | bytes) -> None:
    with pytest.raises(LinkError):
        asked(7).received(frame)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
KEYS = st.sampled_from(["event", "type", "status", "media", "meta", "data", "message", "mark", "payload"])
VALUES = JSON | st.sampled_from(
    ["media", "log", "error", "failed", "response_starting", "pong", "mark", "clear"]
)
FRAMES = (
    st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=5).map(json.dumps)
    | st.text(max_size=60)
    | st.binary(max_size=60)
)


@given(st.lists(FRAMES, max_size=6))
def test_garbage_is_a_link_error_or_words_of_the_turn(frames: list[str | bytes]) -> None:
    one = asked(7, hook=True)
    for frame in frames:
        try:
            words = one.received(frame).words
        except LinkError:
            continue
        for word in words:
            assert isinstance(word, n.Media | n.Ended | n.Refusal | n.Taken | n.Started)
            assert getattr(word, "turn_id", None) in (7, None)
