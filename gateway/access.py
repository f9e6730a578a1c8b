"""The REST API's bearer token: made on the first start, for its owner's eyes alone."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path

from device.errors import SettingsError

log = logging.getLogger(__name__)

TOKEN_FILE = "token"


def access_token(folder: Path) -> str:
    """The token of a data folder, made there where it is missing (0600). Raises SettingsError."""
    file = folder / TOKEN_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        token = _made(file)
    except OSError as error:
        raise SettingsError(f"The access token {file} cannot be read or made: {error.strerror}.") from error
    if not token:
        raise SettingsError(f"The access token {file} is empty: remove it, and it is made anew.")
    return token


def is_token(given: str, token: str) -> bool:
    """In a time that says nothing about how much of it is right."""
    return secrets.compare_digest(given.encode(errors="replace"), token.encode())


def _made(file: Path) -> str:
    """Two processes that begin at once agree: whoever links it first has made it."""
    if not file.exists():
        own = file.with_name(f".{TOKEN_FILE}.{secrets.token_hex(4)}")
        with open(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as writing:
            writing.write(secrets.token_urlsafe(32) + "\n")
        try:
            os.link(own, file)
        except FileExistsError:
            pass
        finally:
            own.unlink()
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
        log.warning("The access token %s could be read by others; now it cannot.", file)
    return file.read_text("utf-8").strip()
