"""The beginning of a connection: a challenge, the device's proof, the registry, what is agreed on."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from device.errors import LinkError
from device.link.native import Hello, Started
from gateway import codec, proof
from gateway.party import Party
from gateway.refused import NOT_REGISTERED, TOO_MANY, WRONG_PROOF, Refused
from gateway.services import Services
from gateway.settings_load import is_loopback

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a connection comes from, and how the gateway was named."""

    address: str
    host: str
    """The Host header."""


async def admit(hello: Hello, nonce: str, caller: Caller, services: Services) -> None:
    """Raises Refused with its close code, unless this device may come in. Raises StoreError."""
    try:
        proof.check(hello, nonce, caller.host)
    except LinkError as error:
        raise Refused(WRONG_PROOF, "wrong_proof", str(error)) from error
    await _registered(hello, caller, services)
    limits = services.settings.limits
    wait_s = await services.stores.uses.use(hello.device.id, "connect", limits.connects_per_minute)
    if wait_s > 0:
        raise Refused(TOO_MANY, "too_many", f"Too many connections: come back in {wait_s:.0f} s.", wait_s)


async def agree(hello: Hello, services: Services) -> Party:
    """What this connection can do, and the session that it goes on with. Raises StoreError."""
    possible = {"tools"}
    if services.ears:
        possible.add("audio_in")
    if services.voice:
        possible.add("audio_out")
    session_id = await services.stores.sessions.open(hello.device.id, hello.resume)
    rate_hz = codec.rate_for(hello.sample_rate)
    return Party(hello.device, session_id, hello.features & possible, rate_hz, hello.frame_ms)


def started(party: Party) -> Started:
    """The answer to a `start` that was good."""
    return Started(
        session_id=party.session_id,
        sample_rate=party.rate_hz,
        frame_ms=party.frame_ms,
        features=party.features,
        device=1,
    )


async def _registered(hello: Hello, caller: Caller, services: Services) -> None:
    device = hello.device
    known = await services.stores.devices.find(device.id)
    if known is None and services.settings.enrolment == "loopback" and is_loopback(caller.address):
        known = await services.stores.devices.add(device.id, device.public_key, device.character)
        log.info("Device %s connected from this machine and was registered.", device.id)
    if known is None:
        raise Refused(
            NOT_REGISTERED,
            "not_registered",
            f"Device {device.id} is not registered. On the gateway's machine:"
            f" .venv/bin/python -m gateway devices add {device.public_key}",
        )
    if known.revoked:
        raise Refused(NOT_REGISTERED, "revoked", f"Device {device.id} was revoked at the gateway.")
