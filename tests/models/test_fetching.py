"""Fetching from a server that misbehaves: what is said, what lies here, and that the next one mends it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.egress import Content, Peer, install_guard
from device.errors import ModelError
from models.download import PROGRESS_BYTES, WAITS_S, Downloader, Wanted
from models.network import ConnectionTrouble, Network
from models.store import Status
from tests.models import server as behaviour
from tests.models.server import Behaviour, FileServer
from tests.models.toys import BIG_BYTES, BIN, CONFIG, WEIGHTS, Rig, content, sentences

BIN_PATH = "/r1/model.bin"
TRIES = len(WAITS_S) + 1


def always(what: Behaviour) -> list[Behaviour]:
    return [what] * TRIES


def installed(rig: Rig, name: str) -> bool:
    model = rig.model(name)
    return rig.store.status(model) is Status.INSTALLED and rig.store.verify(model) == []


# --- a good day --------------------------------------------------------------------------------------


def test_a_model_is_fetched_whole_and_pinned(rig: Rig) -> None:
    assert rig.fetch("ears") == []
    assert rig.in_place() == ["ears/config.json", "ears/model.bin"]
    assert (rig.store.folder(rig.model("ears")) / "model.bin").read_bytes() == BIN
    locked = rig.store.lock()["ears"]
    assert locked.revision == "r1"
    assert locked.files["config.json"].bytes == len(CONFIG)
    assert locked.files["model.bin"].sha256 == hashlib.sha256(BIN).hexdigest()
    assert not rig.store.fetching(rig.model("ears")).exists()
    assert rig.slept == []


def test_what_is_here_and_whole_is_not_fetched_again(rig: Rig) -> None:
    rig.fetch("ears")
    before = len(rig.server.requests)
    assert rig.fetch("ears") == []
    assert len(rig.server.requests) == before


def test_the_report_hears_of_every_byte(rig: Rig) -> None:
    rig.fetch("ears")
    assert rig.told.advanced == len(BIN) + len(CONFIG)
    assert rig.told.begun[1] == ("model.bin of ears", len(BIN), 0)


def test_a_file_without_a_checksum_is_pinned_and_held_to_it(rig: Rig) -> None:
    assert rig.fetch("mind") == []
    assert rig.store.lock()["mind"].files["small.gguf"].sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    rig.store.remove(rig.model("mind"))
    rig.server.files["/r1/small.gguf"] = content("something else", len(WEIGHTS))
    assert "is not the file it should be" in sentences(rig.fetch("mind"))
    assert rig.in_place() == []
    rig.store.remove(rig.model("mind"), forget=True)
    assert rig.fetch("mind") == []


def test_every_request_is_permitted_and_counted(rig: Rig) -> None:
    install_guard(rig.egress)
    try:
        assert rig.fetch("ears") == []
    finally:
        install_guard(None)
    host, _, port = rig.server.url.removeprefix("http://").partition(":")
    counted = rig.egress.sent()[Peer(host, int(port)), Content.CONTROL].sent_bytes
    request = rig.server.asked_for(BIN_PATH)[0]
    written = sum(len(name) + len(value) + 4 for name, value in request.headers.items())
    assert counted >= 2 * written
    assert not rig.egress.leaving


# --- a bad day, and the day after --------------------------------------------------------------------


def test_a_dropped_connection_is_taken_up_where_it_broke_off(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = [behaviour.hang_up_after(100_000)]
    assert rig.fetch("ears") == []
    first, second = rig.server.asked_for(BIN_PATH)
    assert first.sent_bytes == 100_000
    assert second.headers["range"] == "bytes=100000-"
    assert second.headers["if-range"] == rig.server.etag(BIN_PATH)
    assert second.sent_bytes == BIG_BYTES - 100_000
    assert installed(rig, "ears")
    assert "hung up before the end. Trying again in 1 s." in rig.told.notes[0]


def test_the_next_fetch_sends_only_the_rest(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = [behaviour.hang_up_after(100_000), *always(behaviour.status(500))]
    assert sentences(rig.fetch("ears")).endswith("busy or out of order (500).")
    assert rig.in_place() == []
    rig.server.script.clear()
    rig.server.requests.clear()
    assert rig.fetch("ears") == []
    assert [request.sent_bytes for request in rig.server.requests] == [BIG_BYTES - 100_000]
    assert installed(rig, "ears")


MISHAPS = {
    "hangs up": (behaviour.hang_up_after(1_000), "hung up before the end"),
    "truncates": (behaviour.claim(-1_000), "has 299000 bytes as model.bin of ears, and it should be 300000"),
    "claims more": (behaviour.claim(1_000), "has 301000 bytes as model.bin of ears, and it should be 300000"),
    "other bytes": (behaviour.other_bytes, "is not the file it should be"),
    "too short": (behaviour.without_length(BIN[:1_000]), "hung up before the end"),
    "too long": (behaviour.without_length(BIN + b"more"), "sends more than model.bin of ears has"),
    "403": (behaviour.status(403), "does not hand out model.bin of ears to us (403)"),
    "404": (behaviour.status(404), "does not have model.bin of ears (404 for http://127.0.0.1"),
    "418": (behaviour.status(418), "answered 418"),
    "429": (behaviour.status(429), "busy or out of order (429)"),
    "500": (behaviour.status(500), "busy or out of order (500)"),
    "moved to a stranger": (
        behaviour.redirect("https://evil.example/model.bin"),
        "127.0.0.1 sends us on to evil.example, which we do not know: refused.",
    ),
    "moved to a name like a friend's": (
        behaviour.redirect("https://notfriend.example/model.bin"),
        "notfriend.example, which we do not know",
    ),
    "moved to a file": (behaviour.redirect("file:///etc/passwd"), "is not an address of the web"),
    "moved in a circle": (behaviour.redirect(BIN_PATH), "sends us on and on"),
}


@pytest.mark.parametrize(("mishap", "said"), MISHAPS.values(), ids=MISHAPS)
def test_a_mishap_is_told_installs_nothing_and_is_mended_by_the_next_fetch(
    server: FileServer, tmp_path: Path, mishap: Behaviour, said: str
) -> None:
    rig = Rig(server, tmp_path, redirects=("friend.example",))
    server.script[BIN_PATH] = always(mishap) * 2
    problems = rig.fetch("ears")
    assert said in sentences(problems)
    assert len(problems) == 1
    assert rig.in_place() == []
    assert rig.store.status(rig.model("ears")) is Status.ABSENT
    server.script.clear()
    assert rig.fetch("ears") == []
    assert installed(rig, "ears")


def test_a_server_that_stalls_is_given_up_and_tried_again(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = [behaviour.stall_after(50_000)]
    assert rig.fetch("ears", stall_s=0.2) == []
    assert "127.0.0.1 sent nothing for 0.2 s. Trying again in 1 s." in rig.told.notes
    assert rig.server.asked_for(BIN_PATH)[1].sent_bytes == BIG_BYTES - 50_000


def test_a_length_that_is_a_lie_is_not_believed_even_where_the_size_is_known_only_roughly(rig: Rig) -> None:
    rig.server.script["/r1/small.gguf"] = [behaviour.claim(-100_000)]
    assert "has 100000 bytes as small.gguf of mind, and it should be about 210000 bytes" in sentences(
        rig.fetch("mind")
    )
    assert rig.in_place() == []


def test_a_file_that_changed_meanwhile_is_begun_anew(rig: Rig) -> None:
    rig.server.files["/r1/small.gguf"] = content("the old one", 190_000)
    rig.server.script["/r1/small.gguf"] = [behaviour.hang_up_after(50_000), *always(behaviour.status(503))]
    assert len(rig.fetch("mind")) == 1
    rig.server.files["/r1/small.gguf"] = WEIGHTS
    rig.server.script.clear()
    rig.server.requests.clear()
    assert rig.fetch("mind") == []
    assert rig.server.requests[0].headers["range"] == "bytes=50000-"
    assert rig.server.requests[0].sent_bytes == len(WEIGHTS)
    assert (rig.store.folder(rig.model("mind")) / "small.gguf").read_bytes() == WEIGHTS


def test_a_server_that_adds_a_new_file_to_an_old_part_is_not_believed(rig: Rig) -> None:
    rig.server.files["/r1/small.gguf"] = content("the old one", 190_000)
    rig.server.script["/r1/small.gguf"] = [behaviour.hang_up_after(50_000), *always(behaviour.status(503))]
    assert len(rig.fetch("mind")) == 1
    rig.server.files["/r1/small.gguf"] = WEIGHTS
    rig.server.script["/r1/small.gguf"] = [behaviour.ignore_if_range]
    assert rig.fetch("mind") == []
    assert "has another small.gguf of mind now than the one begun" in "\n".join(rig.told.notes)
    assert (rig.store.folder(rig.model("mind")) / "small.gguf").read_bytes() == WEIGHTS


def test_a_server_that_ignores_ranges_sends_it_all_again(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = [behaviour.hang_up_after(100_000), behaviour.ignore_range]
    assert rig.fetch("ears") == []
    assert installed(rig, "ears")


def test_without_length_and_version_a_file_is_taken_when_its_checksum_is_right(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = [behaviour.without_length()]
    assert rig.fetch("ears") == []
    assert installed(rig, "ears")


def test_a_part_of_unknown_version_is_not_added_to(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = [behaviour.without_length(BIN[:100_000]), behaviour.serve]
    assert rig.fetch("ears") == []
    assert "range" not in rig.server.asked_for(BIN_PATH)[1].headers


def test_a_part_from_elsewhere_is_not_added_to(rig: Rig, server: FileServer) -> None:
    server.script[BIN_PATH] = [behaviour.hang_up_after(100_000), *always(behaviour.status(500))]
    assert len(rig.fetch("ears")) == 1
    server.files["/models/ears/model.bin"] = BIN
    assert rig.fetch("ears", source=f"{server.url}/models") == []
    assert "range" not in server.asked_for("/models/ears/model.bin")[0].headers


def test_a_line_that_breaks_again_and_again_but_brings_much_is_not_given_up(rig: Rig, tmp_path: Path) -> None:
    breaks = TRIES + 2
    rig.server.files["/big"] = content("big", breaks * (PROGRESS_BYTES + 1))
    rig.server.script["/big"] = [behaviour.hang_up_after(PROGRESS_BYTES + 1)] * (breaks - 1)
    network = Network(rig.egress, proxies={})
    wanted = Wanted("big", f"{rig.server.url}/big")
    pin = Downloader(network, rig.told, rig.slept.append).fetch(wanted, tmp_path / "big.part")
    assert pin.sha256 == hashlib.sha256(rig.server.files["/big"]).hexdigest()
    assert rig.slept == [1.0] * (breaks - 1)


def test_a_complete_part_is_only_checked(rig: Rig) -> None:
    """As after a kill between the last byte and the move."""
    part = rig.store.fetching(rig.model("mind")) / "small.gguf.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS)
    tag = rig.server.etag("/r1/small.gguf").replace('"', '\\"')
    part.with_name("small.gguf.part.origin").write_text(
        f'{{"url": "{rig.server.url}/r1/small.gguf", "version": "{tag}"}}'
    )
    assert rig.fetch("mind") == []
    assert [request.sent_bytes for request in rig.server.requests] == [0]
    assert installed(rig, "mind")


def test_files_that_came_before_another_failed_are_not_fetched_again(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = always(behaviour.status(404))
    assert len(rig.fetch("ears")) == 1
    rig.server.script.clear()
    rig.server.requests.clear()
    assert rig.fetch("ears") == []
    assert [request.path for request in rig.server.requests] == [BIN_PATH]


def test_waits_grow_and_a_server_that_names_a_time_gets_it(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = [
        behaviour.status(500),
        behaviour.status(500),
        behaviour.status(429, Retry_After=30),
    ]
    assert rig.fetch("ears") == []
    assert rig.slept == [1.0, 2.0, 30.0]


def test_a_server_that_wants_us_back_tomorrow_is_not_waited_for(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = [behaviour.status(429, Retry_After=86_400)]
    assert "(429)" in sentences(rig.fetch("ears"))
    assert rig.slept == []


def test_a_redirect_to_a_known_host_is_followed(rig: Rig) -> None:
    rig.server.files["/elsewhere"] = BIN
    rig.server.script[BIN_PATH] = [behaviour.redirect("/elsewhere")]
    assert rig.fetch("ears") == []
    assert rig.server.asked_for("/elsewhere")[0].sent_bytes == BIG_BYTES


def test_a_server_that_is_not_there(rig: Rig, tmp_path: Path) -> None:
    with behaviour.nobody_there() as address:
        problems = rig.fetch("ears", "voice", source=address)
    assert sentences(problems) == "127.0.0.1 cannot be reached."
    assert problems[0].retryable
    assert rig.slept == list(WAITS_S)
    assert rig.in_place() == []


def test_a_name_that_nobody_knows(rig: Rig) -> None:
    problems = rig.fetch("ears", source="https://nowhere.invalid/models")
    assert isinstance(problems[0], ConnectionTrouble)
    assert sentences(problems) == "nowhere.invalid cannot be found on the network."


def test_one_broken_model_does_not_keep_the_others_away(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = always(behaviour.status(404))
    problems = rig.fetch("ears", "voice")
    assert len(problems) == 1
    assert installed(rig, "voice")
    assert not installed(rig, "ears")


# --- the disk ----------------------------------------------------------------------------------------


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(rig: Rig) -> None:
    with pytest.raises(ModelError, match=r"302 kB are to come and 200 MB must stay free, but only 150 MB"):
        rig.fetch("ears", free_bytes=lambda path: 150_000_000)
    assert rig.server.requests == []


def test_what_has_come_already_needs_no_room(rig: Rig) -> None:
    rig.server.script[BIN_PATH] = [behaviour.hang_up_after(299_000), *always(behaviour.status(500))]
    rig.fetch("ears")
    rig.server.script.clear()
    assert rig.fetch("ears", free_bytes=lambda path: 200_001_000) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk]).returncode:
        pytest.skip("needs root, to mount a small file system")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_disk_that_fills_up_in_the_middle_is_told_and_what_came_is_kept(
    server: FileServer, small_disk: Path
) -> None:
    rig = Rig(server, small_disk)
    problems = rig.fetch("ears")
    assert sentences(problems) == "The disk is full; what has come of model.bin of ears is kept."
    assert (rig.store.fetching(rig.model("ears")) / "model.bin.part").stat().st_size > 100_000
    assert rig.in_place() == []


def test_what_cannot_be_put_in_its_place_is_told(rig: Rig) -> None:
    (rig.store.root / "ears" / "model.bin" / "a folder").mkdir(parents=True)
    assert "ears cannot be put into" in sentences(rig.fetch("ears"))
    assert rig.store.status(rig.model("ears")) is Status.ABSENT


def test_a_store_that_cannot_be_written_is_told(rig: Rig) -> None:
    rig.store.root.parent.mkdir(exist_ok=True)
    rig.store.root.write_text("a file where a folder should be")
    with pytest.raises(ModelError, match="cannot be written to"), rig.store.alone():
        pytest.fail("it is not alone")


# --- a machine nearby --------------------------------------------------------------------------------


def test_a_copy_of_the_store_on_a_web_server_is_a_source(rig: Rig, server: FileServer) -> None:
    server.files["/models/ears/model.bin"] = BIN
    server.files["/models/ears/config.json"] = CONFIG
    assert rig.fetch("ears", source=f"{server.url}/models/") == []
    assert {request.path for request in server.requests} == {
        "/models/ears/config.json",
        "/models/ears/model.bin",
    }
    assert installed(rig, "ears")


def test_without_encryption_only_what_has_a_checksum_is_taken(rig: Rig) -> None:
    problems = rig.fetch("mind", source="http://192.0.2.1:8000/models")
    assert "small.gguf of mind has no known checksum, so it is not taken over http" in sentences(problems)


# --- mending -----------------------------------------------------------------------------------------


def test_only_the_damaged_file_is_fetched_again(rig: Rig) -> None:
    rig.fetch("ears")
    rig.server.requests.clear()
    file = rig.store.folder(rig.model("ears")) / "config.json"
    file.write_bytes(b"x" * len(CONFIG))
    assert rig.store.verify(rig.model("ears")) == ["config.json has its size, but not its content"]
    assert rig.fetch("ears") == []
    assert [request.path for request in rig.server.requests] == ["/r1/config.json"]
    assert installed(rig, "ears")


def test_files_in_place_that_the_lock_does_not_know_are_checked_and_kept(rig: Rig) -> None:
    """As after a power cut between the last move and the lock."""
    rig.fetch("ears", "voice")
    (rig.store.root / "lock.json").unlink()
    assert rig.store.status(rig.model("ears")) is Status.ABSENT
    rig.server.requests.clear()
    (rig.store.folder(rig.model("ears")) / "model.bin").unlink()
    assert rig.fetch("ears") == []
    assert [request.path for request in rig.server.requests] == [BIN_PATH]
    assert installed(rig, "ears")
