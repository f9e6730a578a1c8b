"""The device's certificate: a key that stays, names as the machine has them, for its owner's eyes alone."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from device.panel.certificate import MOST_NAMES, RENEWED, VALID, kept_certificate

NOW = datetime(2025, 5, 4, 12, tzinfo=UTC)
NAMES = ("192.0.2.7", "robot", "robot.local", "localhost")


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def test_it_names_the_machine_and_is_signed_by_its_own_key(tmp_path: Path) -> None:
    made = kept_certificate(tmp_path, NAMES, NOW)
    certificate = read(made.file)
    certificate.verify_directly_issued_by(certificate)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(ip) for ip in alternatives.get_values_for_type(x509.IPAddress)] == ["192.0.2.7"]
    assert alternatives.get_values_for_type(x509.DNSName) == ["robot", "robot.local", "localhost"]
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert timedelta(days=800) < made.until - NOW < timedelta(days=825)


def test_key_and_certificate_are_for_their_owner_alone(tmp_path: Path) -> None:
    made = kept_certificate(tmp_path / "panel", NAMES, NOW)
    assert made.file.stat().st_mode & 0o777 == 0o600
    assert made.key_file.stat().st_mode & 0o777 == 0o600


def test_its_fingerprint_is_that_of_the_whole_certificate(tmp_path: Path) -> None:
    made = kept_certificate(tmp_path, NAMES, NOW)
    whole = ssl.PEM_cert_to_DER_cert(made.file.read_text())
    assert made.fingerprint.replace(":", "").lower() == hashlib.sha256(whole).hexdigest()


def test_it_stays_as_long_as_it_serves(tmp_path: Path) -> None:
    first = kept_certificate(tmp_path, NAMES, NOW)
    again = kept_certificate(tmp_path, NAMES[1:], NOW + timedelta(days=300))
    assert again == first


@pytest.mark.parametrize("later", [VALID, VALID - RENEWED])
def test_it_is_renewed_before_it_ends_with_the_same_key(tmp_path: Path, later: timedelta) -> None:
    first = kept_certificate(tmp_path, NAMES, NOW)
    key = read(first.file).public_key()
    renewed = kept_certificate(tmp_path, NAMES, NOW + later)
    assert renewed.fingerprint != first.fingerprint
    assert renewed.until > first.until
    assert read(renewed.file).public_key() == key


def test_a_new_address_comes_in_and_the_one_before_stays(tmp_path: Path) -> None:
    kept_certificate(tmp_path, NAMES, NOW)
    moved = kept_certificate(tmp_path, ("192.0.2.8", "robot"), NOW)
    assert set(moved.names) == {"192.0.2.8", *NAMES}
    assert kept_certificate(tmp_path, NAMES, NOW) == moved


def test_names_of_long_ago_make_room(tmp_path: Path) -> None:
    for n in range(MOST_NAMES + 5):
        made = kept_certificate(tmp_path, (f"192.0.2.{n}", "robot"), NOW)
    assert len(made.names) == MOST_NAMES
    assert "192.0.2.0" not in made.names


def test_a_machine_of_many_addresses_keeps_its_certificate(tmp_path: Path) -> None:
    names = tuple(f"192.0.2.{n}" for n in range(MOST_NAMES + 5))
    first = kept_certificate(tmp_path, names, NOW)
    assert first.serves(names, NOW)
    assert kept_certificate(tmp_path, names, NOW) == first


@pytest.mark.parametrize("file", ["key.pem", "certificate.pem"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, file: str) -> None:
    first = kept_certificate(tmp_path, NAMES, NOW)
    (tmp_path / file).write_text("garbage")
    second = kept_certificate(tmp_path, NAMES, NOW)
    assert second.fingerprint != first.fingerprint
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(second.file, second.key_file)
