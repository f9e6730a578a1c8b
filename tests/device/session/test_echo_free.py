"""A device that is proven not to hear itself need not cut what was said before it fell silent."""

from __future__ import annotations

import asyncio

import pytest

from device.notices import LightState
from tests.device.session.rig import LONG, SPEECH, Device
from tests.fakes import FakeBrain


@pytest.mark.parametrize("echo_free", [False, True])
def test_the_pre_roll_reaches_back_over_the_own_voice_only_where_that_is_not_heard(echo_free: bool) -> None:
    async def story(device: Device) -> None:
        device.session.ask("count")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
        await asyncio.sleep(1)
        pressed_s = device.clock()
        device.session.press()
        device.sound = SPEECH
        await asyncio.sleep(0.5)
        device.session.release()
        await device.turn(2)
        first_s = device.stt.listenings[0].frames[0].captured_s
        assert (first_s < pressed_s - 0.2) is echo_free

    device = Device(brain=FakeBrain(items=LONG))
    device.echo_free = echo_free
    device.play(story)
