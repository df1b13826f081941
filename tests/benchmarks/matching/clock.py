"""Time and memory of the process that measures itself, and of the others meanwhile."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from numba.core import event


@dataclass
class Lap:
    """Seconds by the wall, seconds of this process's processors, and of everybody else's; kernels compiled meanwhile."""

    wall: float = 0.0
    cpu: float = 0.0
    others: float = 0.0
    compiled: int = 0


@contextmanager
def timed() -> Iterator[Lap]:
    """Measure what happens while this is open."""
    lap = Lap()
    with event.install_recorder("numba:compile") as compiled:
        wall, cpu, all_of_them = time.perf_counter(), time.process_time(), _all_processors()
        yield lap
        lap.wall, lap.cpu = time.perf_counter() - wall, time.process_time() - cpu
    lap.others = max(0.0, _all_processors() - all_of_them - lap.cpu)
    lap.compiled = sum(1 for _, one in compiled.buffer if one.is_start)


def peak_mb() -> float:
    """The most resident memory this process has had since it began, in MB."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError("The kernel does not tell the peak of the resident memory.")
    return int(found[1]) * 1024 / 1e6


def _all_processors() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)
