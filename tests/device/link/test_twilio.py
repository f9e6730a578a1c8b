"""Twilio's Media Streams, frame by frame."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import LinkError
from device.link import native as n
from device.link.dialect import Step
from device.link.twilio import MOST_MARKS, Twilio

from .test_fastrtc import FRAMES, ask, heard

SOUND = '{"event":"media","streamSid":"MZ1","media":{"payload":"/wB/"}}'
CLEAR = '{"event":"clear","streamSid":"MZ1"}'


def asked(turn_id: int = 7) -> Twilio:
    one = Twilio("MZ1", "CA1")
    one.opened()
    ask(one, turn_id)
    return one


def mark(name: str) -> str:
    return json.dumps({"event": "mark", "streamSid": "MZ1", "mark": {"name": name}})


def names(step: Step) -> list[str]:
    sent = [json.loads(frame) for frame in step.frames]
    assert {message["event"] for message in sent} <= {"mark"}
    return [message["mark"]["name"] for message in sent]


def test_a_call_begins_as_twilio_begins_it() -> None:
    step = Twilio("MZ1", "CA1").opened()
    assert step.frames == (
        '{"event":"connected","protocol":"Call","version":"1.0.0"}',
        '{"event":"start","sequenceNumber":"1","start":{"streamSid":"MZ1","accountSid":"","callSid":"CA1",'
        '"tracks":["inbound"],"customParameters":{},"mediaFormat":{"encoding":"audio/x-mulaw",'
        '"sampleRate":8000,"channels":1}},"streamSid":"MZ1"}',
    )
    assert step.words == (
        n.Started(
            session_id="MZ1", codec="mulaw", sample_rate=8000, features=frozenset({"audio_in", "audio_out"})
        ),
    )


def test_sound_is_numbered_and_dated_as_twilio_does() -> None:
    one = Twilio("MZ1", "CA1")
    one.opened()
    one.send(n.Begin(turn_id=7, answer=True))
    one.send(n.Media(7, 0, b"\xff" * 160))
    assert one.send(n.Media(7, 1, b"\xff\x00\x7f")).frames == (
        '{"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"2","timestamp":"20",'
        '"payload":"/wB/"},"streamSid":"MZ1"}',
    )


def test_an_utterance_ends_with_silence() -> None:
    one = Twilio("MZ1", "CA1")
    step = ask(one, 7)
    assert step.words == (n.Transcript(turn_id=7, text="", final=True),)
    payloads = [json.loads(frame)["media"]["payload"] for frame in step.frames]
    assert b"".join(map(base64.b64decode, payloads)) == b"\xff" * 9600


def test_what_comes_is_sound_of_the_turn_that_was_asked() -> None:
    assert heard(asked(7), SOUND) == [n.Media(7, 0, b"\xff\x00\x7f")]


def test_a_clear_silences_what_has_come_and_lets_the_next_answer_in() -> None:
    one = asked(7)
    heard(one, SOUND)
    assert one.received(CLEAR).words == (n.Clear(turn_id=7),)
    ask(one, 8)
    assert heard(one, SOUND) == [], "what was under way"
    assert one.received(CLEAR) == Step(), "the new turn has no sound that could be dropped"
    assert [packet.turn_id for packet in heard(one, SOUND)] == [8]


def test_a_mark_is_sent_back_when_the_sound_before_it_is_over() -> None:
    one = asked(7)
    heard(one, SOUND)
    assert one.received(mark("a")) == Step()
    assert one.received(mark("b")) == Step()
    assert names(one.send(n.Said(turn_id=7, text=""))) == ["a", "b"]
    assert names(one.send(n.Said(turn_id=7, text=""))) == []


def test_marks_are_sent_back_at_once_when_their_sound_is_dropped() -> None:
    one = asked(7)
    heard(one, SOUND)
    one.received(mark("a"))
    assert names(one.send(n.Clear(turn_id=7))) == ["a"]
    assert names(one.received(mark("b"))) == ["b"]
    heard(one, SOUND)
    ask(one, 8)
    one.received(CLEAR)
    heard(one, SOUND)
    one.received(mark("c"))
    assert names(one.received(CLEAR)) == ["c"]


def test_marks_are_bounded() -> None:
    one = asked(7)
    heard(one, SOUND)
    for index in range(MOST_MARKS + 10):
        one.received(mark(str(index)))
    assert names(one.send(n.Clear(turn_id=7))) == [str(index) for index in range(10, MOST_MARKS + 10)]


def test_it_takes_no_text_and_gives_no_words() -> None:
    one = asked(7)
    assert not one.capabilities.takes_text
    assert not one.capabilities.gives_words_of_sound
    assert one.send(n.Ask(turn_id=8, text="Why?")) == Step()


def test_fastrtcs_telephone_says_what_its_web_socket_says() -> None:
    one = asked(7)
    ask(one, 8)
    assert heard(one, SOUND) == []
    one.received('{"type":"log","data":"response_starting"}')
    assert [packet.turn_id for packet in heard(one, SOUND)] == [8]
    assert one.received('{"type":"error","data":"no"}').words == (
        n.Ended(turn_id=8, reason="failed", message="no"),
    )


@pytest.mark.parametrize("frame", [b"x", "{", '{"event":"media","media":{"payload":"?"}}'])
def test_what_breaks_the_rules_ends_the_connection(frame: str | bytes) -> None:
    with pytest.raises(LinkError):
        asked(7).received(frame)


@given(st.lists(FRAMES, max_size=6))
def test_garbage_is_a_link_error_or_words_of_the_turn(frames: list[str | bytes]) -> None:
    one = asked(7)
    for frame in frames:
        try:
            words = one.received(frame).words
        except LinkError:
            continue
        for word in words:
            assert isinstance(word, n.Media | n.Ended | n.Refusal | n.Clear)
            assert getattr(word, "turn_id", None) in (7, None)
