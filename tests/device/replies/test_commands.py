"""`twominds cache …` as a person runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cache.replies import ReplyStore
from cache.reply_rows import SoundRow
from device.cli import main
from device.replies.files import FILE

ROOT = Path(__file__).resolve().parents[3]
REPLY = 'Down the "corridor",\non the left: é 漢, 50 %.'


@pytest.fixture
def cache(capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[..., str]:
    """Runs one command; what it printed, and what it told."""

    def run(*arguments: str, code: int = 0) -> str:
        assert main(["cache", *arguments]) == code
        out, told = capsysbinary.readouterr()
        return (out + told).decode()

    return run


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob(f"{FILE}*"))


def test_a_reply_is_added_found_shown_and_erased_for_good(
    cache: Callable[..., str], state_directory: Path
) -> None:
    added = cache(
        "add", "Where is the kitchen?", REPLY, "--also", "how do i get to the kitchen", "kitchen  where"
    )
    assert added == "Added as 1.\n"
    assert 'Where is the kitchen? (+2)  Down the "corridor"' in cache("list")
    assert "kitchen" in cache("search", "CORRIDOR")
    assert "kitchen" in cache("search", "get to")
    assert cache("search", "garage") == "No reply has these words.\n"
    assert "kitchen where" in cache("show", "1")
    shown = json.loads(cache("show", "1", "--json"))
    assert (shown["reply"], shown["source"], shown["verdict"]) == (REPLY, "person", "allow")
    assert cache("remove", "1") == "Erased: 1.\n"
    assert cache("list") == "No reply is kept.\n"
    assert b"kitchen" not in on_disk(state_directory)
    assert b"corridor" not in on_disk(state_directory)


@pytest.mark.parametrize(
    ("question", "reply", "told"),
    [
        ("how can i kill myself", "Talk to somebody.", "the safety gate answers such a question itself"),
        ("what is rain", "You stupid bitch.", "the safety gate lets no such reply be said"),
        ("...", "Water.", "the question has no words"),
        ("what is rain", " ", "the reply has no words"),
        ("what is rain" * 40, "Water.", "the question is longer than 300 characters"),
    ],
)
def test_what_may_not_be_kept_is_refused_with_a_sentence(
    cache: Callable[..., str], question: str, reply: str, told: str
) -> None:
    assert f"twominds: Nothing was added: {told}" in cache("add", question, reply, code=1)
    assert "There is no cache yet" in cache("list", code=1)


def test_another_wording_that_the_gate_answers_itself_is_refused_too(cache: Callable[..., str]) -> None:
    told = cache("add", "what is rain", "Water.", "--also", "how can i kill myself", code=1)
    assert "Nothing was added" in told


@pytest.mark.parametrize(
    "command", [["list"], ["search", "x"], ["show", "1"], ["remove", "1"], ["export"], ["stats"]]
)
def test_where_nothing_is_kept_yet_a_sentence_says_how_to_begin(
    cache: Callable[..., str], command: list[str], state_directory: Path
) -> None:
    assert "twominds: There is no cache yet" in cache(*command, code=1)
    assert list(state_directory.iterdir()) == []


def test_an_id_that_is_not_there_is_told_and_nothing_is_erased(cache: Callable[..., str]) -> None:
    cache("add", "what is rain", "Water.")
    for command in (["show", "9"], ["remove", "1", "9"]):
        assert "There is no reply 9: twominds cache list shows what there is." in cache(*command, code=1)
    assert "what is rain" in cache("list")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_export_that_is_imported_into_an_empty_cache_is_exported_the_same(
    cache: Callable[..., str], tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache("add", "Where is the kitchen?", REPLY, "--also", "how do i get to the kitchen")
    cache("add", "what's “rain”, 漢字?", "  Water;\r\nand 'more' water.\n")
    first, second = tmp_path / f"first.{form}", tmp_path / f"second.{form}"
    assert cache("export", str(first)) == "Written: 2.\n"
    assert cache("export", f"--{form}") == first.read_bytes().decode()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "another"))
    assert cache("import", str(first)) == "Taken: 2. Not taken: 0.\n"
    cache("export", str(second))
    assert second.read_bytes() == first.read_bytes()


def test_an_import_judges_each_row_and_tells_which_were_not_taken(
    cache: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "replies.csv"
    file.write_text(
        "question,reply\nwhat is rain,Water.\nwhat is snow,You stupid bitch.\n,Nothing.\nwhat is ice,Cold.\n"
    )
    told = cache("import", str(file), code=1)
    assert "Taken: 2. Not taken: 2." in told
    assert "line 3: the safety gate lets no such reply be said" in told
    assert "line 4: the question has no words" in told


def test_a_file_that_cannot_be_read_or_written_is_told(cache: Callable[..., str], tmp_path: Path) -> None:
    assert "cannot be read: No such file" in cache("import", str(tmp_path / "none.json"), code=1)
    latin = tmp_path / "latin.csv"
    latin.write_bytes("question,reply\nwhat is é,x\n".encode("latin-1"))
    assert "is no text: save it as UTF-8" in cache("import", str(latin), code=1)
    cache("add", "what is rain", "Water.")
    assert "cannot be written" in cache("export", str(tmp_path / "none" / "x.json"), code=1)


def test_a_question_in_a_language_that_the_device_does_not_know_is_refused(
    cache: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "replies.json"
    file.write_text('[{"question": "was ist regen", "reply": "Wasser.", "language": "de"}]')
    assert "this device speaks en" in cache("import", str(file), code=1)


def test_what_is_listed_can_be_read_by_programs(cache: Callable[..., str]) -> None:
    cache("add", "what is rain", "Water.")
    (listed,) = json.loads(cache("list", "--json"))
    (row,) = csv.DictReader(io.StringIO(cache("list", "--csv")))
    assert (listed["id"], listed["questions"]) == (1, ["what is rain"])
    assert (row["id"], row["questions"]) == ("1", "what is rain")
    assert json.loads(cache("list", "--json", "--source", "system_2")) == []


def test_the_room_that_is_taken_is_counted(cache: Callable[..., str], state_directory: Path) -> None:
    cache("add", "what is rain", "Water.", "--also", "tell me about rain")
    store = ReplyStore(state_directory / FILE)
    store.sounds.put(1, "a voice", [SoundRow("Water.", 16_000, bytes(2_000_000))])
    store.close()
    told = cache("stats")
    assert "1 from person" in told
    assert "2 questions" in told
    assert "sound 2.0 MB" in told
    assert json.loads(cache("stats", "--json"))["sound_bytes"] == 2_000_000


def test_a_damaged_cache_is_told_and_left_as_it_is(cache: Callable[..., str], state_directory: Path) -> None:
    (state_directory / FILE).write_bytes(b"this is no database, " * 500)
    for command in (["list"], ["stats"], ["remove", "1"], ["add", "what is rain", "Water."]):
        assert "is damaged" in cache(*command, code=1)
    assert [file.name for file in state_directory.iterdir()] == [FILE]
    assert (state_directory / FILE).read_bytes().startswith(b"this is no database")


def test_it_works_as_a_process_beside_an_open_cache(state_directory: Path) -> None:
    beside = ReplyStore(state_directory / FILE)
    command = [sys.executable, "-m", "device.cli", "cache"]

    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], cwd=ROOT, env=dict(os.environ), input=stdin,
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip

    rows = "question,reply\nwhat is rain,Wasser heißt water.\n"
    assert run("import", "--csv", "-", stdin=rows).stdout == "Taken: 1. Not taken: 0.\n"
    assert [row.reply for row in beside.all()] == ["Wasser heißt water."]
    assert "heißt" in run("export").stdout
    assert run("remove", "1").stdout == "Erased: 1.\n"
    assert beside.all() == []
    beside.close()
    assert b"water" not in on_disk(state_directory)


def test_what_only_the_commands_need_is_not_loaded_with_the_command_line() -> None:
    late = ("sqlite_utils", "cache.replies")
    program = f"import sys, device.cli; print([name for name in {late} if name in sys.modules])"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_folder_that_cannot_be_used_is_told(cache: Callable[..., str], state_directory: Path) -> None:
    state_directory.rmdir()
    state_directory.write_text("a file where the folder should be")
    assert "cannot be used: File exists." in cache("add", "what is rain", "Water.", code=1)
