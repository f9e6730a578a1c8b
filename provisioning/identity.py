"""Who this device is: an Ed25519 key of its own, made once, that never leaves it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from device.errors import TwomindsError
from device.places import state_directory
from device.private_file import make_private

log = logging.getLogger(__name__)

KIND = b"ed25519"
SEED_BYTES = 32
ID_CHARACTERS = 16


class IdentityDamaged(TwomindsError):
    """The file with the device's key cannot be used. It is never replaced: that would be another device."""

    code = "identity"


@dataclass(frozen=True, slots=True)
class Identity:
    """A device's key, and what follows from it."""

    key: SigningKey

    @property
    def public_key(self) -> str:
        """32 bytes in URL-safe base64 without padding."""
        return _text(bytes(self.key.verify_key))

    @property
    def device_id(self) -> str:
        """16 characters: the beginning of the lower-case base32 of the public key's SHA-256."""
        digest = hashlib.sha256(bytes(self.key.verify_key)).digest()
        return base64.b32encode(digest).decode().lower()[:ID_CHARACTERS]

    def sign(self, message: bytes) -> str:
        """The signature under the message, 64 bytes in URL-safe base64 without padding."""
        return _text(self.key.sign(message).signature)


def identity_file(env: Mapping[str, str]) -> Path:
    """Where the key lies, beside what else outlives a start."""
    return state_directory(env) / "identity" / "device.key"


def own_identity(file: Path) -> Identity:
    """This device's identity; made and kept at the first call.

    Raises IdentityDamaged for a file that is not what was written, OSError where it cannot be read or
    kept. Blocks for a write to the disk the first time.
    """
    try:
        kept = file.read_bytes()
    except FileNotFoundError:
        return _make(file)
    _close_to_others(file)
    return _read(kept, file)


def _make(file: Path) -> Identity:
    key = SigningKey.generate()
    words = (KIND, _encoded(bytes(key)), _encoded(bytes(key.verify_key)))
    try:
        make_private(file, b" ".join(words) + b"\n")
    except FileExistsError:  # another process made it in the same moment: this device has one key
        return _read(file.read_bytes(), file)
    return Identity(key)


def _read(kept: bytes, file: Path) -> Identity:
    """The public key stands beside the seed, so that a seed that has changed is noticed."""
    damaged = IdentityDamaged(
        f"The device's key in {file} is damaged: bring it back from a copy, or delete the file; "
        "the device is then a new one to every gateway, and has to be registered again."
    )
    words = kept.split()
    if len(words) != 3 or words[0] != KIND:
        raise damaged
    try:
        seed, public = (base64.b64decode(word + b"=", altchars=b"-_", validate=True) for word in words[1:])
    except binascii.Error as error:
        raise damaged from error
    if len(seed) != SEED_BYTES:
        raise damaged
    key = SigningKey(seed)
    if bytes(key.verify_key) != public:
        raise damaged
    return Identity(key)


def _close_to_others(file: Path) -> None:
    if file.stat().st_mode & 0o077:
        log.warning("The device's key in %s could be read by others; now it cannot.", file)
        file.chmod(0o600)


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _text(data: bytes) -> str:
    return _encoded(data).decode()
