"""Kept sentences around a voice that works, fails, hangs and is wanted by somebody else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from device.brain import kept_voice
from device.brain.fixed_sentences import fixed_sentences
from device.brain.kept_voice import MOST_FAILURES, KeptVoice
from device.brain.tts_piper import PiperTts
from device.config import Piper, VoiceSettings
from device.contracts import Audio, Emotion
from device.errors import TtsError
from device.ports import TextToSpeech
from tests.fakes import for_ever
from tests.models_made.piper_voice import make_piper_voice
from tests.until import until

SORRY = "I did not understand that, so please say it once more."
BYE = "See you soon."


@dataclass
class Voice:
    """A piece of sound that tells its text, or whatever it is told to do."""

    texts: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    hangs: bool = False
    hangs_on: tuple[str, ...] = ()
    fails_on: tuple[str, ...] = ()
    silent_on: tuple[str, ...] = ()
    name: str = "a voice"

    async def synthesise(self, text: str, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Audio]:
        self.texts.append(text)
        try:
            if self.hangs or text in self.hangs_on:
                await for_ever()
            if text in self.fails_on:
                raise TtsError("The voice broke.")
            if text not in self.silent_on:
                for word in text.split():
                    yield Audio(word.encode().ljust(8) * 100, 16_000)
        finally:
            self.closed.append(text)

    async def close(self) -> None:
        self.texts.append("<close>")


async def say(voice: TextToSpeech, text: str, emotion: Emotion = Emotion.NEUTRAL) -> bytes:
    return b"".join([audio.pcm async for audio in voice.synthesise(text, emotion)])


def played(story: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30):
            await story()

    asyncio.run(whole())


def kept(tts: TextToSpeech, folder: Path, sentences: Sequence[str] = (SORRY, BYE)) -> KeptVoice:
    return KeptVoice(tts, sentences, folder, "key")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_is_not_kept_is_spoken_by_the_voice(tmp_path: Path) -> None:
    async def story() -> None:
        tts = Voice()
        voice = kept(tts, tmp_path)
        await voice.load(10)
        assert await say(voice, "Hello there") == await say(Voice(), "Hello there")
        assert tts.texts == ["Hello there"]

    played(story)


@pytest.mark.parametrize("emotion", [Emotion.NEUTRAL, Emotion.SAD])
def test_what_is_kept_sounds_without_the_voice_whole_or_clause_by_clause(
    tmp_path: Path, emotion: Emotion
) -> None:
    async def story() -> None:
        tts = Voice()
        voice = kept(tts, tmp_path)
        await voice.render_missing(lambda: True)
        assert voice.missing == ()
        tts.hangs = True
        rendered = list(tts.texts)
        assert rendered == ["I did not understand that,", "so please say it once more.", BYE]
        first, second = [await say(Voice(), clause) for clause in rendered[:2]]
        assert await say(voice, SORRY, emotion) == first + second
        assert await say(voice, "I did not understand that, ", emotion) == first
        assert await say(voice, "so please say it once more.", emotion) == second
        assert tts.texts == rendered

    played(story)


def test_it_is_ready_after_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        await kept(Voice(), tmp_path).render_missing(lambda: True)
        again = kept(Voice(hangs=True), tmp_path)
        assert again.missing
        await again.load(10)
        assert again.missing == ()
        assert await say(again, SORRY)

    played(story)


def test_a_sentence_that_is_kept_only_in_part_is_spoken_by_the_voice(tmp_path: Path) -> None:
    async def story() -> None:
        tts = Voice(fails_on=("so please say it once more.",))
        voice = kept(tts, tmp_path)
        await voice.render_missing(lambda: True)
        assert await say(voice, SORRY) == await say(Voice(), SORRY)

    played(story)


def test_nothing_is_rendered_while_the_device_is_busy(tmp_path: Path) -> None:
    async def story() -> None:
        tts = Voice()
        voice = kept(tts, tmp_path)
        busy = [True, True, True]
        await voice.render_missing(lambda: not (busy and busy.pop()))
        assert voice.missing == ()

        blocked = kept(Voice(), tmp_path / "other")
        task = asyncio.ensure_future(blocked.render_missing(lambda: False))
        await asyncio.sleep(0.05)  # real time, a little: it looks ten times a second
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert len(blocked.missing) == 3

    played(story)


def test_rendering_is_broken_off_when_somebody_wants_the_device_and_made_up_for_later(tmp_path: Path) -> None:
    async def story() -> None:
        tts = Voice(hangs=True)
        voice = kept(tts, tmp_path, [BYE])
        idle = [True]
        task = asyncio.ensure_future(voice.render_missing(lambda: idle[0]))
        await until(lambda: tts.texts == [BYE])
        idle[0] = False
        await until(lambda: tts.closed == [BYE])
        tts.hangs = False
        idle[0] = True
        await task
        assert voice.missing == ()

    played(story)


def test_whoever_speaks_does_not_wait_for_what_is_being_rendered(tmp_path: Path) -> None:
    async def story() -> None:
        tts = Voice(hangs=True)
        voice = kept(tts, tmp_path, [BYE])
        task = asyncio.ensure_future(voice.render_missing(lambda: True))
        await until(lambda: tts.texts == [BYE])
        tts.hangs = False
        sound = voice.synthesise("Hello there")
        assert await anext(sound)
        assert tts.closed == [BYE]
        await asyncio.sleep(0.3)  # longer than it takes to look for idleness
        assert tts.texts == [BYE, "Hello there"]
        await sound.aclose()  # type: ignore[attr-defined]
        await task
        assert tts.texts == [BYE, "Hello there", BYE]

    played(story)


def test_a_clause_of_somebody_else_is_rendered_after_what_is_being_rendered(tmp_path: Path) -> None:
    async def story() -> None:
        tts = Voice()
        voice = kept(tts, tmp_path, [BYE])
        async with asyncio.TaskGroup() as group:
            group.create_task(voice.render_missing(lambda: True))
            await asyncio.sleep(0)
            rendered = await voice.render("Hello there", lambda: True)
        assert rendered is not None
        assert rendered.pcm == await say(Voice(), "Hello there")
        assert tts.texts == [BYE, "Hello there"]
        assert await voice.render(BYE, lambda: False) is not None
        assert tts.texts == [BYE, "Hello there"]

    played(story)


def test_a_voice_has_another_name_when_it_sounds_otherwise(tmp_path: Path) -> None:
    async def story() -> None:
        names = [KeptVoice(Voice(), [], tmp_path, key).voice for key in ("a", "b", "a")]
        assert names[0] == names[2] != names[1]

    played(story)


def test_closing_a_clause_closes_the_voice(tmp_path: Path) -> None:
    async def story() -> None:
        tts = Voice()
        sound = kept(tts, tmp_path).synthesise("Hello there")
        await anext(sound)
        await sound.aclose()  # type: ignore[attr-defined]
        assert tts.closed == ["Hello there"]

    played(story)


def test_stopping_in_the_middle_leaves_what_was_ready(tmp_path: Path) -> None:
    async def story() -> None:
        tts = Voice(hangs_on=("I did not understand that,",))
        voice = kept(tts, tmp_path, [BYE, SORRY])
        task = asyncio.ensure_future(voice.render_missing(lambda: True))
        await until(lambda: len(tts.texts) == 2)
        task.cancel()
        await asyncio.wait([task])
        assert tts.closed == tts.texts
        await voice.close()
        again = kept(Voice(), tmp_path, [BYE, SORRY])
        await again.load(10)
        assert len(again.missing) == 2

    played(story)


def test_a_clause_that_cannot_be_rendered_is_left_out_and_after_some_the_rest_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        sentences = [f"Sentence {number}." for number in range(8)]
        tts = Voice(fails_on=tuple(sentences[1:]), silent_on=(sentences[0],))
        voice = kept(tts, tmp_path, sentences)
        await voice.render_missing(lambda: True)
        assert len(tts.texts) == MOST_FAILURES
        assert voice.missing == tuple(sentences)

    played(story)
    assert len(warnings(caplog)) == MOST_FAILURES
    assert "Sentence" not in caplog.text


def test_a_disk_that_cannot_be_written_costs_one_warning_and_no_sound(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        in_the_way = tmp_path / "file"
        in_the_way.write_text("not a folder")
        voice = kept(Voice(), in_the_way)
        await voice.load(10)
        await voice.render_missing(lambda: True)
        assert voice.missing == ()
        assert await say(voice, SORRY)

    played(story)
    assert len(warnings(caplog)) == 1
    assert "in memory only" in warnings(caplog)[0]


def cut_a_file(folder: Path) -> None:
    file = sorted(folder.rglob("*.wav"))[0]
    file.write_bytes(file.read_bytes()[:50])


def test_a_damaged_file_is_rendered_again(tmp_path: Path) -> None:
    async def story() -> None:
        await kept(Voice(), tmp_path).render_missing(lambda: True)
        cut_a_file(tmp_path)
        tts = Voice()
        again = kept(tts, tmp_path)
        await again.load(10)
        assert len(again.missing) == 1
        await again.render_missing(lambda: True)
        assert len(tts.texts) == 1
        assert not again.missing

    played(story)


def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        voice = kept(Voice(), tmp_path)
        await voice.render_missing(lambda: True)
        assert len(voice.missing) == 2

    monkeypatch.setattr(kept_voice, "MOST_BYTES", 4_500)
    played(story)


def test_closing_ends_everything(tmp_path: Path) -> None:
    async def story() -> None:
        tts = Voice(hangs=True)
        voice = kept(tts, tmp_path)
        rendering = asyncio.ensure_future(voice.render_missing(lambda: False))
        await voice.close()
        assert tts.texts == ["<close>"]
        rendering.cancel()
        await asyncio.wait([rendering])

    played(story)


def test_all_that_ships_is_rendered_by_piper_and_read_again(tmp_path: Path) -> None:
    async def story() -> None:
        model = make_piper_voice(tmp_path)
        sentences = fixed_sentences("en", "US")[:20]
        piper = PiperTts(model, VoiceSettings(words_per_minute=450), Piper(), cores=2, longest_wait_s=30)
        voice = KeptVoice(piper, sentences, tmp_path / "voice", piper.sound_key)
        await voice.render_missing(lambda: True)
        assert voice.missing == ()
        again = KeptVoice(Voice(hangs=True), sentences, tmp_path / "voice", piper.sound_key)
        await again.load(10)
        for sentence in sentences:
            assert await say(again, sentence) == await say(voice, sentence) != b""
        await voice.close()

    played(story)
