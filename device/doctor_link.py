"""The doctor's look at System 2: called as the device calls it, greeted with proof, pinged and left."""

from __future__ import annotations

import asyncio
from pathlib import Path

from device.config import System2
from device.egress import Egress, Peer, install_guard
from device.errors import EngineMissing, SettingsError, parts
from device.finding import Finding, Machine, State
from device.link import native as n
from device.link.address import Address, socket_address
from device.link.connection import Connection, Socket, TurnMessage
from device.link.dialect import Dialect
from device.link.dialling import Dialler
from device.link.native_dialect import NativeDialect, Wish
from device.link.setback import Setback
from device.link.way import Way
from device.way_out import WaysOut
from provisioning.identity import IdentityDamaged, identity_file, own_identity

NAME = "System 2"
WITHIN_S = 8.0
"""Look-up, connection, TLS, greeting and one ping together."""
REGISTER = "twominds identity prints the line that registers this device there"


def look(machine: Machine, *, greets: bool, within_s: float = WITHIN_S) -> Finding:
    """Nothing of a person is sent. A device that has no key yet is not given one here.

    `greets`: not where the agent is running, whose connection would end by it.
    """
    settings = machine.settings.system2
    if not settings.url:
        there_is = "none is named: the device answers by itself"
        return Finding(NAME, State.MISSING, there_is, "make gateway starts one; system2.url names it", False)
    try:
        address = socket_address(settings.url)
        dialect = _dialect(settings, address, identity_file(machine.env)) if greets else None
    except (SettingsError, IdentityDamaged, EngineMissing) as error:
        return _problem(str(error))
    egress = Egress()
    install_guard(egress)
    way = WaysOut(egress, Peer(address.host, address.port))
    return asyncio.run(_called(settings, address, dialect, way, within_s))


async def try_link(socket: Socket, dialect: Dialect | None, way: Way) -> float:
    """Seconds of a round trip; then it is left. Without a dialect nobody is greeted.

    Raises Setback. Waits for as long as it is let.
    """
    if dialect is not None:
        return await _greeted(socket, dialect, way)
    try:
        return await socket.ping()
    finally:
        await socket.close()


async def _greeted(socket: Socket, dialect: Dialect, way: Way) -> float:
    caller = _Caller()
    connection = Connection(socket, dialect, caller, way, None)
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(connection.run(), name="link: try")
            await caller.answered.wait()
            running.cancel()
    except BaseExceptionGroup as group_of:
        raise parts(group_of)[0] from group_of
    return caller.round_trip_s


class _Caller:
    """Waits for the first ping to come back (connection.Listener)."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()
        self.round_trip_s = 0.0

    def started(self, started: n.Started, round_trip_s: float | None) -> None: ...

    def pinged(self, round_trip_s: float) -> None:
        self.round_trip_s = round_trip_s
        self.answered.set()

    def turn_word(self, word: TurnMessage) -> None: ...

    def halted(self) -> None: ...

    def draining(self) -> None: ...


def _dialect(settings: System2, address: Address, key: Path) -> Dialect | None:
    """Whose greeting is tried. Raises EngineMissing where there is no key to prove anything with."""
    if settings.dialect != "native":
        return None
    if not key.exists():
        raise EngineMissing(f"this device has no key yet: {REGISTER}, and makes the key.")
    return NativeDialect(Wish(), own_identity(key), address.host_header)


async def _called(
    settings: System2, address: Address, dialect: Dialect | None, way: Way, within_s: float
) -> Finding:
    dialler = Dialler(address, way, ca_file=settings.ca_file, key_file=settings.key_file)
    fix = ""
    try:
        async with asyncio.timeout(within_s):
            socket = await dialler(n.PROTOCOL if settings.dialect == "native" else None)
            fix = REGISTER if dialect else ""
            round_trip_s = await try_link(socket, dialect, way)
    except TimeoutError:
        return _problem(f"{address.host} did not answer within {within_s:g} s.", "is the gateway running?")
    except Setback as setback:
        return _problem(str(setback), fix)
    how = " by TLS" if address.secure else ""
    greeted = "greets this device" if dialect else "takes connections"
    trip = f"{round_trip_s * 1000:.0f} ms" if round_trip_s >= 0.001 else "less than 1 ms"
    detail = f"{address.host}{how} {greeted}; round trip {trip}"
    return Finding(NAME, State.OK, detail, needed=False)


def _problem(detail: str, fix: str = "") -> Finding:
    return Finding(NAME, State.PROBLEM, detail, fix, needed=False)
