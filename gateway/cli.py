"""The command line: `python -m gateway`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from device.errors import LinkError, TwomindsError
from gateway import proof
from gateway.access import access_token
from gateway.server import serve
from gateway.services import Services
from gateway.settings import Settings
from gateway.settings_load import data_folder, load, settings_file
from gateway.start_screen import start_screen
from gateway.stores.ports import Device
from gateway.stores.sqlite import open_stores

_DASHED_KEY = re.compile("-[A-Za-z0-9_-]{42}")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gateway", description="System 2 for many devices. docs/gateway.md says more."
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="the settings file")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="listen for devices", epilog="example: python -m gateway serve")
    commands.add_parser("token", help="print the REST API's token", epilog="example: python -m gateway token")
    devices = commands.add_parser("devices", help="who may connect").add_subparsers(
        dest="devices_command", required=True
    )
    devices.add_parser("list", help="every device", epilog="example: python -m gateway devices list")
    add = devices.add_parser(
        "add", help="register a device", epilog="example: python -m gateway devices add KEY --name kitchen"
    )
    add.add_argument("key", help="its public key, as the gateway's refusal shows it")
    add.add_argument("--name", default="", help="what it is called here")
    revoke = devices.add_parser(
        "revoke", help="let a device in no more", epilog="example: python -m gateway devices revoke ID"
    )
    revoke.add_argument("id", help="as `devices list` shows it")
    return parser


def main(arguments: list[str] | None = None, env: Mapping[str, str] = os.environ) -> int:
    """The exit status. What is wrong is told in a sentence."""
    given = build_parser().parse_args(_keys_last(sys.argv[1:] if arguments is None else arguments))
    try:
        settings = load(given.config or settings_file(env), env)
        match given.command:
            case "serve":
                return _serve(settings, env)
            case "token":
                print(access_token(data_folder(settings, env)))
                return 0
            case _:
                return asyncio.run(_devices(given, data_folder(settings, env) / "gateway.sqlite"))
    except TwomindsError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1


def _serve(settings: Settings, env: Mapping[str, str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)

    def ready(services: Services, address: str) -> None:
        print(start_screen(services, address), flush=True)

    asyncio.run(serve(settings, env, ready))
    return 0


async def _devices(given: argparse.Namespace, database: Path) -> int:
    async with open_stores(database) as stores:
        match given.devices_command:
            case "list":
                for device in await stores.devices.all():
                    print(_line(device))
            case "add":
                device_id = proof.device_id(_key(given.key))
                print(_line(await stores.devices.add(device_id, given.key, given.name)))
            case "revoke":
                if not await stores.devices.revoke(given.id):
                    raise LinkError(f"There is no device {given.id}.")
    return 0


def _keys_last(arguments: list[str]) -> list[str]:
    """One key in 64 begins with a dash; behind `--` nothing is taken for an option."""
    keys = [word for word in arguments if _DASHED_KEY.fullmatch(word)]
    return [word for word in arguments if word not in keys] + (["--", *keys] if keys else [])


def _key(given: str) -> bytes:
    try:
        return proof.key_bytes(given)
    except LinkError as error:
        raise LinkError(f"{given} is not the public key of a device.") from error


def _line(device: Device) -> str:
    state = "revoked" if device.revoked else "registered"
    return f"{device.id}  {state:10}  {device.agent or '-':20}  {device.name}"
