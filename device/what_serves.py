"""What serves: every part of the device, as the start screen shows it."""

from __future__ import annotations

from collections.abc import Mapping

from device.audio.open_sound import OpenSound
from device.config import Lights, Settings
from device.contracts import LinkHealth
from device.engines import Engines
from device.hw.buttons import PIN_PART
from device.hw.key_button import PART as KEY_PART
from device.hw.light_show import PART as LIGHT_PART
from device.ports import Microphone, Speaker, VoiceDetector
from device.start_screen import Part, PartState
from device.system2_shown import by_fault, system2_part


def what_serves(
    settings: Settings,
    engines: Engines,
    detector: VoiceDetector,
    sound: OpenSound,
    faults: Mapping[str, str],
    health: LinkHealth | None = None,
) -> tuple[Part, ...]:
    """`faults`: of each part that does not work, why. `health`: of the link, where there is one.

    Raises SettingsError.
    """
    real = PartState.REAL
    silero = "" if "Silero" in detector.name else "confirmed by Silero after: make silero"
    keyboard = f"{settings.button.key} of {settings.button.keyboard}" if settings.button.keyboard else ""
    pressed = " and ".join(part for part in (settings.button.pin, keyboard) if part)
    on_page = "on the page: hold it, or the space bar"
    recording = Part("RECORDING", real, "every utterance, on disk", "developer.keep_audio = false stops it")
    return (
        *((recording,) if settings.developer.keep_audio else ()),
        _sounding("microphone", sound.microphone, faults),
        _sounding("speaker", sound.speaker, faults),
        _joined("button", pressed, on_page, "button.pin", faults.get(PIN_PART) or faults.get(KEY_PART)),
        _joined("light", _lit(settings.lights), "on the page", "lights.kind", faults.get(LIGHT_PART)),
        Part("robot", PartState.SIMULATED, "drawn on the page", "a real one: not in this release"),
        Part("voice detection", real, detector.name, silero),
        Part("speech to text", real, engines.serving["stt"], _better(engines, "stt", "free speech")),
        Part("answers", real, _answers(settings)),
        _system_1(engines),
        system2_part(settings.system2, by_fault(faults) or health, _promise(settings, engines)),
        Part("text to speech", real, engines.serving["tts"], _better(engines, "tts", "a natural voice")),
        Part("safety gate", real, "rules"),
    )


def _sounding(name: str, card: Microphone | Speaker | None, faults: Mapping[str, str]) -> Part:
    if card is None:
        return Part(name, PartState.REAL, "the browser's, through the page")
    if name in faults:
        return Part(name, PartState.ABSENT, "not there", faults[name])
    return Part(name, PartState.REAL, card.name)


def _lit(settings: Lights) -> str:
    ring = f"a ring of {settings.count}"
    return {"none": "", "rgb": "an RGB LED", "ring": ring}[settings.kind]


def _joined(name: str, real: str, otherwise: str, setting: str, fault: str | None) -> Part:
    if fault:
        return Part(name, PartState.ABSENT, f"{real} does not work; {otherwise}", fault)
    if real:
        return Part(name, PartState.REAL, f"{real}, and on the page")
    return Part(name, PartState.SIMULATED, otherwise, f"a real one: {setting} in the settings")


def _promise(settings: Settings, engines: Engines) -> str:
    """Made only while it holds: a language model's server, or a page, may be on another machine."""
    return "" if settings.panel.network or _asks_a_server(engines) else ": nothing leaves this machine"


def _asks_a_server(engines: Engines) -> bool:
    return engines.serving["llm"].startswith("server")


def _answers(settings: Settings) -> str:
    kept = ", kept replies" if settings.replies.use else ""
    return f"skills{kept}{', learned ones, too' if kept and settings.consent.learning else ''}"


def _system_1(engines: Engines) -> Part:
    name = "System 1 (a server)" if _asks_a_server(engines) else "System 1 (on board)"
    better = _better(engines, "llm", "a language model")
    if engines.model is None:
        return Part(name, PartState.ABSENT, "no language model: what no skill serves stays open", better)
    return Part(name, PartState.REAL, engines.serving["llm"], better)


def _better(engines: Engines, stage: str, what: str) -> str:
    """Why no better engine serves, or what would bring one."""
    untold = f"{what} after: make voice" if stage in engines.more_to_install else ""
    return next(iter(engines.missed[stage]), untold)
