"""The device's own certificate for the page on the local network: signed by itself, known by its fingerprint.

The key is made once and stays. The certificate is made anew when it is about to end or when the machine
has a name or an address that is not in it; then the fingerprint is another one, and is shown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from device.private_file import write_private

VALID = timedelta(days=820)
"""Apple's systems refuse a certificate that lasts longer than 825 days (support.apple.com/en-us/103769)."""
RENEWED = timedelta(days=30)
"""Before its end."""
EARLIER = timedelta(days=1)
"""It begins in the past, for browsers whose clock is slow."""
MOST_NAMES = 16
"""Names that the machine had before stay in, so that a laptop's two networks do not take turns; all that it
has now are in, however many."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where it lies, and what a person needs to know of it."""

    file: Path
    """PEM; its key is in `key_file`, both readable by this user only."""
    key_file: Path
    fingerprint: str
    """SHA-256 of the certificate as browsers show it: 32 pairs of capitals with colons between."""
    names: tuple[str, ...]
    until: datetime
    """Aware, UTC."""

    def serves(self, names: Iterable[str], now: datetime) -> bool:
        """Whether it names all of `names` and is good for some time yet."""
        return set(names) <= set(self.names) and now < self.until - RENEWED


def kept_certificate(folder: Path, names: Sequence[str], now: datetime) -> Certificate:
    """The certificate in `folder`, made or made anew where needed. Some milliseconds. Raises OSError."""
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    key = _kept_key(key_file)
    kept = _read(file, key_file, key)
    if kept is not None and kept.serves(names, now):
        return kept
    earlier = kept.names if kept else ()
    named = list(dict.fromkeys((*names, *earlier)))[: max(MOST_NAMES, len(names))]
    write_private(file, _made(key, named, now).public_bytes(serialization.Encoding.PEM))
    made = _read(file, key_file, key)
    assert made is not None
    return made


def _kept_key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        key = None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        file.chmod(0o600)
        return key
    made = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    pem = made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    write_private(file, pem)
    return made


def _read(file: Path, key_file: Path, key: ec.EllipticCurvePrivateKey) -> Certificate | None:
    """None where there is none, or one of another key."""
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
        alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return None
    if found.public_key() != key.public_key():
        return None
    return Certificate(
        file,
        key_file,
        found.fingerprint(hashes.SHA256()).hex(":").upper(),
        tuple(str(name.value) for name in alternatives),
        found.not_valid_after_utc,
    )


def _made(key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "twominds")])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - EARLIER)
        .not_valid_after(now.astimezone(UTC) + VALID - EARLIER)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
