"""No core dump of this process holds what a person said."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path

FILTER = Path("/proc/self/coredump_filter")


def forbid_core_dumps() -> None:
    """For this process and whatever it starts; to be called before anybody is heard.

    The limit keeps the kernel from writing a file; a program that takes cores from a pipe
    (`/proc/sys/kernel/core_pattern`) gets them all the same, and then one without any memory in it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # a kernel without core dumps has no filter
        FILTER.write_text("0", "ascii")
