"""Which engine serves each stage: the best that loads here, and the next one down where it does not.

A model that is missing or damaged never stops the agent. What was tried in vain is told: on the start
screen, in the log and by `twominds doctor`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from device.errors import NotInstalled, TwomindsError

log = logging.getLogger(__name__)

T = TypeVar("T")

Loaders = Mapping[str, Callable[[], Awaitable[T]]]
"""By the engine's name in the settings, best first; each raises TwomindsError when it cannot serve."""


@dataclass(frozen=True, slots=True)
class Chosen(Generic[T]):
    """The engines that serve a stage."""

    engines: tuple[T, ...]
    """Best first; as many as were asked for and could be loaded."""
    missed: tuple[str, ...] = ()
    """Why better ones do not serve: a sentence each."""
    more_to_install: bool = False
    """Nobody has installed a better one yet."""


async def choose(stage: str, wanted: str, loaders: Loaders[T], count: int = 1) -> Chosen[T]:
    """Load the first `count` engines that can be; `wanted` comes first, unless it is "auto"."""
    engines: list[T] = []
    missed: list[str] = []
    more_to_install = False
    for name in _ordered(wanted, loaders):
        if len(engines) == count:
            break
        try:
            engines.append(await loaders[name]())
        except TwomindsError as error:
            if isinstance(error, NotInstalled) and wanted != name:
                more_to_install = True
                continue
            missed.append(str(error))
            log.warning("%s: %s", stage, error)
        except Exception as error:
            missed.append(f"{name} cannot be used: {type(error).__name__}, see the log.")
            log.exception("%s: %s could not be loaded", stage, name)
    return Chosen(tuple(engines), tuple(missed), more_to_install)


def _ordered(wanted: str, loaders: Loaders[T]) -> Sequence[str]:
    return sorted(loaders, key=lambda name: name != wanted)
