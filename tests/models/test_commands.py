"""The commands as people run them, and what they read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from device.cli import main
from device.errors import ModelError
from models.commands import listing, plan_text, settle_terms
from models.store import Status
from tests.models import server as behaviour
from tests.models.server import FileServer
from tests.models.toys import Rig

ROOT = Path(__file__).resolve().parents[2]
VOICE, VOICE_BYTES = "en_US-lessac-low", 63_201_294
"""A model of the shipped catalogue that has no checksum there, so that a stand-in of its size passes."""
ONNX, CONFIG = f"/{VOICE}/{VOICE}.onnx", f"/{VOICE}/{VOICE}.onnx.json"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state directory of the commands that run in this process."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path


def twominds(state: Path, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own, as a person starts it, without a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "device.cli", "models", *arguments],
        cwd=ROOT,
        env=os.environ | {"STATE_DIRECTORY": str(state)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def voice_server(server: FileServer) -> FileServer:
    server.files |= {ONNX: b"\7" * VOICE_BYTES, CONFIG: b"{" + b" " * 4880 + b"}"}
    return server


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_fetch_that_is_ended_in_the_middle_goes_on_from_there(
    voice_server: FileServer, tmp_path: Path, end: signal.Signals
) -> None:
    voice_server.script[ONNX] = [behaviour.serve_some(None, slow_s=0.1)]
    fetching = twominds(tmp_path, "fetch", VOICE, "--from", voice_server.url)
    part = tmp_path / "models" / ".fetching" / VOICE / f"{VOICE}.onnx.part"
    eventually(lambda: part.exists() and part.stat().st_size > 5_000_000)
    fetching.send_signal(end)
    _, told = fetching.communicate(timeout=20)
    assert fetching.returncode == (130 if end is signal.SIGINT else -signal.SIGKILL)
    assert ("Stopped. What has come is kept" in told) is (end is signal.SIGINT)
    assert "Traceback" not in told
    come = part.stat().st_size
    assert not (tmp_path / "models" / VOICE).exists()

    again = twominds(tmp_path, "fetch", VOICE, "--from", voice_server.url)
    said, told = again.communicate(timeout=60)
    assert again.returncode == 0, told
    assert f"Installed: {VOICE}" in said
    assert voice_server.asked_for(ONNX)[-1].sent_bytes == VOICE_BYTES - come
    installed = tmp_path / "models" / VOICE / f"{VOICE}.onnx"
    assert installed.read_bytes() == voice_server.files[ONNX]
    assert list((tmp_path / "models" / ".fetching").iterdir()) == []
    pinned = json.loads((tmp_path / "models" / "lock.json").read_text())[VOICE]
    assert pinned["files"][f"{VOICE}.onnx"]["bytes"] == VOICE_BYTES


def test_a_model_from_fetching_to_removing(
    voice_server: FileServer, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        code = main(["models", *arguments])
        out, err = capsys.readouterr()
        return code, out + err

    assert run("verify") == (0, "No model is installed: twominds models fetch\n")
    assert run("verify", VOICE) == (1, f"{VOICE} is not installed: twominds models fetch {VOICE}\n")
    code, said = run("fetch", VOICE, "--from", voice_server.url)
    assert code == 0
    assert "63 MB to come: estimated 2 min at 5 Mbit/s, 25 s at 20 Mbit/s, 5 s at 100 Mbit/s." in said
    assert f"Installed: {VOICE}" in said
    assert run("verify") == (0, f"{VOICE}: whole\n")
    code, said = run("fetch", VOICE)
    assert (code, said.splitlines()[-1]) == (0, "All of it is here, and whole.")
    file = state / "models" / VOICE / f"{VOICE}.onnx.json"
    file.write_bytes(b"}" * 4882)
    code, said = run("verify", VOICE)
    assert code == 1
    assert f"{VOICE}.onnx.json has its size, but not its content" in said
    assert f"twominds models fetch {VOICE} mends it" in said
    assert run("fetch", VOICE, "--from", voice_server.url)[0] == 0
    assert run("verify", VOICE)[0] == 0
    file.unlink()
    assert f"{VOICE}       piper    63 MB   damaged" in run("list")[1]
    assert run("remove", VOICE) == (0, f"{VOICE} is removed.\n")
    assert run("remove", VOICE) == (1, f"{VOICE} is not installed.\n")
    assert run("remove", "nothing") == (
        1,
        "twominds: There is no model nothing in the catalogue. All of them: twominds models list\n",
    )


def test_a_plan_fetches_nothing(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "fetch", "--plan", "pi5", "whisper-tiny"]) == 0
    said = capsys.readouterr().out
    for name in ("whisper-base.en", "gemma-3-1b-it", "en_US-ljspeech-medium", "whisper-tiny"):
        assert name in said
    assert "1.1 GB to come: estimated 28 min at 5 Mbit/s, 7 min at 20 Mbit/s, 84 s at 100 Mbit/s." in said
    assert f"They will lie in {state / 'models'}" in said
    assert not (state / "models").exists()


def test_what_is_not_to_be_had_is_told_at_the_end(
    voice_server: FileServer, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del voice_server.files[CONFIG]
    assert main(["models", "fetch", VOICE, "--from", voice_server.url]) == 1
    told = capsys.readouterr().err
    assert f"twominds: 127.0.0.1 does not have {VOICE}.onnx.json of {VOICE} (404 for http://127.0.0.1" in told
    assert "online" not in told


def test_an_address_that_is_none_is_a_wrong_argument(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", "fetch", "--from", "here"])
    assert ended.value.code == 2
    assert "here is not the address of a web server" in capsys.readouterr().err


def test_the_list_shows_what_is_here_and_what_is_for_this_board(rig: Rig) -> None:
    rig.fetch("ears", "voice")
    os.truncate(rig.store.root / "voice" / "voice.onnx", 1)
    shown = {
        line.split()[1 if line[0] == "*" else 0]: line for line in listing(rig.store).splitlines() if line
    }
    assert shown["ears"].split() == ["*", "ears", "whisper", "302", "kB", "installed", "usual", "none"]
    assert shown["voice"].split()[:6] == ["*", "voice", "piper", "101", "kB", "damaged"]
    assert shown["mind"].split() == ["mind", "llama", "210", "kB", "absent", "least", "none"]
    assert shown["big-mind"].endswith("none, terms to accept")
    assert "This is Raspberry Pi 5 Model B Rev 1.0 with 3.9 GiB of memory and 4 cores: tier usual" in listing(
        rig.store
    )


def test_a_plan_says_what_is_here(rig: Rig) -> None:
    models = rig.store.catalogue.chosen(["usual"])
    shown = plan_text(rig.store, models, {"big-mind": 200_000, "voice": 0})
    assert "ears                      is here" in shown
    assert "200 kB to come" in shown


# --- terms -------------------------------------------------------------------------------------------


def settled(
    rig: Rig, *names: str, named: bool = False, answer: bool | None = None, accepted: bool = False
) -> list[str]:
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return bool(answer)

    models = settle_terms(
        rig.store,
        rig.store.catalogue.chosen(names),
        set(names) if named else set(),
        accepted=accepted,
        ask=None if answer is None else ask,
    )
    assert len(asked) <= 1
    return [model.name for model in models]


def test_terms_are_told_and_asked_about(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    assert settled(rig, "usual", answer=True) == ["ears", "big-mind", "voice"]
    assert "big-mind comes under the Toy Terms: https://terms.example/" in capsys.readouterr().out


def test_terms_may_be_accepted_beforehand(rig: Rig) -> None:
    assert settled(rig, "usual", accepted=True) == ["ears", "big-mind", "voice"]


@pytest.mark.parametrize("answer", [None, False])
def test_without_consent_another_model_comes(
    rig: Rig, capsys: pytest.CaptureFixture[str], answer: bool | None
) -> None:
    assert settled(rig, "usual", answer=answer) == ["ears", "mind", "voice"]
    said = capsys.readouterr().out
    assert "They are not accepted, so mind comes in its place." in said
    assert "twominds models fetch big-mind --accept-terms" in said


def test_a_model_asked_for_by_name_is_not_exchanged_for_another(rig: Rig) -> None:
    with pytest.raises(ModelError, match=r"big-mind is fetched only under the Toy Terms .*--accept-terms"):
        settled(rig, "big-mind", named=True)


def test_what_is_installed_was_agreed_to(rig: Rig) -> None:
    rig.fetch("big-mind")
    assert rig.store.status(rig.model("big-mind")) is Status.INSTALLED
    assert settled(rig, "usual") == ["ears", "big-mind", "voice"]
