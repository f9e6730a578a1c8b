"""System 2 comes and goes: what is lit and told, and when it is asked."""

from __future__ import annotations

import asyncio

import pytest

from device.config import Consent, Settings, System2
from device.contracts import LinkHealth
from device.errors import SettingsError
from device.notices import LightState, Standing, System2Standing
from tests.device.session.rig import Device

GATEWAY = System2(url="wss://gateway.example/v1/device")
UP = LinkHealth(up=True, round_trip_s=0.0423, first_words_s=0.817, hears=True)
GONE = LinkHealth(up=False, why="The gateway does not answer: is it running?")


def linked(**changes: bool) -> Device:
    return Device(settings=Settings(system2=GATEWAY, consent=Consent(**changes)))


def shown(device: Device) -> LightState:
    return device.session.light.state


async def told(device: Device, health: LinkHealth) -> System2Standing:
    device.session.linked(health)
    await asyncio.sleep(0.01)
    standing = device.session.standing.system2
    assert standing is not None
    return standing


def test_a_link_that_is_lost_is_lit_with_its_reason_until_it_is_back() -> None:
    async def story(device: Device) -> None:
        assert shown(device) is LightState.IDLE, "it is only beginning"
        assert (await told(device, GONE)).why == GONE.why
        assert shown(device) is LightState.OFFLINE
        assert not device.session.standing.online
        assert (await told(device, UP)).why == ""
        assert shown(device) is LightState.IDLE
        assert device.session.standing.online

    linked().play(story)


def test_what_is_told_of_it_is_rounded_so_that_not_every_ping_is_news() -> None:
    async def story(device: Device) -> None:
        standing = await told(device, UP)
        assert (standing.host, standing.port, standing.local) == ("gateway.example", 443, False)
        assert (standing.round_trip_ms, standing.first_words_s) == (40, 0.8)
        for round_trip_s in (0.0371, 0.041, 0.0449):
            await told(device, LinkHealth(up=True, round_trip_s=round_trip_s, first_words_s=0.84, hears=True))
        assert len([notice for notice in device.notices if isinstance(notice, Standing)]) == 1
        assert (await told(device, LinkHealth(up=True, round_trip_s=0.0551))).round_trip_ms == 60

    linked().play(story)


@pytest.mark.parametrize("agreed", [False, True])
def test_whether_sound_may_be_sent_is_told_as_it_was_agreed(agreed: bool) -> None:
    async def story(device: Device) -> None:
        assert (await told(device, UP)).sound_agreed is agreed

    linked(audio_stream=agreed).play(story)


def test_a_device_without_system_2_is_never_offline() -> None:
    async def story(device: Device) -> None:
        device.session.linked(GONE)
        await asyncio.sleep(0.01)
        assert shown(device) is LightState.IDLE
        assert device.session.standing.system2 is None

    Device().play(story)


def test_who_wants_every_word_on_board_is_not_offline_without_a_link() -> None:
    async def story(device: Device) -> None:
        await told(device, GONE)
        device.session.set_use("never")
        await asyncio.sleep(0.01)
        assert device.session.use == "never"
        assert shown(device) is LightState.IDLE
        standing = device.session.standing.system2
        assert standing is not None
        assert (standing.use, standing.up) == ("never", False)
        device.session.set_use("auto")
        await asyncio.sleep(0.01)
        assert shown(device) is LightState.OFFLINE

    linked().play(story)


def test_a_gateway_on_this_machine_is_told_as_local() -> None:
    async def story(device: Device) -> None:
        assert (await told(device, UP)).local

    Device(settings=Settings(system2=System2(url="ws://127.0.0.1:8090/v1/device"))).play(story)


def test_an_address_that_cannot_be_used_is_refused_at_once() -> None:
    async def story(device: Device) -> None:
        raise AssertionError("it must not begin")

    with pytest.raises(SettingsError, match="write it like wss://"):
        Device(settings=Settings(system2=System2(url="https://gateway.example"))).play(story)
