"""What waits to be sent: sound makes room for sound, nothing else is ever dropped."""

from __future__ import annotations

import pytest

from device.link.outgoing import MOST_OTHER, MOST_SOUND_MS, Outbound, Outgoing
from device.link.setback import Setback

PACKET_MS = 60
MOST_SOUND = MOST_SOUND_MS // PACKET_MS


def sound(number: int, turn_id: int = 1, sound_ms: int = PACKET_MS) -> Outbound:
    return Outbound(bytes([number % 256]), "audio", turn_id, sound_ms)


def words(number: int) -> Outbound:
    return Outbound(str(number), "text", 1)


def taken(outgoing: Outgoing) -> list[Outbound]:
    return list(iter(outgoing.take, None))


def test_everything_goes_in_order() -> None:
    outgoing = Outgoing()
    order = [words(0), sound(1), words(2), sound(3)]
    for one in order:
        outgoing.put(one)
    assert taken(outgoing) == order


def test_a_slow_network_gets_the_newest_sound_and_all_the_words() -> None:
    outgoing = Outgoing()
    outgoing.put(words(0))
    for number in range(MOST_SOUND + 30):
        outgoing.put(sound(number))
    outgoing.put(words(1))
    assert taken(outgoing) == [words(0), *(sound(n) for n in range(30, MOST_SOUND + 30)), words(1)]
    assert outgoing.dropped == 30


@pytest.mark.parametrize("packet_ms", [20, 40, 60])
def test_as_many_seconds_of_sound_wait_whatever_the_length_of_a_packet(packet_ms: int) -> None:
    outgoing = Outgoing()
    for number in range(200):
        outgoing.put(sound(number, sound_ms=packet_ms))
    assert len(outgoing) * packet_ms == pytest.approx(MOST_SOUND_MS, abs=packet_ms)
    assert outgoing.dropped == 200 - len(outgoing)


def test_too_many_words_end_the_connection() -> None:
    outgoing = Outgoing()
    for number in range(MOST_SOUND):
        outgoing.put(sound(number))
    for number in range(MOST_OTHER):
        outgoing.put(words(number))
    with pytest.raises(Setback, match="too slow"):
        outgoing.put(words(-1))
    outgoing.put(sound(0))
    assert len(outgoing) == MOST_OTHER + MOST_SOUND


def test_a_turn_that_is_over_leaves_its_words_and_loses_its_sound() -> None:
    outgoing = Outgoing()
    for one in (words(0), sound(1, 1), sound(2, 2), sound(3, 1)):
        outgoing.put(one)
    outgoing.forget_sound(1)
    for number in range(MOST_SOUND - 1):
        outgoing.put(sound(number, 2))
    assert outgoing.dropped == 0
    assert taken(outgoing)[:2] == [words(0), sound(2, 2)]


def test_taking_makes_room() -> None:
    outgoing = Outgoing()
    for number in range(3 * MOST_SOUND):
        outgoing.put(sound(number))
        outgoing.take()
    assert outgoing.dropped == 0
