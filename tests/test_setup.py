"""The set-up script on machines that lack something, and the locked packages.

The machines are a PATH of a few real programs and stand-ins for apt-get, id and sudo.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
REAL = (
    *("bash", "cat", "cut", "dirname", "env", "mkdir", "mktemp", "mv", "rm"),
    *("sed", "sha256sum", "tail", "uname"),
)

SetUp = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the script needs, so that it never touches this tree."""
    for folder in ("scripts", "requirements"):
        shutil.copytree(ROOT / folder, tmp_path / "tree" / folder)
    return tmp_path / "tree"


@pytest.fixture
def set_up(tmp_path: Path, tree: Path) -> SetUp:
    """Runs `scripts/setup.sh` where only REAL and the given stand-ins (name to shell lines) exist."""

    def run(programs: dict[str, str], level: str = "run", **env: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in REAL:
            real = shutil.which(name)
            assert real is not None
            (folder / name).symlink_to(real)
        for name, lines in {"ldconfig": LIBRARIES, **programs}.items():
            (folder / name).write_text(f"#!{shutil.which('bash')}\n{lines}\n")
            (folder / name).chmod(0o755)
        return subprocess.run(
            [tree / "scripts" / "setup.sh", level],
            env={"PATH": str(folder), "HOME": str(tmp_path), "LOG": str(tmp_path / "apt.log"), **env},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


LIBRARIES = "echo libportaudio.so.2 here; echo libopus.so.0 here"
PYTHON = f'exec {sys.executable} "$@"'
ROOT_ID, PERSON_ID = "echo 0", "echo 1000"
APT = 'echo "$*" >>"$LOG"'


def test_who_may_not_install_is_told_the_exact_line(set_up: SetUp, tree: Path) -> None:
    done = set_up({"python3": PYTHON, "id": PERSON_ID, "apt-get": APT})
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1].strip()
    assert line == "sudo apt-get update && sudo apt-get install --no-install-recommends -y espeak-ng"
    assert not (tree / ".venv").exists()


def test_a_sudo_that_wants_a_password_is_not_used(set_up: SetUp, tmp_path: Path) -> None:
    done = set_up({"python3": PYTHON, "id": PERSON_ID, "apt-get": APT, "sudo": "exit 1"})
    assert done.returncode == 1
    assert not (tmp_path / "apt.log").exists()


def test_root_installs_only_what_is_missing(set_up: SetUp, tmp_path: Path) -> None:
    """And says apt's last words when that fails."""
    failing = f'{APT}; [ "$1" = update ] || {{ echo "no such luck"; exit 100; }}'
    done = set_up({"python3": PYTHON, "id": ROOT_ID, "apt-get": failing})
    asked = (tmp_path / "apt.log").read_text().splitlines()
    assert asked[0] == "update"
    assert asked[1].endswith("install --no-install-recommends -y espeak-ng")
    assert done.returncode == 1
    assert "no such luck" in done.stderr
    assert "apt could not install espeak-ng" in done.stderr


def test_libraries_for_sound_are_installed_where_they_are_missing(set_up: SetUp, tmp_path: Path) -> None:
    programs = {"python3": PYTHON, "id": ROOT_ID, "apt-get": f"{APT}; false", "espeak-ng": ""}
    set_up(programs | {"ldconfig": "echo libopus.so.0 here"})
    assert (tmp_path / "apt.log").read_text().splitlines()[1].endswith("-y libportaudio2")


def test_a_desktops_own_sound_server_is_never_replaced(set_up: SetUp, tmp_path: Path) -> None:
    desktop = {"chromium": "", "pipewire": "", "pipewire-pulse": "", "wireplumber": "", "espeak-ng": ""}
    programs = {"python3": PYTHON, "id": ROOT_ID, "apt-get": f"{APT}; false", **desktop}
    set_up(programs, "test")
    asked = (tmp_path / "apt.log").read_text().splitlines()[1].split()
    assert "pulseaudio-utils" in asked
    assert "pulseaudio" not in asked


def test_a_python_without_venv_gets_debians_package(set_up: SetUp, tmp_path: Path) -> None:
    without = f'case "$*" in *ensurepip*) exit 1 ;; esac; {PYTHON}'
    set_up({"python3": without, "id": ROOT_ID, "apt-get": f"{APT}; false", "espeak-ng": ""})
    assert (tmp_path / "apt.log").read_text().splitlines()[1].endswith("-y python3-venv")


def test_an_old_python_is_named(set_up: SetUp) -> None:
    old = '[ "$1" = --version ] && echo "Python 3.9.2" || exit 1'
    done = set_up({"python3": old, "id": ROOT_ID, "apt-get": APT, "espeak-ng": ""})
    assert done.returncode == 1
    assert done.stderr == "twominds: Python 3.11 or newer is needed, and this is Python 3.9.2.\n"


def test_a_machine_without_apt_is_told_what_is_missing(set_up: SetUp) -> None:
    done = set_up({"python3": PYTHON, "id": ROOT_ID})
    assert done.returncode == 1
    assert "not a Debian: espeak-ng" in done.stderr


# --- make voice --------------------------------------------------------------------------------------

READY = {"python3": PYTHON, "id": ROOT_ID, "espeak-ng": "", "g++": ""}
"""A machine that lacks nothing of what apt has."""
MEMORY_KB = int(re.findall(r"MemTotal: *(\d+)", Path("/proc/meminfo").read_text())[0])


@pytest.fixture
def made(tree: Path) -> Path:
    """An environment that is made already. Its uv and its twominds only write down what they are told;
    FAIL names the one that fails. What they wrote is in the file that is given back."""
    told = tree.parent / "told.log"
    programs = tree / ".venv" / "bin"
    programs.mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", tree)
    (programs / "python").symlink_to(sys.executable)
    for name in ("uv", "twominds"):
        lines = f'echo "{name} $*" >>{told}; case "{name} $*" in *"${{FAIL:-nothing}}"*) exit 1 ;; esac'
        (programs / name).write_text(f"#!{shutil.which('bash')}\n{lines}\n")
        (programs / name).chmod(0o755)
    remember(tree, "uv", f"{tree} {digest(tree / 'requirements' / 'uv.txt')}")
    return told


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def remember(tree: Path, name: str, key: str) -> None:
    """As the script does when something is done."""
    done = tree / ".venv" / ".done"
    done.mkdir(exist_ok=True)
    (done / name).write_text(f"{key}\n")


def keep_llama(home: Path) -> None:
    """As if llama-cpp-python had been compiled before."""
    version = re.search(r"==(\S+)", (ROOT / "requirements" / "native-source.txt").read_text())
    assert version is not None
    machine, python = os.uname().machine, f"py{sys.version_info[0]}.{sys.version_info[1]}"
    folder = home / ".cache" / "twominds" / "wheels" / f"{python}-{machine}"
    folder.mkdir(parents=True)
    (folder / f"llama_cpp_python-{version[1]}-py3-none-linux_{machine}.whl").write_text("a wheel")


memory_to_compile = pytest.mark.skipif(MEMORY_KB < 900_000, reason="needs a machine that may compile")


def steps(told: Path) -> list[str]:
    """What was installed and fetched, in order."""
    wanted = r"requirements/(\w+)\.txt|(models fetch.*)|(llama_cpp_python)|(-e \.)|(uv venv)"
    found = re.findall(wanted, told.read_text())
    return ["".join(parts) for parts in found]


@memory_to_compile
def test_voice_says_first_what_it_brings_and_fetches_models_before_the_long_wait(
    set_up: SetUp, made: Path, tmp_path: Path
) -> None:
    keep_llama(tmp_path)
    done = set_up(READY, "voice")
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "twominds: this brings free speech, a language model and a voice to this machine:"
    assert "five to ten minutes on two desktop cores, longer on a Raspberry Pi" in said[3]
    assert said[-1] == "twominds: ready: make run"
    assert steps(made) == ["voice", "-e .", "models fetch", "llama_cpp_python"]


@memory_to_compile
def test_voice_goes_on_without_a_language_model_when_it_cannot_be_compiled(set_up: SetUp, made: Path) -> None:
    done = set_up(READY, "voice", FAIL="uv venv")
    assert done.returncode == 0
    assert "compiling llama-cpp-python" in done.stdout
    assert (
        "there will be no language model on board, for the reason above; everything else works" in done.stdout
    )
    assert done.stdout.splitlines()[-1] == "twominds: ready: make run"
    assert steps(made) == ["voice", "-e .", "models fetch", "uv venv"]


@memory_to_compile
def test_voice_tells_when_models_did_not_come_and_does_the_rest(
    set_up: SetUp, made: Path, tmp_path: Path
) -> None:
    keep_llama(tmp_path)
    done = set_up(READY, "voice", FAIL="models fetch", FROM="http://192.168.1.20:8000/models")
    assert done.returncode == 1
    assert "not all models are here" in done.stderr
    assert steps(made)[-2:] == ["models fetch --from http://192.168.1.20:8000/models", "llama_cpp_python"]


def test_run_after_voice_undoes_nothing(set_up: SetUp, made: Path, tree: Path) -> None:
    remember(tree, "voice", digest(tree / "requirements" / "voice.txt"))
    assert set_up(READY).returncode == 0
    assert steps(made) == ["-e ."]


def test_run_keeps_what_voice_added_up_to_date(set_up: SetUp, made: Path, tree: Path) -> None:
    remember(tree, "voice", "of an older lock")
    assert set_up(READY).returncode == 0
    assert steps(made) == ["voice", "-e ."]


def test_a_level_that_does_not_exist_is_told(set_up: SetUp, made: Path) -> None:
    done = set_up(READY, "voices")
    assert done.returncode == 1
    levels = "run, gateway, silero, voice, test, native or others"
    assert done.stderr == f"twominds: unknown level voices: {levels}\n"


def test_make_help_names_every_target() -> None:
    shown = subprocess.run(
        ["make", "-s"], cwd=ROOT, capture_output=True, text=True, env=os.environ | {"MAKEFLAGS": ""}
    )
    targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [line.split()[1] for line in shown.stdout.splitlines()] == targets


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_a_version_and_a_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=[a-z])", re.sub(r"^\s*#.*\n", "", lock.read_text(), flags=re.MULTILINE))
    assert entries
    for entry in entries:
        assert re.match(r"\s*[a-z0-9-]+==[0-9]", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_place_to_fetch_from(lock: Path) -> None:
    assert not re.search(r"https?:|--index|--find-links|file:", lock.read_text())


def pins(name: str) -> set[str]:
    """`package==version` of a lock; a package may stand twice, for different Pythons."""
    return set(re.findall(r"^([a-z0-9-]+==[^ ;]+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))


def test_the_locks_agree_with_each_other() -> None:
    """What the tests ran with is what people run."""
    assert pins("run.txt") <= pins("silero.txt") <= pins("dev.txt")
    assert pins("silero.txt") <= pins("voice.txt") <= pins("dev.txt") | pins("native.txt")


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = {pin.partition("==")[0] for pin in pins("run.txt")}
    asked = {re.split(r"[^a-z0-9-]", dependency)[0] for dependency in project["dependencies"]}
    assert asked <= locked
    assert project["optional-dependencies"]["llama"] == [*pins("native-source.txt")]
