from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from device.audio.sound_devices import AUTO
from device.audio.sound_library import SoundLibrary
from device.errors import AudioDeviceError, EngineMissing
from tests.device.audio.fake_portaudio import BUFFER_SAMPLES, Card, FakePortAudio


def library_of(*cards: Card) -> tuple[SoundLibrary, FakePortAudio]:
    portaudio = FakePortAudio(*cards)
    return SoundLibrary(lambda: portaudio), portaudio


def test_a_device_is_found_by_a_part_of_its_name_in_capitals_or_not() -> None:
    library, _ = library_of(Card("Built-in"), Card("USB ReSpeaker: hw:1,0"))
    assert library.open_input("respeaker").name == "USB ReSpeaker: hw:1,0"


def test_auto_is_the_default_device() -> None:
    library, _ = library_of(Card("first"), Card("second"))
    assert library.open_output(AUTO).name == "first"


def test_a_speaker_is_no_microphone() -> None:
    library, _ = library_of(Card("HDMI", inputs=0), Card("USB"))
    assert library.open_input(AUTO).name == "USB"
    with pytest.raises(AudioDeviceError, match=r'no microphone with "hdmi"'):
        library.open_input("hdmi")


def test_a_machine_without_devices_is_told_in_a_sentence() -> None:
    library, _ = library_of()
    assert library.devices() == []
    with pytest.raises(AudioDeviceError, match="There is no speaker: plug one in"):
        library.open_output(AUTO)


def test_a_busy_device_is_told_in_a_sentence() -> None:
    library, _ = library_of(Card("USB", busy=True))
    with pytest.raises(AudioDeviceError, match=r"microphone \(usb\) is in use by another program"):
        library.open_input("usb")
    with pytest.raises(AudioDeviceError, match="The microphone is in use"):
        library.open_input(AUTO)


def test_without_portaudio_it_is_told_how_to_install_it() -> None:
    def load() -> None:
        raise EngineMissing("sudo apt install libportaudio2")

    with pytest.raises(EngineMissing, match="libportaudio2"):
        SoundLibrary(load).devices()


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 96_000])
def test_a_device_is_opened_at_a_rate_that_it_takes(rate_hz: int) -> None:
    library, _ = library_of(Card("USB", rates_hz=(rate_hz,)))
    assert library.open_input(AUTO).rate_hz == rate_hz


def test_a_microphone_of_four_channels_gives_their_mean() -> None:
    card = Card("array", channels=(4,), inputs=4)
    card.given = np.array([[100, 200, 300, 400], [-32_768] * 4], np.int16).tobytes()
    library, _ = library_of(card)
    stream = library.open_input(AUTO)
    assert np.frombuffer(stream.read(), np.int16).tolist() == [250, -32_768]
    assert stream.read() == b""


def test_a_speaker_that_refuses_mono_plays_the_same_on_both_sides() -> None:
    card = Card("stereo", channels=(2,), outputs=2)
    library, _ = library_of(card)
    stream = library.open_output(AUTO)
    stream.write(np.array([1, 2], np.int16).tobytes())
    assert np.frombuffer(card.written, np.int16).tolist() == [1, 1, 2, 2]
    assert stream.waiting_samples == 2
    assert stream.room_samples == BUFFER_SAMPLES - 2


def test_a_device_that_goes_away_is_told_in_a_sentence() -> None:
    card = Card("USB")
    library, _ = library_of(card)
    microphone, speaker = library.open_input(AUTO), library.open_output(AUTO)
    card.gone = True
    with pytest.raises(AudioDeviceError, match=r"microphone \(USB\) is gone"):
        microphone.read()
    with pytest.raises(AudioDeviceError, match=r"speaker \(USB\) is gone"):
        speaker.check()


def test_a_device_that_is_plugged_in_later_is_found_after_a_look() -> None:
    library, portaudio = library_of()
    with pytest.raises(AudioDeviceError):
        library.open_input(AUTO)
    portaudio.cards.append(Card("USB"))
    library.look_anew()
    assert library.open_input(AUTO).name == "USB"


def test_nobody_is_disturbed_for_a_look_while_nothing_was_plugged_in() -> None:
    library, portaudio = library_of(Card("USB"))
    stream = library.open_output(AUTO)
    library.look_anew()
    assert not library.must_step_aside
    assert portaudio.looks == 1
    stream.close()


def test_when_something_was_plugged_in_the_last_one_to_step_aside_lets_the_devices_be_listed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library, portaudio = library_of(Card("USB"))
    speaker, microphone = library.open_output(AUTO), library.open_input(AUTO)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "pipewire-0").touch()
    portaudio.cards.append(Card("new"))
    library.look_anew()
    assert library.must_step_aside
    speaker.close()
    assert portaudio.looks == 1
    microphone.close()
    assert portaudio.looks == 2
    assert not library.must_step_aside
    assert library.open_input("new").name == "new"


def test_the_end_leaves_nothing_open() -> None:
    card = Card("USB")
    library, _ = library_of(card)
    stream = library.open_input(AUTO)
    stream.close()
    library.close()
    library.close()
    assert card.streams == []
