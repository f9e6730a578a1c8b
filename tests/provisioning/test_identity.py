"""A device's key: made once, kept for its owner's eyes alone, never silently replaced."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from provisioning.identity import Identity, IdentityDamaged, identity_file, own_identity


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "identity" / "device.key"


def test_it_is_the_same_at_every_start(file: Path) -> None:
    made = own_identity(file)
    again = own_identity(file)
    assert (again.device_id, again.public_key) == (made.device_id, made.public_key)


def test_processes_that_make_it_at_once_are_one_device(tmp_path: Path) -> None:
    """Threads that know nothing of each other."""
    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            file = tmp_path / str(number) / "device.key"
            made = list(threads.map(own_identity, [file] * 8))
            assert {one.device_id for one in made} == {own_identity(file).device_id}
            assert list(file.parent.iterdir()) == [file]


def test_two_devices_differ(tmp_path: Path) -> None:
    assert own_identity(tmp_path / "a").device_id != own_identity(tmp_path / "b").device_id


def test_what_it_signs_verifies_with_its_public_key(file: Path) -> None:
    identity = own_identity(file)
    public = base64.urlsafe_b64decode(identity.public_key + "=")
    signature = base64.urlsafe_b64decode(identity.sign(b"words") + "==")
    assert VerifyKey(public).verify(b"words", signature) == b"words"


def test_its_id_follows_from_its_public_key(file: Path) -> None:
    identity = own_identity(file)
    digest = hashlib.sha256(base64.urlsafe_b64decode(identity.public_key + "=")).digest()
    assert identity.device_id == base64.b32encode(digest).decode()[:16].lower()


def test_nobody_else_can_read_it(file: Path) -> None:
    own_identity(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    file.chmod(0o644)
    own_identity(file)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("what", ["empty", "cut", "bit", "words", "binary"])
def test_a_damaged_file_is_an_error_and_stays_as_it_is(file: Path, what: str) -> None:
    own_identity(file)
    good = file.read_bytes()
    other = b"B" if good[12:13] != b"B" else b"C"
    bad = {
        "empty": b"",
        "cut": good[:40],
        "bit": good[:12] + other + good[13:],
        "words": b"ed25519 " + b"!" * 43 + b" " + b"!" * 43,
        "binary": bytes(range(256)),
    }[what]
    file.write_bytes(bad)
    with pytest.raises(IdentityDamaged, match="is damaged"):
        own_identity(file)
    assert file.read_bytes() == bad


def test_it_lies_in_the_state_directory() -> None:
    assert identity_file({"STATE_DIRECTORY": "/s"}) == Path("/s/identity/device.key")


def test_the_key_itself_is_not_shown(file: Path) -> None:
    identity = own_identity(file)
    assert isinstance(identity, Identity)
    seed = base64.urlsafe_b64encode(bytes(identity.key)).decode().rstrip("=")
    assert seed not in repr(identity)
    assert repr(bytes(identity.key)) not in repr(identity)
