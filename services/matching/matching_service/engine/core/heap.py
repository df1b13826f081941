"""A heap of vertices by cost, the cheapest on top: what Dijkstra's algorithm takes the next one from.

Who comes first of equals follows from the order they came in and not from their numbers: by number, a search among a
great many who cost the same takes several times as long.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.core.kernels import part


class Heap(NamedTuple):
    """Room for vertices and what it costs to reach them; how many there are is for the caller to keep."""

    cost: NDArray[np.int64]
    vertex: NDArray[np.int32]


@part
def push(heap: Heap, size: int, cost: int, vertex: int) -> int:
    """Put a vertex in; the new size."""
    at = size
    while at and heap.cost[(at - 1) // 2] > cost:
        heap.cost[at], heap.vertex[at] = heap.cost[(at - 1) // 2], heap.vertex[(at - 1) // 2]
        at = (at - 1) // 2
    heap.cost[at], heap.vertex[at] = cost, vertex
    return size + 1


@part
def pop(heap: Heap, size: int) -> int:
    """Take the top out; the new size."""
    size -= 1
    cost, vertex = heap.cost[size], heap.vertex[size]
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and heap.cost[child + 1] < heap.cost[child]:
            child += 1
        if cost <= heap.cost[child]:
            break
        heap.cost[at], heap.vertex[at] = heap.cost[child], heap.vertex[child]
        at = child
    heap.cost[at], heap.vertex[at] = cost, vertex
    return size
