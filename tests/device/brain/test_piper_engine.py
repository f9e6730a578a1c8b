"""The voice's own thread: what its session is told, how many threads it takes, how soon it stops."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from device.brain.piper_engine import (
    MOST_THREADS,
    Manner,
    PiperEngine,
    parts,
    session_options,
    threads_for,
)
from device.jobs import StopFlag
from tests.models_made.piper_voice import make_piper_voice

PART_S = 2.0


def threads_of_this_process() -> int:
    return len(os.listdir("/proc/self/task"))


@pytest.mark.parametrize(
    ("setting", "cores", "threads"), [(0, 1, 1), (0, 2, 1), (0, 4, 3), (0, 64, MOST_THREADS), (6, 2, 6)]
)
def test_one_core_is_left_to_the_rest_unless_threads_are_set(setting: int, cores: int, threads: int) -> None:
    assert threads_for(setting, cores) == threads


def test_the_session_is_told_its_threads_and_not_to_spin() -> None:
    options = session_options(3)
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert options.execution_mode.name == "ORT_SEQUENTIAL"
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize("threads", [1, 3])
def test_a_voice_takes_the_threads_it_was_given(tmp_path: Path, threads: int) -> None:
    model = make_piper_voice(tmp_path)
    PiperEngine(model, "", 1, Manner(), PART_S)  # whatever libraries start once
    before = threads_of_this_process()
    engine = PiperEngine(model, "", threads, Manner(), PART_S)
    assert threads_of_this_process() - before == threads - 1  # the caller's own is one of them
    assert list(engine.speak("hello", Manner(), StopFlag()))


def test_waiting_threads_cost_no_time(tmp_path: Path) -> None:
    engine = PiperEngine(make_piper_voice(tmp_path, work=20), "", 3, Manner(), PART_S)
    assert list(engine.speak("hello", Manner(), StopFlag()))
    begun_s = time.process_time()
    time.sleep(0.5)  # real threads really sleep, or spin
    assert time.process_time() - begun_s < 0.1


def test_an_inference_under_way_is_broken_off(tmp_path: Path) -> None:
    """The whole takes several times as long as the stop is allowed to."""
    engine = PiperEngine(make_piper_voice(tmp_path, work=400), "", 1, Manner(), PART_S)
    begun_s = time.monotonic()
    assert list(engine.speak("hello", Manner(), StopFlag()))
    whole_s = time.monotonic() - begun_s

    stop = StopFlag()
    threading.Timer(whole_s / 5, stop.set).start()
    begun_s = time.monotonic()
    assert list(engine.speak("hello", Manner(), stop)) == []
    assert time.monotonic() - begun_s < whole_s / 2
    assert list(engine.speak("hello", Manner(), StopFlag()))


def test_a_flag_that_is_set_already_stops_before_the_first_sound(tmp_path: Path) -> None:
    engine = PiperEngine(make_piper_voice(tmp_path), "", 1, Manner(), PART_S)
    stop = StopFlag()
    stop.set()
    assert list(engine.speak("hello", Manner(), stop)) == []


def test_a_peak_far_above_the_voice_is_bent_and_not_wrapped(tmp_path: Path) -> None:
    engine = PiperEngine(make_piper_voice(tmp_path), "", 1, Manner(), PART_S)
    click = np.zeros(2000, np.float32)
    click[1000:1002] = 50, -50
    assert engine._shape(click)[1000:1002].tolist() == [32_767, -32_767]


def test_a_slow_board_gets_a_long_sentence_in_parts(tmp_path: Path) -> None:
    model = make_piper_voice(tmp_path, work=100)
    long = "we all go home " * 10
    whole = list(PiperEngine(model, "", 1, Manner(), 60).speak(long, Manner(), StopFlag()))
    pieces = list(PiperEngine(model, "", 1, Manner(), 0.01).speak(long, Manner(), StopFlag()))
    assert len(whole) == 1
    assert len(pieces) > 2
    assert sum(piece.duration_s for piece in pieces) == pytest.approx(whole[0].duration_s, rel=0.1)


def test_a_short_sentence_stays_whole() -> None:
    assert list(parts(list("hello there"), 40)) == [list("hello there")]
    assert list(parts([], 40)) == []


def test_a_long_sentence_is_cut_between_words() -> None:
    phonemes = list("hello there " * 100)
    cut = list(parts(phonemes, 40))
    assert [p for part in cut for p in part] == phonemes
    assert all(len(part) <= 40 and part[-1] == " " for part in cut)


def test_a_long_sentence_is_cut_at_a_pause_rather_than_anywhere() -> None:
    (first, *_) = parts(list("one two three four five six, seven eight nine ten"), 40)
    assert "".join(first) == "one two three four five six,"


def test_a_pause_near_the_beginning_is_no_place_to_cut() -> None:
    (first, *_) = parts(list("one, two three four five six seven eight nine ten"), 40)
    assert "".join(first) == "one, two three four five six seven "


def test_one_endless_word_is_cut_anywhere() -> None:
    assert [len(part) for part in parts(["a"] * 81, 40)] == [40, 40, 1]
