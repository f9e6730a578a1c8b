"""Recordings and their transcripts, in the shapes in which people and corpora keep them."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.errors import AudioFileError
from device.transcribed import Spoken, transcribed


def put(file: Path, text: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def test_a_text_beside_a_recording_tells_what_is_said(tmp_path: Path) -> None:
    one, two = put(tmp_path / "b" / "one.wav"), put(tmp_path / "a" / "two.v2.flac")
    put(tmp_path / "b" / "one.txt", "turn it on\n")
    put(tmp_path / "a" / "two.v2.txt", "turn it off")
    put(tmp_path / "readme.txt", "not about a recording")
    assert [(spoken.file, spoken.text.strip()) for spoken in transcribed(tmp_path)] == [
        (two, "turn it off"),
        (one, "turn it on"),
    ]


@pytest.mark.parametrize(
    "columns", ["path\ttranscript", "path\tsentence", "file\ttext", "file_name\ttranscript"]
)
def test_a_table_tells_what_is_said(tmp_path: Path, columns: str) -> None:
    recording = put(tmp_path / "clips" / "one.mp3")
    rows = [columns, 'clips/one.mp3\the said "no"', "clips/gone.mp3\tnever", "notes.md\twords"]
    put(tmp_path / "list.tsv", "\n".join(rows))
    assert transcribed(tmp_path) == [Spoken(recording, 'he said "no"')]


def test_a_librispeech_list_tells_what_is_said(tmp_path: Path) -> None:
    recording = put(tmp_path / "61" / "70968" / "61-70968-0000.flac")
    put(recording.parent / "61-70968.trans.txt", "61-70968-0000 HE BEGAN\n61-70968-0001 NOT HERE\n")
    assert transcribed(tmp_path) == [Spoken(recording, "HE BEGAN")]


def test_a_recording_is_counted_once_however_often_it_is_told(tmp_path: Path) -> None:
    recording = put(tmp_path / "one.wav")
    put(tmp_path / "list.tsv", "path\ttranscript\none.wav\tyes")
    put(tmp_path / "one.txt", "yes")
    assert transcribed(tmp_path) == [Spoken(recording, "yes")]


def test_other_tables_and_silent_recordings_are_left_out(tmp_path: Path) -> None:
    put(tmp_path / "one.wav")
    put(tmp_path / "one.txt", "  \n")
    put(tmp_path / "ages.tsv", "name\tage\none.wav\t7")
    with pytest.raises(AudioFileError, match="no recordings with transcripts"):
        transcribed(tmp_path)


def test_what_is_no_folder_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="is not a folder"):
        transcribed(tmp_path / "nowhere")
    put(tmp_path / "one.wav")
    (tmp_path / "one.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AudioFileError, match="cannot be read as text"):
        transcribed(tmp_path)


def test_the_manifest_of_the_shared_recordings_is_read(shared_data: Path) -> None:
    told = {
        spoken.file.relative_to(shared_data).as_posix(): spoken.text for spoken in transcribed(shared_data)
    }
    assert told["speech/ps_goforward.wav"] == "go forward ten meters"
    assert len(told) > 200
