"""The simulated robot: it takes its time, a new gesture takes over, and a halt holds until released."""

from __future__ import annotations

import asyncio

import pytest

from device.contracts import Gesture
from device.errors import RobotError
from device.hw.robot import AHEAD, GESTURES, STEP_S, Pose, SimulatedRobot
from tests.virtual_time import run


@pytest.mark.parametrize("gesture", Gesture)
def test_a_gesture_goes_through_its_poses_in_its_time(gesture: Gesture) -> None:
    poses: list[Pose] = []
    robot = SimulatedRobot(poses.append)

    async def story() -> float:
        began_s = asyncio.get_running_loop().time()
        await robot.perform(gesture)
        return asyncio.get_running_loop().time() - began_s

    assert run(story()) == pytest.approx(len(GESTURES[gesture]) * STEP_S)
    assert tuple(poses) == GESTURES[gesture]


@pytest.mark.parametrize(
    ("joint", "degrees"),
    [("pitch", -41), ("pitch", 27), ("roll", 41), ("yaw", -82), ("left_arm", -30), ("right_arm", 91)],
)
def test_a_pose_beyond_the_robots_range_cannot_be_made(joint: str, degrees: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        Pose(**{joint: degrees})


def test_a_new_gesture_takes_over_from_the_one_before() -> None:
    robot = SimulatedRobot()

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(robot.perform(Gesture.DANCE))
            await asyncio.sleep(STEP_S / 2)
            group.create_task(robot.perform(Gesture.LOOK_LEFT))

    run(story())
    assert robot.pose == GESTURES[Gesture.LOOK_LEFT][-1]


def test_a_halt_stops_a_gesture_at_once_where_it_is() -> None:
    robot = SimulatedRobot()

    async def story() -> float:
        dancing = asyncio.get_running_loop().create_task(robot.perform(Gesture.DANCE))
        await asyncio.sleep(STEP_S * 1.5)
        halted_s = asyncio.get_running_loop().time()
        robot.halt()
        with pytest.raises(RobotError):
            await dancing
        return asyncio.get_running_loop().time() - halted_s

    assert run(story()) <= STEP_S, "it ends with the pose that it is taking"
    assert robot.pose == GESTURES[Gesture.DANCE][1]


def test_a_gesture_that_was_stopped_does_not_go_on_when_the_robot_is_released_at_once() -> None:
    robot = SimulatedRobot()

    async def story() -> None:
        dancing = asyncio.create_task(robot.perform(Gesture.DANCE))
        await asyncio.sleep(0.1)
        robot.halt()
        robot.release()
        await dancing

    run(story())
    assert robot.pose == GESTURES[Gesture.DANCE][0]


def test_a_halted_robot_refuses_to_move_until_released() -> None:
    robot = SimulatedRobot()

    async def story() -> None:
        robot.halt()
        with pytest.raises(RobotError):
            await robot.perform(Gesture.LOOK_UP)
        assert robot.pose == AHEAD
        robot.release()
        await robot.perform(Gesture.LOOK_UP)

    run(story())
    assert robot.pose == GESTURES[Gesture.LOOK_UP][-1]
