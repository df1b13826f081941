"""How every kernel of the engine is compiled: to machine code, kept on disk, free of Python's lock, exact.

No ``fastmath`` and no parallel reductions: a kernel gives the same bits on every machine. Threads share out whole rows
of people instead (``in_threads``), so how many there are never shows in an answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")

THREADS: Final = int(os.environ.get("PEERLOOM_ENGINE_THREADS", "0")) or len(os.sched_getaffinity(0))


def kernel(function: F) -> F:
    """Compile a function of arrays and numbers."""
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("F", compiled)


def part(function: F) -> F:
    """Compile a piece of kernels into each of them: calling it with dozens of arrays would cost more than its work."""
    compiled = numba.njit(nogil=True, forceinline=True, error_model="numpy")(function)
    return cast("F", compiled)


def in_threads(work: Callable[[int, int], T]) -> list[T]:
    """``work(part, parts)`` for every part, each in a thread of its own; the answers in the order of the parts.

    Raises: whatever the first part that failed has raised.
    """
    if THREADS == 1:
        return [work(0, 1)]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS), [THREADS] * THREADS))
