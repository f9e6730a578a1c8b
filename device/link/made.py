"""The link as the settings want it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from device.config import System2
from device.link.address import Address, hook_address, socket_address
from device.link.dialect import Dialect
from device.link.dialling import Dialler
from device.link.hook import Hook
from device.link.link import Calls, Link
from device.link.native_dialect import NativeDialect, Signer, Wish
from device.link.turns import Rules, Sounds
from device.link.way import Way


def made_link(
    settings: System2,
    wish: Wish,
    signer: Signer,
    sounds: Sounds,
    rules: Rules,
    calls: Calls,
    way: Callable[[str, int], Way],
    *,
    foreign: Callable[[str], Dialect] | None = None,
    boot: Mapping[str, Any] | None = None,
) -> Link:
    """A link that has not been run yet. `way` is the way out to a host and port.

    `foreign` makes the dialect where it is not the native one. Raises SettingsError for urls that cannot
    be used. Nothing is looked up or read here.
    """
    address = socket_address(settings.url)

    def native(session_id: str) -> Dialect:
        return NativeDialect(wish, signer, address.host_header, session_id)

    to_gateway = way(address.host, address.port)
    dialler = Dialler(address, to_gateway, ca_file=settings.ca_file, key_file=settings.key_file)
    hook = _hook(hook_address(settings.hook_url), way, settings) if settings.hook_url else None
    return Link(dialler, foreign or native, sounds, rules, calls, to_gateway, hook=hook, boot=boot)


def _hook(address: Address, way: Callable[[str, int], Way], settings: System2) -> Hook:
    return Hook(address, way(address.host, address.port), ca_file=settings.ca_file)
