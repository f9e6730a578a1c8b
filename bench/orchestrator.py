"""What the product itself adds to a turn, and what it saves by overlapping the engines."""

from __future__ import annotations

import statistics

from bench.figure import Figure, percentile
from bench.rig import rig
from device.config import Talk
from device.contracts import Say
from tests.fakes import FakeBrain, FakeStt, FakeVoice

TURNS = 30
SENTENCE = "Owls can turn their heads very far, because their necks have more bones than ours do."
POST_ROLL_S = 0.2
STT_S, MIND_S, TTS_S = 0.10, 0.08, 0.05


async def own_time() -> list[Figure]:
    """Release → first sample, less what the engines and the post-roll must take."""
    critical_ms = 1000 * (POST_ROLL_S + STT_S + MIND_S + TTS_S)
    stt, brain, voice = FakeStt(takes_s=STT_S), FakeBrain([Say("Yes.")], every_s=MIND_S), FakeVoice(TTS_S)
    own_ms = []
    async with rig(stt, brain, voice) as device:
        for _ in range(TURNS):
            record = await device.turn(0.4)
            own_ms.append(record.stages_ms["first_audio"] - critical_ms)
    method = (
        f"{TURNS} turns in real time, engines replaced by sleeps (STT {STT_S * 1000:.0f}, mind "
        f"{MIND_S * 1000:.0f}, TTS {TTS_S * 1000:.0f} ms); button release to first sample at a simulated "
        f"speaker, less those and the {POST_ROLL_S * 1000:.0f} ms post-roll, timers' lateness included"
    )
    return [
        Figure("orchestrator's own time, p50", percentile(own_ms, 50), "ms", 15, method),
        Figure("orchestrator's own time, p95", percentile(own_ms, 95), "ms", 40, "the same turns"),
    ]


async def overlap() -> list[Figure]:
    """Time to first audio against the same engines one after the other."""
    words = SENTENCE.split()
    word_s, tts_word_s, utterance_s, stt_factor = 0.08, 0.03, 1.5, 0.3
    ratios = []
    for _ in range(5):
        # STT works while the button is held: a tenth of the work is left at release.
        stt = FakeStt(takes_s=0.1 * stt_factor * utterance_s)
        brain = FakeBrain([Say(f"{word} ") for word in words], every_s=word_s)
        first_clause_words = 7
        voice = FakeVoice(tts_word_s * first_clause_words)
        async with rig(stt, brain, voice, Talk(post_roll_ms=0)) as device:
            record = await device.turn(utterance_s)
        in_sequence_s = stt_factor * utterance_s + word_s * len(words) + tts_word_s * len(words)
        ratios.append(record.stages_ms["first_audio"] / 1000 / in_sequence_s)
    method = (
        "time to first audio ÷ (STT of the whole clip after release + the whole first sentence from the "
        f"mind + its whole sound from TTS); {len(words)} words, {word_s * 1000:.0f} ms a word from the mind, "
        f"{tts_word_s * 1000:.0f} ms a word in TTS, {utterance_s} s of speech at {stt_factor} × real time; "
        "engines are sleeps; median of 5"
    )
    return [Figure("overlap", statistics.median(ratios), "×", 0.5, method)]
