"""What each skill answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from device.brain.skills import SKILLS, SkillContext
from device.contracts import Gesture, Intent, Perform, ReplyItem, Say, SetVolume, StopEverything


def answer(context: SkillContext, intent: str, **slots: str | int | float) -> tuple[ReplyItem, ...]:
    return SKILLS[intent](Intent(intent, slots), context)


def said(items: tuple[ReplyItem, ...]) -> str:
    return "".join(item.text for item in items if isinstance(item, Say))


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        ({}, "It is five past three in the afternoon."),
        ({"place": "Tokyo", "zone": "Asia/Tokyo"}, "In Tokyo, it is five past eleven at night."),
        ({"place": "India", "zone": "Asia/Kolkata"}, "In India, it is twenty-five to eight in the evening."),
        ({"place": "glorbistan"}, "I do not know the time in glorbistan. Here it is five past three"),
        ({"place": "Mars", "zone": "Space/Mars"}, "I do not know the time in Mars."),
    ],
)
def test_the_time_is_told_here_and_elsewhere(
    context: SkillContext, slots: dict[str, str], words: str
) -> None:
    assert said(answer(context, "time", **slots)).startswith(words)


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        ({"days": 0}, "Today is Tuesday, the 3rd of March 2026."),
        ({"days": 1}, "Tomorrow is Wednesday, the 4th of March 2026."),
        ({"days": -1}, "Yesterday was Monday, the 2nd of March 2026."),
        ({"days": 400}, "In 400 days, it will be Wednesday, the 7th of April 2027."),
        ({"days": -3}, "3 days ago, it was Saturday, the 28th of February 2026."),
        ({"days": 10**9}, "That is too far away for my calendar."),
        ({"days": 10**7}, "That is too far away for my calendar."),
        ({"weekday": "tuesday"}, "That is Tuesday, the 10th of March 2026."),
        ({"weekday": "wednesday"}, "That is Wednesday, the 4th of March 2026."),
        ({"weekday": "monday"}, "That is Monday, the 9th of March 2026."),
    ],
)
def test_the_date_is_told(context: SkillContext, slots: dict[str, str | int], words: str) -> None:
    assert said(answer(context, "date", **slots)) == words


def test_tomorrow_is_tomorrow_also_when_the_clocks_change(context: SkillContext) -> None:
    night = replace(context, now=datetime(2026, 3, 28, 23, 30, tzinfo=ZoneInfo("Europe/Paris")))
    assert said(answer(night, "date", days=1)) == "Tomorrow is Sunday, the 29th of March 2026."


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        ({"sum": "7 × 8"}, "7 times 8 is 56."),
        ({"sum": "√ 2"}, "The square root of 2 is about 1.4142."),
        ({"sum": "( 2 + 3 ) × 4"}, "That is 20."),
        ({"sum": "5 ÷ 0"}, "Nothing can be divided by zero."),
    ],
)
def test_a_sum_is_answered(context: SkillContext, slots: dict[str, str], words: str) -> None:
    assert said(answer(context, "arithmetic", **slots)) == words


def test_help_with_sums_says_how_to_ask(context: SkillContext) -> None:
    assert "seven times eight" in said(answer(context, "arithmetic"))


@pytest.mark.parametrize(
    ("volume", "slots", "percent"),
    [
        (50, {"change": "up"}, 65),
        (50, {"change": "down"}, 35),
        (95, {"change": "up"}, 100),
        (20, {"change": "down"}, 10),
        (50, {"percent": 0}, 0),
        (50, {"percent": 70}, 70),
    ],
)
def test_the_volume_is_set_and_told(
    context: SkillContext, volume: int, slots: dict[str, str | int], percent: int
) -> None:
    items = answer(replace(context, volume=volume), "volume", **slots)
    assert items[0] == SetVolume(percent=percent)
    assert f"{percent} percent" in said(items)


@pytest.mark.parametrize(("volume", "change"), [(100, "up"), (10, "down")])
def test_at_its_end_the_volume_stays_and_says_so(context: SkillContext, volume: int, change: str) -> None:
    items = answer(replace(context, volume=volume), "volume", change=change)
    assert said(items)
    assert not any(isinstance(item, SetVolume) for item in items)


@pytest.mark.parametrize("kind", ["joke", "fact", "story"])
def test_nothing_is_told_twice_before_all_was_told(context: SkillContext, kind: str) -> None:
    told = [said((answer(context, kind)[-1],)) for _ in range(12)]
    assert len(set(told)) == 12


def test_a_topic_is_met_or_owned_up_to(context: SkillContext) -> None:
    assert "octopus" in said(answer(context, "fact", topic="octopuses")).lower()
    assert said(answer(context, "joke", topic="politics")).startswith("I have no joke about politics")


def test_a_coin_shows_both_sides_and_judges_a_call(context: SkillContext) -> None:
    shown = {said(answer(context, "coin", called="tails")) for _ in range(50)}
    assert any("eads" in text and "You called tails" in text for text in shown)
    assert any("ails" in text and ("You win" in text or "You were right" in text) for text in shown)


def test_dice_stay_within_their_sides(context: SkillContext) -> None:
    rolled = {said(answer(context, "dice", sides=3, dice=1)) for _ in range(100)}
    assert {digit for text in rolled for digit in text if digit.isdigit()} == {"1", "2", "3"}


def test_several_dice_are_added_up(context: SkillContext) -> None:
    items = said(answer(context, "dice", sides=6, dice=2))
    first, second, total = [
        int(word) for word in items.replace(".", " ").replace(",", " ").split() if word.isdigit()
    ]
    assert first + second == total


def test_a_body_does_what_it_can_and_owns_up_to_the_rest(context: SkillContext) -> None:
    assert answer(context, "gesture", gesture="nod")[0] == Perform(Gesture.NOD)
    refused = answer(context, "gesture", gesture="dance")
    assert said(refused)
    assert not any(isinstance(item, Perform) for item in refused)


def test_stop_is_silent(context: SkillContext) -> None:
    assert answer(context, "stop") == (StopEverything(),)


def test_repeat_says_the_last_words_again(context: SkillContext) -> None:
    assert said(answer(replace(context, last_spoken="It is noon."), "repeat")) == "It is noon."
