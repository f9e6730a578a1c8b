"""The commands: `twominds run`, `ask`, `replay`, `doctor`, `identity`, `bench stt`, `config …` and others.

Each is a thin shell: it reads its arguments and the settings, calls one function, prints, and gives
an exit code. 0 is success, 1 a problem that was told in a sentence, 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

import device.forgetting.command
import device.replies.commands
import models.commands
from device import __version__, cli_bench_stt, config_load, config_show, log, places
from device.config import Settings, System2
from device.core_dumps import forbid_core_dumps
from device.egress import Egress, install_guard
from device.errors import AudioFileError, SettingsError, TwomindsError, parts
from device.hw import checked
from device.jobs import still_running
from device.ports import SpeechToText

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Errors that are a person's to solve are printed as one sentence."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows only ASCII still gets an answer
    parsed = build_parser().parse_args(arguments)
    log.set_up(logging.DEBUG if parsed.verbose else parsed.log_level)
    install_guard(Egress())  # whoever has somewhere to send to puts one of their own in its place
    command: Callable[[argparse.Namespace], int] = parsed.command
    code = 1
    try:
        code = command(parsed)
        sys.stdout.flush()
    except* TwomindsError as errors:
        for error in parts(errors):
            print(f"twominds: {error}", file=sys.stderr)
    except* BrokenPipeError:  # whoever read the output has had enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except* KeyboardInterrupt:
        code = 130
    return code


def console() -> None:
    """Run one command and end the process.

    An interpreter that ends under a thread in native code crashes, so one that hangs is left where it is.
    """
    forbid_core_dumps()
    code = main()
    if names := still_running():
        logging.warning("left behind at the end: %s", ", ".join(names))
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, for `main`, the shell completion and the tests of the docs."""
    parser = argparse.ArgumentParser(
        "twominds", description="A voice agent on a board: hold a button, speak, and be answered."
    )
    parser.add_argument("--version", action="version", version=f"twominds {__version__}")
    parser.set_defaults(log_level=logging.WARNING)
    parser.add_argument("--verbose", action="store_true", help="log what is going on, words included")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = _add(commands, "run", _run, "start the agent and its page", "twominds run --port 8200")
    run.set_defaults(log_level=logging.INFO)
    run.add_argument(
        "--port", type=_port, metavar="PORT", help="the page's port, instead of the one in the settings"
    )
    run.add_argument(
        "--thin", action="store_true", help="without engines and page: button, lights and sound for System 2"
    )

    asking = 'twominds ask "what time is it"', "twominds ask --wav question.wav --out reply.wav"
    ask = _add(commands, "ask", _ask, "answer one question, typed or recorded", *asking)
    question = ask.add_mutually_exclusive_group(required=True)
    question.add_argument("text", nargs="?", type=_request, help="the words to answer")
    question.add_argument("--wav", type=Path, metavar="FILE", help="a recording: wav, flac, mp3 or ogg")
    ask.add_argument("--out", type=Path, metavar="FILE", help="write the spoken reply to this WAV file")
    ask.add_argument("--json", action="store_true", help="print the turn as one JSON object")

    replaying = "twominds replay --fast --json recordings/"
    replay = _add(commands, "replay", _replay, "take recordings through the whole turn", replaying)
    replay.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="recordings, or folders of them")
    replay.add_argument("--fast", action="store_true", help="as fast as the machine can, not in real time")
    replay.add_argument("--json", action="store_true", help="print one JSON object per line")

    examining = "twominds doctor", "twominds doctor --acoustic"
    what = "tell what works here, and how to mend what does not"
    doctor = _add(commands, "doctor", _doctor, what, *examining)
    doctor.set_defaults(log_level=logging.ERROR)  # what is wrong is among the findings
    doctor.add_argument(
        "--acoustic", action="store_true", help="play sounds, and measure how the microphone hears them"
    )
    doctor.add_argument("--json", action="store_true", help="print what was found as JSON")

    what = "tell who this device is, and what registers it at a gateway"
    identity = _add(commands, "identity", _identity, what, "twominds identity")
    identity.add_argument("--json", action="store_true", help="print it as JSON")

    bench = commands.add_parser("bench", help="measure the engines", description="Measure the engines.")
    benches = bench.add_subparsers(required=True, metavar="ENGINE")
    measuring = "twominds bench stt --wer recordings/ --contexts", "twominds bench stt --wav question.wav"
    what = "measure how well and how fast speech is recognised"
    cli_bench_stt.add_arguments(_add(benches, "stt", _bench_stt, what, *measuring))

    config = commands.add_parser("config", help="look at the settings", description="Look at the settings.")
    views = config.add_subparsers(required=True, metavar="VIEW")
    _add(views, "show", _config_show, "print every setting in force", "twominds config show")
    checking = "twominds config check my.toml"
    check = _add(views, "check", _config_check, "find the mistakes in a settings file", checking)
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help="not the one that would be read")

    device.forgetting.command.register(commands, _add, _settings)
    models.commands.register(commands, _add)
    device.replies.commands.register(commands, _add, _settings)
    return parser


def _add(
    commands: Commands, name: str, act: Callable[[argparse.Namespace], int], what: str, *examples: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog="\n  ".join(["example:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=act)
    return parser


# --- commands ------------------------------------------------------------------------------------


def _run(parsed: argparse.Namespace) -> int:
    settings = _settings()
    if parsed.thin:
        from device.thin import serve_thin as serve
    else:
        from device.app import serve
    if parsed.port is not None:
        settings = replace(settings, panel=replace(settings.panel, port=parsed.port))
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_until_sigterm(serve(settings)))
    return 0


async def _until_sigterm(serving: Coroutine[None, None, None]) -> None:
    """As a service manager asks for it: everything is closed in order, as with Ctrl-C."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await serving


def _ask(parsed: argparse.Namespace) -> int:
    from device.rehearsal import ask

    if parsed.out and not parsed.out.parent.is_dir():
        raise AudioFileError(f"{parsed.out} cannot be written: there is no folder {parsed.out.parent}.")
    outcome, sound = asyncio.run(ask(_settings(), text=parsed.text, recording=parsed.wav))
    if parsed.out:
        from device.audio.recording import write_wav

        write_wav(parsed.out, sound)
    if parsed.json:
        print(json.dumps(outcome.as_json(), ensure_ascii=False))
    else:
        print(outcome.as_text())
    return 1 if outcome.error else 0


def _replay(parsed: argparse.Namespace) -> int:
    from device.rehearsal import replay

    failed = False

    async def all_of_them() -> None:
        nonlocal failed
        async for outcome in replay(_settings(), parsed.paths, fast=parsed.fast):
            failed = failed or bool(outcome.error)
            shown = json.dumps(outcome.as_json(), ensure_ascii=False) if parsed.json else outcome.as_text()
            print(shown, flush=True)

    asyncio.run(all_of_them())
    return 1 if failed else 0


def _doctor(parsed: argparse.Namespace) -> int:
    if parsed.acoustic:
        return _measure_the_room(parsed)
    from device import doctor

    findings = doctor.examine(os.environ)
    print(json.dumps(doctor.as_json(findings)) if parsed.json else doctor.render(findings))
    return doctor.exit_code(findings)


def _identity(parsed: argparse.Namespace) -> int:
    """Makes the device's key where there is none yet."""
    from provisioning.identity import identity_file, own_identity

    file = identity_file(os.environ)
    try:
        identity = own_identity(file)
    except OSError as error:
        raise TwomindsError(f"{file} cannot be read or kept: {error.strerror}.") from error
    told = {
        "device_id": identity.device_id,
        "public_key": identity.public_key,
        "register": f".venv/bin/python -m gateway devices add {identity.public_key}",
    }
    lines = (f"{name.replace('_', ' '):<11} {value}" for name, value in told.items())
    print(json.dumps(told) if parsed.json else "\n".join(lines))
    return 0


def _measure_the_room(parsed: argparse.Namespace) -> int:
    from device import doctor_acoustic, echo_proof
    from device.brain.tts_espeak import EspeakVoice

    settings = _settings()
    print(doctor_acoustic.announcement(settings.sound), file=sys.stderr, flush=True)
    report = asyncio.run(doctor_acoustic.examine(settings.sound, lambda: EspeakVoice(settings.voice)))
    if report.proof:
        echo_proof.keep(report.proof, places.state_directory(os.environ))
    print(json.dumps(report.as_json()) if parsed.json else report.as_text())
    return 0 if report.well else 1


def _bench_stt(parsed: argparse.Namespace) -> int:
    from device.engines import load_engines

    @contextlib.asynccontextmanager
    async def recogniser(settings: Settings) -> AsyncIterator[SpeechToText]:
        """Chosen as the agent would; nothing that is slow to load comes with it."""
        without_others = replace(settings.engines, llm="none", tts="espeak")
        async with load_engines(replace(settings, engines=without_others), Egress()) as engines:
            yield engines.stt

    return asyncio.run(cli_bench_stt.run(parsed, _settings(), recogniser))


def _config_show(parsed: argparse.Namespace) -> int:
    print(config_show.as_file(_loaded()), end="")
    return 0


def _config_check(parsed: argparse.Namespace) -> int:
    file = parsed.file or places.settings_file(os.environ)
    problems = config_load.check(file, os.environ)
    if not problems:
        settings = config_load.load(file, os.environ).settings
        problems = [*checked.problems(settings), *_unreachable(settings.system2)]
    print("\n".join(problems) if problems else f"{file or 'The settings'}: no mistakes found.")
    return 1 if problems else 0


def _unreachable(system2: System2) -> list[str]:
    """A sentence for each url of System 2 that cannot be used."""
    from device.link.address import hook_address, socket_address

    found = []
    for url, read in ((system2.url, socket_address), (system2.hook_url, hook_address)):
        try:
            if url:
                read(url)
        except SettingsError as error:
            found.append(str(error))
    return found


# --- small things --------------------------------------------------------------------------------


def _port(text: str) -> int:
    """A port's number. Raises ArgumentTypeError for anything else."""
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text} is not a port: give a whole number from 0 to 65535")
    return int(text)


def _request(text: str) -> str:
    """Words to answer. Raises ArgumentTypeError when there are none."""
    if not text.strip():
        raise argparse.ArgumentTypeError('there is nothing to answer: write it in quotes, as in "hello"')
    return text


def _settings() -> Settings:
    return _loaded().settings


def _loaded() -> config_load.Loaded:
    """What the file says, what was chosen on the page, and the environment."""
    return config_load.load(places.settings_file(os.environ), os.environ, places.chosen_file(os.environ))


if __name__ == "__main__":
    console()
