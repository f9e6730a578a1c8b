"""What System 2 may have done, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from device.contracts import Gesture, Perform, SetVolume, StopEverything
from device.link import native as n
from device.link.tools import MOST_A_TURN, MOST_AT_ONCE, Act, Toolbox


def toolbox(now_s: list[float] | None = None) -> Toolbox:
    clock = now_s or [0.0]
    return Toolbox(lambda: clock[0])


def call(name: str, turn_id: int = 1, **arguments: Any) -> n.ToolCall:
    return n.ToolCall(turn_id=turn_id, id="t1", name=name, arguments=arguments)


@pytest.mark.parametrize(
    ("asked", "act"),
    [
        *((call("gesture", gesture=gesture.value), Perform(gesture)) for gesture in Gesture),
        (call("set_volume", percent=0), SetVolume(percent=0)),
        (call("set_volume", percent=100), SetVolume(percent=100)),
        (call("set_volume", change=-10), SetVolume(change=-10)),
        (call("stop"), StopEverything()),
    ],
)
def test_what_is_on_the_list_is_done(asked: n.ToolCall, act: Act) -> None:
    assert toolbox().called(asked) == (act, n.ToolResult(turn_id=1, id="t1", ok=True))


@pytest.mark.parametrize(
    "asked",
    [
        call("drive", speed=1),
        call("GESTURE", gesture="wave"),
        call("exec", command="reboot"),
        call("gesture"),
        call("gesture", gesture="punch"),
        call("gesture", gesture="wave", times=1000),
        call("gesture", gesture=["wave"]),
        call("set_volume"),
        call("set_volume", percent=101),
        call("set_volume", percent=-1),
        call("set_volume", percent="50"),
        call("set_volume", percent=50.5),
        call("set_volume", percent=True),
        call("set_volume", change=1000),
        call("set_volume", percent=50, change=5),
        call("stop", now=True),
    ],
)
def test_everything_else_is_refused_with_a_sentence(asked: n.ToolCall) -> None:
    act, result = toolbox().called(asked)
    assert act is None
    assert not result.ok
    assert result.result.endswith(".")
    n.encode(result)


def test_a_turn_has_a_budget_and_stopping_is_free() -> None:
    box = toolbox()
    done = [box.called(call("gesture", gesture="nod"))[0] for _ in range(MOST_A_TURN + 1)]
    assert [act is not None for act in done] == [True] * MOST_A_TURN + [False]
    assert box.called(call("stop"))[0] == StopEverything()
    assert box.called(call("gesture", turn_id=2, gesture="nod"))[0] is not None


def test_many_turns_share_a_budget_that_comes_back() -> None:
    now_s = [0.0]
    box = toolbox(now_s)
    done = [box.called(call("gesture", turn_id=turn, gesture="nod"))[0] for turn in range(1000)]
    assert sum(act is not None for act in done) == MOST_AT_ONCE
    now_s[0] = 60.0
    assert box.called(call("gesture", turn_id=2000, gesture="nod"))[0] is not None
