"""The link to System 2 as this device joins it: its key, its codecs, its consent, its way out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import assert_never

from device import __version__, ports
from device.audio.jitter_buffer import JitterBuffer
from device.audio.mulaw import MulawDecoder, MulawEncoder
from device.audio.opus import OpusDecoder, OpusEncoder
from device.config import Settings, System2
from device.contracts import Mind
from device.egress import Egress, Peer
from device.keyless import Keyless
from device.link.dialect import Codec, Dialect
from device.link.fastrtc import FastRtc
from device.link.link import Calls, Link
from device.link.made import made_link
from device.link.native_dialect import Wish
from device.link.turns import Rules, Sounds
from device.link.twilio import Twilio
from device.ports import SoundDecoder, SoundEncoder
from device.record import TurnRecord
from device.system2_shown import LINK
from device.way_out import WaysOut
from provisioning.identity import IdentityDamaged, identity_file, own_identity

LONGEST_PERSONA = 4000
"""Characters, of what the native dialect takes."""


def link_or_why(
    settings: Settings,
    egress: Egress,
    env: Mapping[str, str],
    calls: Calls,
    fault: Callable[[str, str], None],
    *,
    answers_at_once: bool = False,
) -> Link | Keyless | None:
    """As `link_for`; a device whose key cannot be used starts all the same, without System 2.

    `fault` is told why, as is everybody who looks at the link's health. Raises SettingsError.
    """
    try:
        return link_for(settings, egress, env, calls, answers_at_once=answers_at_once)
    except IdentityDamaged as error:
        why = str(error)
    except OSError as error:
        what = f"The device's key in {identity_file(env)} cannot be read or kept: {error.strerror}."
        why = f"{what} Mend that, and start again."
    fault(LINK, why)
    return Keyless(why, calls.changed)


def link_for(
    settings: Settings, egress: Egress, env: Mapping[str, str], calls: Calls, *, answers_at_once: bool = False
) -> Link | None:
    """Not run yet; None where no System 2 is named.

    Makes the device's key where there is none, which blocks for a write to the disk. Raises SettingsError,
    IdentityDamaged, OSError.
    """
    if not settings.system2.url:
        return None
    return made_link(
        settings.system2,
        _wish(settings),
        own_identity(identity_file(env)),
        Sounds(lambda codec: encoder(codec, settings.system2), decoder, JitterBuffer),
        Rules(
            hears=settings.consent.audio_stream,
            guardian=settings.character.safety == "child",
            answers_at_once=answers_at_once,
        ),
        calls,
        lambda host, port: WaysOut(egress, Peer(host, port)),
        foreign=_foreign(settings.system2),
        boot={"agent": __version__},
    )


def telling(link: ports.System2 | None, ended: Callable[[TurnRecord], None]) -> Callable[[TurnRecord], None]:
    """What is done with a turn that has ended: `ended`, and System 2 is told what sounded of its answer.

    Of what another mind said instead it learns nothing: that may hold what was to stay on board.
    """

    def tell(record: TurnRecord) -> None:
        ended(record)
        if link is not None:
            its_own = record.route is not None and record.route.mind is Mind.SYSTEM_2
            spoken, cut_off = (record.spoken, record.cut_off) if its_own else ("", True)
            link.spoken(record.turn_id, spoken, cut_off=cut_off)

    return tell


def encoder(codec: Codec, settings: System2) -> SoundEncoder:
    """From the pipeline's rate."""
    if codec.name == "mulaw":
        return MulawEncoder(codec.rate_hz, frame_ms=codec.frame_ms)
    return OpusEncoder(codec.rate_hz, frame_ms=codec.frame_ms, bitrate=settings.bitrate)


def decoder(codec: Codec) -> SoundDecoder:
    return MulawDecoder(codec.rate_hz) if codec.name == "mulaw" else OpusDecoder(codec.rate_hz)


def _wish(settings: Settings) -> Wish:
    return Wish(
        agent=f"twominds/{__version__}",
        language=settings.language,
        character=settings.character.name,
        persona=settings.character.persona[:LONGEST_PERSONA],
        audience=settings.character.safety,
        sends_sound=settings.consent.audio_stream,
        wants_sound=settings.system2.voice == "theirs",
        frame_ms=settings.system2.frame_ms,
    )


def _foreign(settings: System2) -> Callable[[str], Dialect] | None:
    """Sessions are the native dialect's alone."""
    match settings.dialect:
        case "native":
            return None
        case "fastrtc":
            return lambda session_id: FastRtc(
                secrets.token_urlsafe(16),
                up_hz=settings.fastrtc_input_hz,
                down_hz=settings.fastrtc_output_hz,
                frame_ms=settings.frame_ms,
                hook=bool(settings.hook_url),
            )
        case "twilio":
            return lambda session_id: Twilio(secrets.token_urlsafe(16), secrets.token_urlsafe(16))
        case _:
            assert_never(settings.dialect)
