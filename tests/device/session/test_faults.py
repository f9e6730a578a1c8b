"""Parts that stop working, and the microphone that is open only when it may be."""

from __future__ import annotations

import asyncio

from device.config import Settings, Sound, Talk
from device.contracts import Outcome, Urgency
from device.notices import LightState, Loudness, Refused, Standing
from tests.device.session.rig import SILENCE, SPEECH, Device, announcement, stock_text

GONE = "The microphone is gone: plug it in again."


def standings(device: Device) -> list[Standing]:
    return [notice for notice in device.notices if isinstance(notice, Standing)]


def test_a_fault_is_lit_and_told_until_it_is_cured() -> None:
    async def story(device: Device) -> None:
        device.session.fault("microphone", GONE)
        device.session.fault("microphone", GONE)
        await asyncio.sleep(0.01)
        assert device.lights()[-1] is LightState.FAULT
        assert [standing.faults for standing in standings(device)] == [(GONE,)]
        device.session.fault("microphone", "")
        await asyncio.sleep(0.01)
        assert device.lights()[-1] is LightState.IDLE
        assert device.session.standing.faults == ()

    Device().play(story)


def test_without_a_microphone_a_press_is_refused_in_words() -> None:
    async def story(device: Device) -> None:
        device.session.fault("microphone", GONE)
        device.session.press()
        await asyncio.sleep(0.1)
        assert Refused(stock_text("no microphone")) in device.notices
        device.session.fault("microphone", "")
        device.session.release()
        await device.say(0.5)
        assert (await device.turn()).heard

    Device().play(story)


def test_a_microphone_that_goes_in_mid_utterance_ends_the_turn_and_the_next_one_works() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.sound = SPEECH
        await asyncio.sleep(0.5)
        device.session.fault("microphone", GONE)
        assert (await device.turn()).cut_off
        assert device.lights()[-1] is LightState.FAULT
        device.session.fault("microphone", "")
        device.session.release()
        await device.say(0.5)
        assert (await device.turn(2)).heard

    Device().play(story)


def test_another_fault_refuses_nobody() -> None:
    async def story(device: Device) -> None:
        device.session.fault("light", "The light does not answer.")
        await device.say(0.5)
        assert (await device.turn()).heard

    Device().play(story)


def test_muted_closes_the_microphone_and_unmuted_opens_it() -> None:
    async def story(device: Device) -> None:
        assert device.wanted == [True]
        device.session.mute(True)
        await asyncio.sleep(0.01)
        assert device.wanted == [True, False]
        device.session.mute(False)
        await asyncio.sleep(0.01)
        assert device.wanted == [True, False, True]

    Device().play(story)


def test_where_the_owner_wants_it_the_microphone_is_open_only_from_press_to_post_roll() -> None:
    async def story(device: Device) -> None:
        assert device.wanted == [False]
        device.session.press()
        await asyncio.sleep(0.01)
        assert device.wanted == [False, True]
        device.sound = SPEECH
        await asyncio.sleep(0.5)
        device.session.release()
        await asyncio.sleep(0.1)
        assert device.wanted == [False, True], "the post-roll is not in yet"
        await asyncio.sleep(0.2)
        assert device.wanted == [False, True, False], "closed before it is understood"
        assert (await device.turn()).heard

    strict = Settings(sound=Sound(open="pressed"))
    device = Device(settings=strict)
    device.stt.takes_s = 1.0
    device.play(story)


def test_a_microphone_that_is_open_only_at_a_press_is_looked_for_when_it_was_lost() -> None:
    """Every press is refused meanwhile, so without that it would never be found again."""

    async def story(device: Device) -> None:
        device.session.press()
        await asyncio.sleep(0.3)
        device.session.fault("microphone", GONE)
        device.session.release()
        await asyncio.sleep(1)
        assert device.wanted == [False, True]
        device.session.mute(True)
        await asyncio.sleep(0.1)
        assert device.wanted == [False, True, False]
        device.session.mute(False)
        await asyncio.sleep(0.1)
        device.session.fault("microphone", "")
        await asyncio.sleep(0.1)
        assert device.wanted == [False, True, False, True, False]
        await device.say(0.5)
        assert (await device.turn(2)).heard

    Device(settings=Settings(sound=Sound(open="pressed"))).play(story)


def test_a_press_that_is_refused_in_setup_mode_does_not_open_the_microphone() -> None:
    async def story(device: Device) -> None:
        device.session.set_up(True)
        device.session.press()
        await asyncio.sleep(0.1)
        assert device.wanted == [False]

    Device(settings=Settings(sound=Sound(open="pressed"))).play(story)


def test_a_button_held_beyond_the_longest_utterance_closes_the_microphone_until_it_is_let_go() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.sound = SPEECH
        await asyncio.sleep(2.5)
        assert device.wanted == [True, False]
        assert (await device.turn()).heard, "what was said until then is answered"
        device.sound = SILENCE
        await asyncio.sleep(1)
        device.session.release()
        device.session.ask("hello")
        await device.turn(2)
        assert device.wanted == [True, False, True]
        await device.say(0.5)
        assert (await device.turn(3)).heard

    Device(settings=Settings(talk=Talk(longest_s=2))).play(story)


def test_a_stuck_button_keeps_the_microphone_closed_until_it_is_let_go() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.sound = SPEECH
        await device.turn()
        device.session.release()
        device.session.fault("button", "It is stuck.")
        await asyncio.sleep(0.01)
        assert device.wanted == [True, False]
        device.session.fault("button", "")
        await asyncio.sleep(0.01)
        assert device.wanted == [True, False, True]

    Device(settings=Settings(talk=Talk(longest_s=2))).play(story)


def test_the_level_is_told_ten_times_a_second_while_somebody_is_heard_and_only_then() -> None:
    async def story(device: Device) -> None:
        await asyncio.sleep(1)
        assert not [notice for notice in device.notices if isinstance(notice, Loudness)]
        await device.say(1.0)
        await device.turn()
        levels = [notice for notice in device.notices if isinstance(notice, Loudness)]
        assert 12 <= len(levels) <= 16, "a second, pre-roll and post-roll"
        assert max(level.peak_dbfs for level in levels) > -91 > min(level.peak_dbfs for level in levels)

    Device().play(story)


def test_what_became_of_an_announcement_is_told() -> None:
    async def story(device: Device) -> None:
        told: list[tuple[int, Outcome]] = []
        device.session.announced = lambda number, outcome: told.append((number, outcome))
        device.session.announce(announcement(Urgency.FAULT, "My light is broken."))
        await device.turn()
        device.session.announce(announcement(Urgency.ALARM, "Your eggs are done, come now please."))
        await asyncio.sleep(0.3)
        device.session.press()
        await asyncio.sleep(0.1)
        assert told == [(1, Outcome.SAID), (1, Outcome.DISMISSED)]

    Device().play(story)


def test_what_stands_is_told_once_for_each_change() -> None:
    async def story(device: Device) -> None:
        session = device.session
        session.mute(True)
        session.mute(True)
        session.set_up(True)
        session.set_volume(30)
        session.set_talk(Talk(mode="toggle"))
        await asyncio.sleep(0.01)
        told = [(s.muted, s.setup, s.volume, s.mode) for s in standings(device)]
        assert told == [
            (True, False, 80, "hold"),
            (True, True, 80, "hold"),
            (True, True, 30, "hold"),
            (True, True, 30, "toggle"),
        ]

    Device().play(story)
