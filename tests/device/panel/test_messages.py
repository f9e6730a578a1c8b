"""The page's protocol: what is understood, and what is refused."""

from __future__ import annotations

import json

import pytest

from device.contracts import Emotion, Gesture, Mind
from device.notices import LightState
from device.panel import messages as m


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"hello","token":"k7mp-3xqr-tq9w-v4hd"}', m.Hello("k7mp-3xqr-tq9w-v4hd")),
        ('{"type":"tuned","rate_hz":44100}', m.Tuned(44_100)),
        ('{"type":"mute","muted":true}', m.Mute(True)),
        ('{"type":"repeat"}', m.Repeat()),
        ('{"type":"choose","setting":"voice.volume","value":70}', m.Choose("voice.volume", 70)),
        ('{"type":"choose","setting":"talk.patience_s","value":1.5}', m.Choose("talk.patience_s", 1.5)),
        ('{"type":"choose","setting":"talk.mode","value":"hold"}', m.Choose("talk.mode", "hold")),
        ('{"type":"forget","last_s":300}', m.Forget(300)),
        ('{"type":"forget","last_s":null}', m.Forget(None)),
        ('{"type":"press"}', m.Press()),
        ('{"type":"release"}', m.Release()),
        ('{"type":"ask","text":"what time is it"}', m.Ask("what time is it")),
        ('{"type":"stop"}', m.Stop()),
        ('{"type":"played","sound_id":3,"samples":960}', m.Played(3, 960)),
    ],
)
def test_every_message_of_the_page_is_understood(text: str, message: m.PageMessage) -> None:
    assert m.read(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "[]",
        "null",
        '"press"',
        "{}",
        '{"type":"shutdown"}',
        '{"type":"press","hard":true}',
        '{"type":"hello"}',
        '{"type":"hello","token":7}',
        json.dumps({"type": "hello", "token": "a" * (m.LONGEST_TOKEN + 1)}),
        '{"type":"hello","token":"x","rate_hz":48000}',
        '{"type":"tuned"}',
        '{"type":"tuned","rate_hz":7999}',
        '{"type":"tuned","rate_hz":"48000"}',
        '{"type":"tuned","rate_hz":1e999}',
        '{"type":"forget"}',
        '{"type":"forget","last_s":0}',
        '{"type":"forget","last_s":"all"}',
        '{"type":"forget","last_s":1e12}',
        '{"type":"mute"}',
        '{"type":"mute","muted":"yes"}',
        '{"type":"choose","setting":"voice.volume"}',
        '{"type":"choose","setting":"voice.volume","value":[1]}',
        '{"type":"choose","setting":"voice.volume","value":true}',
        '{"type":"ask","text":""}',
        json.dumps({"type": "ask", "text": "a" * (m.LONGEST_ASK + 1)}),
        '{"type":"played","sound_id":-1,"samples":0}',
        '{"type":"played","sound_id":1,"samples":4294967296}',
        '{"type":"ask","text":"\ud800"}',
        "[" * 100_000,
    ],
)
def test_whatever_else_it_says_is_malformed(text: str) -> None:
    with pytest.raises(m.MalformedMessage, match="no message of the page"):
        m.read(text)


def test_sound_carries_its_number() -> None:
    frame = m.write_sound(258, b"\x01\x02")
    assert frame == b"\x02\x01\x00\x00\x01\x02"
    assert m.read_sound(frame) == (258, b"\x01\x02")
    assert m.read_sound(b"\x05\x00\x00\x00") == (5, b"")


@pytest.mark.parametrize("frame", [b"", b"\x01\x00\x00", b"\x01\x00\x00\x00\x07"])
def test_sound_without_a_number_or_with_half_a_sample_is_malformed(frame: bytes) -> None:
    with pytest.raises(m.MalformedMessage):
        m.read_sound(frame)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            m.Light(LightState.THINKING, True, Emotion.HAPPY),
            {"type": "light", "state": "thinking", "leaving": True, "mood": "happy"},
        ),
        (m.Moved(Gesture.LOOK_LEFT), {"type": "moved", "gesture": "look_left"}),
        (
            m.Answering(4, "Noon.", Mind.SYSTEM_2, "why", Mind.SYSTEM_1, opens=True),
            {
                "type": "answering",
                "turn_id": 4,
                "text": "Noon.",
                "mind": "system_2",
                "reason": "why",
                "rival": "system_1",
                "opens": True,
            },
        ),
        (m.Turn({"turn_id": 4}), {"type": "turn", "record": {"turn_id": 4}}),
        (m.Silence(), {"type": "silence"}),
    ],
)
def test_what_the_device_says_is_plain_json(message: m.DeviceMessage, told: dict[str, object]) -> None:
    assert json.loads(m.write(message)) == told
