"""The socket by which a command reaches the agent that runs."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from device.contracts import Erased, ErasureReport, Sent
from device.forgetting.door import SOCKET, NotReached, ask_agent, serve_forgetting

REPORT = ErasureReport(
    (Erased("conversation", 2), Erased("alarms", 0, "the disk is full")),
    (Sent("turn", "s 1", "wss://gateway.example", "2026-03-03T15:05:00+00:00"),),
    True,
)


class Forgetful:
    """Notes what it was asked."""

    def __init__(self, report: ErasureReport = REPORT) -> None:
        self.report = report
        self.asked: list[float | None] = []

    async def forget_last_exchange(self) -> ErasureReport:
        raise AssertionError("nobody asks for that here")

    async def forget_last(self, seconds: float) -> ErasureReport:
        self.asked.append(seconds)
        return self.report

    async def forget_everything(self) -> ErasureReport:
        self.asked.append(None)
        return self.report

    def wish(self, last_s: float | None) -> None:
        raise AssertionError("nobody wishes that here")


def with_agent(
    state: Path, story: Callable[[Forgetful], Awaitable[None]], report: ErasureReport = REPORT
) -> None:
    async def whole() -> None:
        agent = Forgetful(report)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(serve_forgetting(state, agent))
            for _ in range(100):
                if (state / SOCKET).exists():
                    break
                await asyncio.sleep(0.01)
            await story(agent)
            serving.cancel()

    asyncio.run(whole())


@pytest.mark.parametrize("last_s", [300.0, None])
def test_the_agent_forgets_and_says_what_came_of_it(tmp_path: Path, last_s: float | None) -> None:
    told: list[dict[str, Any] | None] = []

    async def story(agent: Forgetful) -> None:
        told.append(await ask_agent(tmp_path, last_s))
        assert agent.asked == [last_s]

    with_agent(tmp_path, story)
    assert told == [
        {
            "done": False,
            "parts": [
                {"part": "conversation", "removed": 2, "failed": ""},
                {"part": "alarms", "removed": 0, "failed": "the disk is full"},
            ],
            "sent": [
                {
                    "kind": "turn",
                    "ref": "s 1",
                    "peer": "wss://gateway.example",
                    "sent_utc": "2026-03-03T15:05:00+00:00",
                }
            ],
            "asked_back": True,
        }
    ]


def test_a_report_may_list_all_that_was_sent_in_months(tmp_path: Path) -> None:
    sent = tuple(Sent("turn", f"s {number}", "gateway.example", "2026-03-03") for number in range(5000))
    told: list[dict[str, Any] | None] = []

    async def story(agent: Forgetful) -> None:
        told.append(await ask_agent(tmp_path, None))

    with_agent(tmp_path, story, ErasureReport((Erased("conversation", 2),), sent, True))
    assert told[0] is not None
    assert len(told[0]["sent"]) == 5000


def test_it_is_this_users_alone_and_gone_with_the_agent(tmp_path: Path) -> None:
    async def story(agent: Forgetful) -> None:
        assert stat.S_IMODE((tmp_path / SOCKET).stat().st_mode) == 0o600

    with_agent(tmp_path, story)
    assert not (tmp_path / SOCKET).exists()


def test_a_directory_deeper_than_a_sockets_path_may_be_is_no_hindrance(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()

    async def story(agent: Forgetful) -> None:
        assert await ask_agent(deep, None) is not None

    with_agent(deep, story)


def test_where_no_agent_runs_nobody_is_reached(tmp_path: Path) -> None:
    assert asyncio.run(ask_agent(tmp_path / "nowhere", None)) is None
    assert asyncio.run(ask_agent(tmp_path, None)) is None


def test_what_a_dead_agent_left_is_in_nobodys_way(tmp_path: Path) -> None:
    async def leave() -> None:
        server = await asyncio.start_unix_server(lambda reader, writer: None, tmp_path / SOCKET)
        server.close()

    asyncio.run(leave())
    assert (tmp_path / SOCKET).exists()
    assert asyncio.run(ask_agent(tmp_path, None)) is None

    async def story(agent: Forgetful) -> None:
        for _ in range(100):
            if await ask_agent(tmp_path, None):
                break
            await asyncio.sleep(0.01)
        assert agent.asked == [None]

    with_agent(tmp_path, story)


def test_of_two_agents_the_first_is_reached(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(agent: Forgetful) -> None:
        second = Forgetful()
        await asyncio.wait_for(serve_forgetting(tmp_path, second), 5)
        assert await ask_agent(tmp_path, None) is not None
        assert (agent.asked, second.asked) == ([None], [])

    with_agent(tmp_path, story)
    assert "another agent" in caplog.text


@pytest.mark.parametrize("line", [b"garbage\n", b"[]\n", b"{}\n", b'{"last_s": "soon"}\n', b"\xff\n"])
def test_nonsense_erases_nothing_and_ends_nothing(tmp_path: Path, line: bytes) -> None:
    async def story(agent: Forgetful) -> None:
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / SOCKET))
        writer.write(line)
        assert await reader.read() == b""
        writer.close()
        assert agent.asked == []
        assert await ask_agent(tmp_path, 5.0) is not None

    with_agent(tmp_path, story)


def test_an_agent_that_hangs_up_has_forgotten_nothing_as_far_as_anybody_knows(tmp_path: Path) -> None:
    async def story() -> None:
        server = await asyncio.start_unix_server(lambda reader, writer: writer.close(), tmp_path / SOCKET)
        async with server:
            with pytest.raises(NotReached, match="did not answer"):
                await ask_agent(tmp_path, None)

    asyncio.run(story())
