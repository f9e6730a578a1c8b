"""A robot that is not there: it takes its time, keeps a pose and can be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from device.contracts import Emotion, Gesture
from device.errors import RobotError


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees. Head: pitch −40 (up) to 26, roll ±40, yaw −81 (right) to 81. Arms: −29 (up) to 90 (down).

    The ranges are those that Misty II documents.
    """

    pitch: float = 0
    roll: float = 0
    yaw: float = 0
    left_arm: float = 80
    right_arm: float = 80

    def __post_init__(self) -> None:
        """Raises ValueError outside the ranges: no table below can ever ask for more."""
        arms = (self.left_arm, self.right_arm)
        inside = -40 <= self.pitch <= 26 and abs(self.roll) <= 40 and abs(self.yaw) <= 81
        if not inside or not all(-29 <= arm <= 90 for arm in arms):
            raise ValueError(f"{self} is outside what the robot can do")


AHEAD = Pose()
STEP_S = 0.4
"""How long the robot takes from one pose to the next."""

GESTURES: dict[Gesture, tuple[Pose, ...]] = {
    Gesture.WAVE: (Pose(right_arm=-20), Pose(right_arm=20), Pose(right_arm=-20), AHEAD),
    Gesture.NOD: (Pose(pitch=20), Pose(pitch=-10), Pose(pitch=20), AHEAD),
    Gesture.SHAKE_HEAD: (Pose(yaw=30), Pose(yaw=-30), Pose(yaw=30), AHEAD),
    Gesture.LOOK_LEFT: (Pose(yaw=60),),
    Gesture.LOOK_RIGHT: (Pose(yaw=-60),),
    Gesture.LOOK_UP: (Pose(pitch=-30),),
    Gesture.LOOK_DOWN: (Pose(pitch=20),),
    Gesture.LOOK_AHEAD: (AHEAD,),
    Gesture.RAISE_ARMS: (Pose(left_arm=-20, right_arm=-20),),
    Gesture.LOWER_ARMS: (AHEAD,),
    Gesture.DANCE: (
        Pose(roll=20, left_arm=-20),
        Pose(roll=-20, right_arm=-20),
        Pose(roll=20, yaw=20, left_arm=-20),
        Pose(roll=-20, yaw=-20, right_arm=-20),
        AHEAD,
    ),
}


class SimulatedRobot:
    """See `ports.Robot`. One gesture at a time; a new one takes over from the one before."""

    name = "simulated"

    def __init__(self, moved: Callable[[Pose], None] = lambda pose: None) -> None:
        """`moved` is told every pose that the robot takes."""
        self.pose = AHEAD
        self.mood = Emotion.NEUTRAL
        self._moved = moved
        self._halted = False
        self._gesture = 0

    @property
    def gestures(self) -> frozenset[Gesture]:
        return frozenset(GESTURES)

    async def perform(self, gesture: Gesture) -> None:
        """Raises RobotError when the robot is halted, before or during the gesture."""
        self._gesture += 1
        mine = self._gesture
        for pose in GESTURES[gesture]:
            if self._halted:
                raise RobotError("The robot was stopped.")
            if self._gesture != mine:
                return
            self.pose = pose
            self._moved(self.pose)
            await asyncio.sleep(STEP_S)

    async def express(self, emotion: Emotion) -> None:
        """Only a face: it is shown even while the robot may not move."""
        self.mood = emotion

    def halt(self) -> None:
        """A gesture under way takes no further pose, even if the robot is released before it looks."""
        self._gesture += 1
        self._halted = True

    def release(self) -> None:
        self._halted = False
