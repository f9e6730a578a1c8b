"""Ears and a voice in the gateway itself: Whisper and espeak-ng, as the device has them."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from device.audio.opus import OpusDecoder, OpusEncoder
from device.link import native as n
from tests.gateway.native_device import NativeDevice
from tests.gateway.process import running_gateway
from tests.models_made.whisper import make_whisper

pytest.importorskip("faster_whisper")
pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")


def test_a_spoken_question_is_heard_by_whisper_and_answered_by_espeak(tmp_path: Path) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url, "audio_in", "audio_out") as talk:
            assert talk.started.features == {"audio_in", "audio_out"}
            await talk.send(n.Begin(turn_id=1, answer=True))
            encoder = OpusEncoder()
            sound = bytes(16000) + b"\x10\x20\x00\xe0" * 16000 + bytes(16000)
            for number, packet in [*encoder.encode(sound), *encoder.finish()]:
                await talk.send(n.Media(1, number, packet))
            await talk.send(n.End(turn_id=1))
            before, ended = await talk.until(n.Ended)
            assert any(isinstance(message, n.Transcript) and message.final for message in before)
            assert ended.reason == "done"
            await talk.send(n.Ask(turn_id=2, text="Hello"))
            before, ended = await talk.until(n.Ended)
            decoder = OpusDecoder(24000)
            packets = [message for message in before if isinstance(message, n.Media)]
            sounds = [decoder.decode(packet.number, packet.packet) for packet in packets]
            assert sum(sound.duration_s for sound in sounds if sound) > 2
            assert [packet.number for packet in packets] == sorted({packet.number for packet in packets})

    folder = make_whisper(tmp_path / "whisper")
    settings: dict[str, str | float] = {"stt__engine": "whisper", "stt__folder": str(folder)}
    with running_gateway(
        tmp_path / "data", tts__engine="espeak", limits__ahead_s=30, scripted__word_ms=0, **settings
    ) as gateway:
        asyncio.run(story())
