"""Is the device who it says it is? Its key, its name, and its signature over this connection. Sans I/O."""

from __future__ import annotations

import base64
import binascii
import hashlib

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from device.errors import LinkError
from device.link.native import Hello, signed_text

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_DEFAULT_PORTS = (":443", ":80")


def check(hello: Hello, nonce: str, host: str) -> None:
    """Raises LinkError, unless the device's key signed this nonce for this host (the Host header)."""
    if _named(hello.auth.host) != _named(host):
        raise LinkError(f"The proof was made for {hello.auth.host}, and this is {host}.")
    key = key_bytes(hello.device.public_key)
    if hello.device.id != device_id(key):
        raise LinkError("The device's id does not follow from its key.")
    signature = _decode(hello.auth.signature, SIGNATURE_BYTES)
    try:
        VerifyKey(key).verify(signed_text(nonce, hello.auth.host, hello.websocket_id), signature)
    except BadSignatureError as error:
        raise LinkError("The signature is not one of the device's key over this connection.") from error


def key_bytes(public_key: str) -> bytes:
    """An Ed25519 key out of URL-safe base64 without padding. Raises LinkError."""
    return _decode(public_key, KEY_BYTES)


def device_id(key: bytes) -> str:
    """The first 16 characters of the lower-case base32 of the key's SHA-256."""
    return base64.b32encode(hashlib.sha256(key).digest()).decode().lower()[:16]


def _named(host: str) -> str:
    """Lower case, without the port that `ws` and `wss` have anyway: clients leave it out of the header."""
    host = host.lower()
    for port in _DEFAULT_PORTS:
        host = host.removesuffix(port)
    return host


def _decode(text: str, length: int) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise LinkError("A key or signature is not URL-safe base64.") from error
    if len(data) != length:
        raise LinkError(f"A key or signature has {len(data)} bytes and not {length}.")
    return data
