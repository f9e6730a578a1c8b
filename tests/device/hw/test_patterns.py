"""What the light looks like to whoever sees no colours, or other ones, or must not see flashes."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from device.config import Looks
from device.contracts import Emotion
from device.hw.looks import Look, in_mood, palette
from device.hw.patterns import SIGN_EVERY_S, SIGN_S, frame, is_still
from device.notices import LightState

PALETTE = palette(Looks())
COUNTS = (1, 3, 12)
WATCHED_S = 15.0
PER_S = 20

VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""What linear RGB looks like to people with each kind of cones missing: Machado, Oliveira and Fernandes, "A
Physiologically-based Model for Simulation of Color Vision Deficiency", 2009, severity 1."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Of linear RGB (ITU-R BT.709): what is left when no colour is seen."""

APART = 0.08
"""Mean difference in lightness of two looks, each against its own brightest, laid over each other at best."""
APART_UNDER_THE_SIGN = APART * (1 - SIGN_S / SIGN_EVERY_S)
"""On a single LED the sign is all there is to see for part of the time."""
LEVELS_APART = 4.0
"""Two looks that do not move are told apart by brightness alone, so one is this many times as bright."""


@cache
def watched(state: LightState, count: int, leaving: bool, vision: str) -> np.ndarray:
    """Luminance of each LED over time: frames by LEDs. Never below 0."""
    times = np.arange(0, WATCHED_S, 1 / PER_S)
    seen = np.array(
        [frame(PALETTE[state], float(t), count, float(t) + 0.7 if leaving else None) for t in times]
    )
    return np.asarray(np.clip(seen @ VISION[vision].T @ LUMINANCE, 0, None))


def lightness(seen: np.ndarray) -> np.ndarray:
    """As an eye has it that has adapted to the brightest: the cube root, as in CIE L*."""
    return np.asarray(np.cbrt(seen / seen.max()))


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The mean difference, when the two are laid over each other as well as they can be."""
    first, second = lightness(one), lightness(other)
    return min(
        float(np.abs(first - np.roll(second, shift, axis=0)).mean()) for shift in range(0, len(first), 2)
    )


def distinct(one: np.ndarray, other: np.ndarray, at_least: float = APART) -> bool:
    if np.ptp(one, axis=0).max() + np.ptp(other, axis=0).max() == 0 and apart(one, other) < at_least:
        dark, bright = sorted((one.max(), other.max()))
        return bool(bright / dark >= LEVELS_APART)
    return apart(one, other) >= at_least


@pytest.mark.parametrize("leaving", [False, True])
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("count", COUNTS)
def test_every_two_states_differ_without_their_colours(count: int, vision: str, leaving: bool) -> None:
    at_least = APART_UNDER_THE_SIGN if leaving else APART
    seen = {state: watched(state, count, leaving, vision) for state in LightState}
    pairs = combinations(LightState, 2)
    assert [pair for pair in pairs if not distinct(seen[pair[0]], seen[pair[1]], at_least)] == []


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("count", COUNTS)
def test_content_that_leaves_is_seen_in_every_state(count: int, vision: str) -> None:
    """The sign over any look is like no look without it."""
    alike = [
        (one.value, other.value)
        for one in LightState
        for other in LightState
        if not distinct(watched(one, count, True, vision), watched(other, count, False, vision))
    ]
    assert alike == []


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("state", [state for state in LightState if state is not LightState.IDLE])
def test_every_look_is_bright_enough_for_whoever_sees_it(state: LightState, vision: str) -> None:
    assert watched(state, 1, False, vision).max() >= 0.03


def flashes(luminance: np.ndarray, per_s: int) -> float:
    """The most flashes in any second. A flash is a pair of opposing changes of 0.1 or more of full luminance.

    As WCAG 2.2 defines a general flash; that the darker image must be below 0.8 is always so here.
    """
    turns: list[int] = []
    low = high = luminance[0]
    rising = 0
    for place, level in enumerate(luminance):
        low, high = min(low, level), max(high, level)
        if rising <= 0 and level >= low + 0.1:
            turns.append(place)
            rising, high = 1, level
        elif rising >= 0 and level <= high - 0.1:
            turns.append(place)
            rising, low = -1, level
    within = [sum(1 for turn in turns if start <= turn < start + per_s) for start in turns]
    return max(within, default=0) / 2


def test_flashes_are_counted() -> None:
    seconds = np.arange(0, 5, 0.01)
    assert flashes((seconds * 4 % 1 < 0.5).astype(float), 100) == 4
    assert flashes(np.sin(seconds) * 0.04, 100) == 0


@pytest.mark.parametrize("state", LightState)
@pytest.mark.parametrize("count", COUNTS)
def test_nothing_flashes_more_than_three_times_a_second(state: LightState, count: int) -> None:
    """In white, the worst; of any LED, and of all together; with the sign beginning at any moment."""
    white = Look((1.0, 1.0, 1.0), PALETTE[state].pattern)
    times = np.arange(0, 8, 0.01)
    for began_s in (None, *np.arange(0, SIGN_EVERY_S, 0.25)):
        seen = np.array(
            [frame(white, float(t), count, None if began_s is None else float(t + began_s)) for t in times]
        )
        luminance = seen @ LUMINANCE
        for series in (*luminance.T[: min(count, 4)], luminance.mean(axis=1)):
            assert flashes(series, 100) <= 3, began_s


@pytest.mark.parametrize("count", [1, 2, 5, 6, 12, 256])
@pytest.mark.parametrize("state", LightState)
def test_every_frame_has_a_colour_for_every_led(state: LightState, count: int) -> None:
    for leaving_s in (None, 0.0, 0.3, 2.0):
        for t_s in (0.0, 0.123, 1e6):
            colours = frame(PALETTE[state], t_s, count, leaving_s)
            assert len(colours) == count
            assert all(0 <= part <= 1 for colour in colours for part in colour)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("state", LightState)
def test_a_look_is_seen_from_its_first_moment(state: LightState, count: int) -> None:
    peak = max(max(colour) for colour in frame(PALETTE[state], 0.0, count))
    assert peak >= 0.1 * max(PALETTE[state].colour)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("leaving", [False, True])
@pytest.mark.parametrize("state", LightState)
def test_what_is_called_still_never_changes_and_the_rest_does(
    state: LightState, leaving: bool, count: int
) -> None:
    seen = {frame(PALETTE[state], t / 10, count, t / 10 if leaving else None) for t in range(60)}
    assert (len(seen) == 1) is is_still(PALETTE[state], count, leaving)


@pytest.mark.parametrize("count", [1, 5])
def test_on_few_leds_the_sign_flashes_twice_and_gives_the_look_back(count: int) -> None:
    look = PALETTE[LightState.LISTENING]
    lit = [max(frame(look, 5.0, count, t_s)[0]) for t_s in (0.1, 0.45, 0.6, 0.75, 1.0)]
    assert lit == [0, 1, 0, 1, 0]
    assert {frame(look, 5.0, count, t_s) for t_s in (SIGN_S, 3.9)} == {frame(look, 5.0, count)}
    assert frame(look, 5.0, count, SIGN_EVERY_S)[0] == (0, 0, 0)


def test_no_mood_is_ever_taken_for_another_state() -> None:
    """What is said keeps its rhythm: only the colour is the mood's."""
    look = PALETTE[LightState.SPEAKING]
    for mood in Emotion:
        felt = in_mood(look, mood)
        rhythm = [max(frame(felt, t / 20, 1)[0]) / max(felt.colour) for t in range(60)]
        assert rhythm == pytest.approx([max(frame(look, t / 20, 1)[0]) / max(look.colour) for t in range(60)])
