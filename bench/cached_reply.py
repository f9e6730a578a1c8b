"""How soon a kept reply sounds: final transcript, and button release, to the first sample at the speaker."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from datetime import datetime
from pathlib import Path

from bench.figure import Figure, percentile
from bench.rig import Rig, rig
from device.brain.chunker import in_clauses
from device.brain.minds import Minds
from device.brain.onboard import OnboardBrain
from device.brain.recogniser import Recogniser
from device.brain.safety.gate import load_gate
from device.config import Settings
from device.contracts import Audio, Mind, Spoken
from device.replies.joined import kept_replies
from device.replies.replies import Replies
from tests.fakes import FakeStt, FakeVoice

TURNS = 40
POST_ROLL_S = 0.2
STT_S = 0.10
VOICE_HZ = 22_050
QUESTION = "could you tell me why the sky is blue"


async def cached_reply() -> list[Figure]:
    """Ratio 6, second part: turns that are answered from the cache, from ready sound."""
    with tempfile.TemporaryDirectory() as folder:
        async with kept_replies(Settings(), "a voice", Path(folder), lambda: 1e9) as replies:
            await replies.open()
            await _render_everything(replies)
            since_transcript_ms, since_release_ms, lookup_ms = await _measure(replies)
    method = (
        f"{TURNS} turns in real time through the real session, brain, matcher, store on disk and safety "
        f"gate; the voice's sound ready ({VOICE_HZ / 1000:g} kHz); STT a sleep; to the "
        "first sample at a simulated speaker; the device's buffer comes on top"
    )
    released = (
        f"the same turns, from the button's release: {POST_ROLL_S * 1000:.0f} ms post-roll and "
        f"{STT_S * 1000:.0f} ms STT are in it"
    )
    return [
        Figure("kept reply: final transcript to first sample, p50", percentile(since_transcript_ms, 50), "ms",
               60, method),
        Figure("kept reply: final transcript to first sample, p95", percentile(since_transcript_ms, 95), "ms",
               60, "the same turns"),
        Figure("kept reply: release to first sample, p50", percentile(since_release_ms, 50), "ms", None,
               released),
        Figure("kept reply: the lookup alone, with its sound, p95", percentile(lookup_ms, 95), "ms", None,
               f"{TURNS} lookups of the same question, in the same polite words"),
    ]  # fmt: skip


async def _render_everything(replies: Replies) -> None:
    """A tenth of a second of sound for every word."""
    for reply_id, text in await replies.unrendered(10_000):
        clauses = [
            Spoken(clause, Audio(b"\1\0" * (VOICE_HZ // 10) * len(clause.split()), VOICE_HZ))
            for clause in in_clauses(text)
        ]
        await replies.keep_sound(reply_id, clauses)


async def _measure(replies: Replies) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds since the transcript, since the release, and of the lookup."""
    brain = OnboardBrain(
        recogniser=Recogniser("en"),
        language="en",
        now=lambda: datetime.now().astimezone(),
        monotonic=time.monotonic,
        rng=random.Random(1),
        gestures=frozenset(),
        volume=lambda: 50,
        name="Robot",
        minds=Minds(),
    )
    since_transcript_ms, since_release_ms, lookup_ms = [], [], []
    stt, mute = FakeStt(QUESTION, takes_s=STT_S), FakeVoice(hangs=True)
    async with rig(stt, brain, mute, silent=True, recall=replies, judge=load_gate()) as device:
        for _ in range(TURNS):
            stages_ms = await _turn(device)
            since_release_ms.append(stages_ms["first_audio"])
            since_transcript_ms.append(stages_ms["first_audio"] - stages_ms["transcript"])
            began_s = time.perf_counter()
            await replies.recall(QUESTION, "en")
            lookup_ms.append(1000 * (time.perf_counter() - began_s))
    return since_transcript_ms, since_release_ms, lookup_ms


async def _turn(device: Rig) -> dict[str, float]:
    record = await device.turn(0.3)
    assert record.route is not None
    assert record.route.mind is Mind.CACHE, record.error
    return record.stages_ms


if __name__ == "__main__":
    for figure in asyncio.run(cached_reply()):
        print(figure.as_line())
