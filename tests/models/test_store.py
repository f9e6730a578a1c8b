"""What an engine is given, and what it is told when there is nothing to give."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from device.errors import EngineMissing, ModelError
from models.board import Board
from models.catalogue import Kind
from models.store import ModelStore, Status, open_store
from tests.models.toys import CONFIG, Rig


def refused(rig: Rig, kind: str, wanted: str = "") -> str:
    with pytest.raises(EngineMissing) as error:
        rig.store.find(kind, wanted)
    return str(error.value)


def test_a_folder_or_a_file_is_given_as_the_kind_wants_it(rig: Rig) -> None:
    rig.fetch("ears", "mind", "voice")
    assert rig.store.find("whisper") == rig.store.root / "ears"
    assert rig.store.find(Kind.LLAMA, "mind") == rig.store.root / "mind" / "small.gguf"
    voice = rig.store.find("piper", "voice")
    assert voice == rig.store.root / "voice" / "voice.onnx"
    assert voice.with_name(voice.name + ".json").is_file()


def test_a_path_of_the_persons_own_is_given_as_it_is(rig: Rig, tmp_path: Path) -> None:
    own = tmp_path / "mine.gguf"
    own.write_bytes(b"GGUF")
    assert rig.store.find("llama", str(own)) == own
    assert rig.store.find("whisper", str(tmp_path)) == tmp_path


def test_a_path_in_the_home_folder_may_begin_with_a_tilde(rig: Rig) -> None:
    assert refused(rig, "llama", "~/none.gguf") == (
        f"There is no file {Path.home()}/none.gguf, which is named as the model for llama."
    )


def test_a_path_that_is_not_there_or_of_the_wrong_sort_is_told(rig: Rig, tmp_path: Path) -> None:
    assert "There is no folder" in refused(rig, "whisper", str(tmp_path / "none"))
    assert f"There is no file {tmp_path}," in refused(rig, "piper", str(tmp_path))


def test_what_is_not_installed_is_told_with_the_command(rig: Rig) -> None:
    assert refused(rig, "whisper", "ears") == "ears is not installed: twominds models fetch ears"
    assert refused(rig, "whisper") == (
        "No model for whisper is installed: make voice, or: twominds models fetch ears"
    )
    assert refused(rig, "sherpa").startswith(
        "No model for sherpa is installed, and none is meant for Raspberry"
    )


def test_a_wrong_name_is_told(rig: Rig) -> None:
    assert refused(rig, "whisper", "eers") == "There is no model eers in the catalogue. Did you mean ears?"
    rig.fetch("mind")
    assert refused(rig, "whisper", "mind") == "mind is a model for llama, not for whisper."


@pytest.mark.parametrize("harm", ["truncate", "delete"])
def test_a_damaged_model_is_told_with_what_mends_it(rig: Rig, harm: str) -> None:
    rig.fetch("ears")
    file = rig.store.root / "ears" / "model.bin"
    if harm == "delete":
        file.unlink()
    else:
        os.truncate(file, 10)
    said = "is missing" if harm == "delete" else "has 10 bytes, not 300000"
    message = f"ears is damaged (model.bin {said}): twominds models fetch ears mends it"
    assert refused(rig, "whisper", "ears") == message
    assert refused(rig, "whisper") == message
    assert rig.store.status(rig.model("ears")) is Status.DAMAGED
    assert rig.fetch("ears") == []
    assert rig.store.find("whisper") == rig.store.root / "ears"


def test_the_tiers_own_model_goes_before_others(rig: Rig) -> None:
    rig.fetch("mind")
    assert rig.store.find("llama") == rig.store.root / "mind" / "small.gguf"
    rig.fetch("big-mind")
    assert rig.store.find("llama") == rig.store.root / "big-mind" / "small.gguf"


def test_the_tiers_own_model_goes_before_larger_ones_that_fit(rig: Rig) -> None:
    rig.fetch("mind", "big-mind")
    small = ModelStore(rig.store.root, rig.store.catalogue, Board("", 900, 1))
    assert small.tier.name == "least"
    assert small.find("llama") == rig.store.root / "mind" / "small.gguf"


def test_where_the_memory_cannot_be_read_the_tiers_own_model_is_taken_all_the_same(rig: Rig) -> None:
    rig.fetch("mind", "big-mind")
    unread = ModelStore(rig.store.root, rig.store.catalogue, Board("", 0, 1))
    assert unread.find("llama") == rig.store.root / "mind" / "small.gguf"


def test_a_damaged_one_is_passed_over_for_a_whole_one(rig: Rig) -> None:
    rig.fetch("mind", "big-mind")
    (rig.store.root / "big-mind" / "small.gguf").unlink()
    assert rig.store.find("llama") == rig.store.root / "mind" / "small.gguf"


def test_a_model_that_does_not_fit_is_taken_only_by_name(rig: Rig) -> None:
    rig.fetch("big-ears")
    assert "No model for whisper is installed" in refused(rig, "whisper")
    assert rig.store.find("whisper", "big-ears") == rig.store.root / "big-ears"


def test_another_version_is_usable_until_the_new_one_is_here(rig: Rig) -> None:
    rig.fetch("ears")
    lock = rig.store.root / "lock.json"
    lock.write_text(lock.read_text().replace('"r1"', '"r0"'))
    assert rig.store.status(rig.model("ears")) is Status.OLDER
    assert rig.store.find("whisper") == rig.store.root / "ears"


def test_a_lock_that_cannot_be_read_is_told_and_mended_by_deleting_it(rig: Rig) -> None:
    rig.fetch("ears")
    lock = rig.store.root / "lock.json"
    lock.write_text("{ not json")
    told = refused(rig, "whisper")
    assert re.search(r"lock.json cannot be read .*Delete it, and run: twominds models fetch", told)
    lock.unlink()
    rig.server.requests.clear()
    assert rig.fetch("ears") == []
    assert rig.server.requests == []
    assert rig.store.find("whisper") == rig.store.root / "ears"


def test_verify_reads_every_byte(rig: Rig) -> None:
    rig.fetch("ears")
    model, folder = rig.model("ears"), rig.store.root / "ears"
    assert rig.store.verify(model) == []
    (folder / "config.json").write_bytes(b"?" * len(CONFIG))
    assert rig.store.status(model) is Status.INSTALLED
    assert rig.store.verify(model) == ["config.json has its size, but not its content"]
    os.truncate(folder / "config.json", 5)
    (folder / "model.bin").unlink()
    assert rig.store.verify(model) == ["config.json has 5 bytes, not 2000", "model.bin is missing"]


def test_what_cannot_be_read_is_damaged(rig: Rig) -> None:
    """A folder stands in for a file on a dying card."""
    rig.fetch("ears")
    file = rig.store.root / "ears" / "config.json"
    file.unlink()
    file.mkdir()
    lock = rig.store.root / "lock.json"
    lock.write_text(lock.read_text().replace("2000", str(file.stat().st_size)))
    assert rig.store.verify(rig.model("ears")) == ["config.json cannot be read: Is a directory"]


def test_removing_takes_what_was_begun_too_and_keeps_the_pins(rig: Rig) -> None:
    rig.fetch("ears")
    begun = rig.store.fetching(rig.model("ears")) / "x.part"
    begun.parent.mkdir(parents=True)
    begun.write_bytes(b"x")
    assert rig.store.remove(rig.model("ears"))
    assert not begun.exists()
    assert rig.store.status(rig.model("ears")) is Status.ABSENT
    assert "ears" in rig.store.lock()
    assert not rig.store.remove(rig.model("ears"), forget=True)
    assert "ears" not in rig.store.lock()


def test_two_cannot_change_the_store_at_once(rig: Rig) -> None:
    with (
        rig.store.alone(),
        pytest.raises(ModelError, match="Another twominds is fetching"),
        rig.store.alone(),
    ):
        pytest.fail("both were let in")
    with rig.store.alone():
        pass


def test_the_store_of_a_machine_lies_in_its_state_directory(tmp_path: Path) -> None:
    store = open_store({"STATE_DIRECTORY": str(tmp_path)})
    assert store.root == tmp_path / "models"
    assert not store.root.exists()


def test_looking_changes_nothing(tmp_path: Path, rig: Rig) -> None:
    store = ModelStore(tmp_path / "none" / "models", rig.store.catalogue, Board("", 1000, 1))
    with pytest.raises(EngineMissing):
        store.find("whisper")
    assert not (tmp_path / "none").exists()
