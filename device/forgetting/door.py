"""How `twominds forget` reaches the agent that runs: a socket in the state directory, for this user alone.

One line of JSON each way: the wish, `{"last_s": 300}` or `{"last_s": null}` for everything, and the report.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from device.contracts import ErasureReport
from device.errors import TwomindsError
from device.ports import Forgetting

log = logging.getLogger(__name__)

SOCKET: Final = "forget.sock"
LONGEST_REPORT_BYTES: Final = 32 << 20
"""More than the whole ledger of what was sent takes (`cache.sent.MOST_ROWS`)."""
ANSWER_S: Final = 60.0
"""Longer than an erasure that waits for another one."""


class NotReached(TwomindsError):
    """The agent runs, and did not say that it has forgotten anything."""

    code = "not_reached"
    retryable = True


async def serve_forgetting(state: Path, forgetting: Forgetting) -> None:
    """Until cancelled. A directory where no socket can be made costs the command, not the agent."""
    try:
        with _reachable(state) as path:
            if await _answers(path):
                log.error("another agent uses %s; `twominds forget` reaches that one", state)
                return
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            server = await asyncio.start_unix_server(_Visits(forgetting).take, path)
            os.chmod(path, 0o600)
            try:
                await server.serve_forever()
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
    except OSError as error:
        log.error("`twominds forget` cannot reach this agent: %s", error)


async def ask_agent(state: Path, last_s: float | None) -> dict[str, Any] | None:
    """The report of the agent that runs, as `as_json` has it; None: none runs. Raises NotReached."""
    try:
        with _reachable(state) as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_REPORT_BYTES)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except PermissionError as error:
        raise NotReached(f"{state} is not yours: run this as the user whom the agent runs as.") from error
    except OSError as error:
        raise NotReached(f"The agent that runs cannot be asked: {error.strerror}.") from error
    try:
        writer.write(json.dumps({"last_s": last_s}).encode() + b"\n")
        async with asyncio.timeout(ANSWER_S):
            report = json.loads(await reader.readline())
    except (OSError, ValueError) as error:
        raise NotReached("The agent runs, but did not answer: stop it, and try again.") from error
    finally:
        writer.close()
    if not isinstance(report, dict):
        raise NotReached("The agent runs, but cannot be understood: is it another release?")
    return report


def as_json(report: ErasureReport) -> dict[str, Any]:
    """A report as plain data."""
    return {"done": report.done, **asdict(report)}


@contextlib.contextmanager
def _reachable(state: Path) -> Iterator[str]:
    """The socket's path, short enough for any directory (107 bytes, unix(7)): by a descriptor of that."""
    directory = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET}"
    finally:
        os.close(directory)


async def _answers(path: str) -> bool:
    """Somebody listens there: it is not left from an agent that died."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


class _Visits:
    """Whoever asks."""

    def __init__(self, forgetting: Forgetting) -> None:
        self._forgetting = forgetting

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                if line := await reader.readline():
                    report = await self._forget(json.loads(line)["last_s"])
                    writer.write(json.dumps(as_json(report)).encode() + b"\n")
                    await writer.drain()
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("a wish to forget could not be understood: %r", error)
        finally:
            writer.close()

    async def _forget(self, last_s: float | None) -> ErasureReport:
        if last_s is None:
            return await self._forgetting.forget_everything()
        return await self._forgetting.forget_last(float(last_s))
