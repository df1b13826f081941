"""Better pairs by alternating paths, guided by the prices.

A path that alternates between edges outside and inside the matching can be flipped: what was outside comes in, and
the other way round. Its gain is exact arithmetic. The search starts at every vertex that is free, or whose pair is
worth less than its two prices, and follows the paths with the least slack first (Dijkstra; slack is how far the prices
of an edge exceed its worth). It is a heuristic in one respect: it does not shrink odd cycles, so a better path that
passes one of them twice is not seen. The bound shows what that can cost.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matching_service.engine.core.heap import Heap, pop, push
from matching_service.engine.core.kernels import kernel, part
from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE
from matching_service.engine.solvers.auction import Adjacency
from matching_service.engine.solvers.rounding import weight_of

_MOST_SETTLED: Final = 2000
"""How many vertices one search may settle."""

_MOST_PASSES: Final = 8
"""How often all open vertices are tried; two or three are enough as a rule, this only limits the worst case."""

_FAR: Final = np.iinfo(np.int64).max


class _Search(NamedTuple):
    """What one search needs, made once: ``cost`` to reach a vertex as an outer one, ``previous`` outer vertex, marks."""

    cost: Int64Array
    previous: Int32Array
    settled: BoolArray
    on_trail: BoolArray
    touched: Int32Array
    heap: Heap


@kernel
def repair(graph: Adjacency, price: Int64Array, mate: Int32Array, least_gain: int) -> int:
    """Flip paths, in place, until none is found that gains at least ``least_gain``; returns what was gained in all.

    ``price`` covers every edge. Open vertices are tried in the order of what they could win, ties by number.
    """
    n = len(mate)
    room = 0
    for vertex in range(n):
        room = max(room, graph.start[vertex + 1] - graph.start[vertex])
    room = min(len(graph.other), room * _MOST_SETTLED) + 2
    search = _Search(
        np.full(n, _FAR, np.int64),
        np.full(n, FREE, np.int32),
        np.zeros(n, np.bool_),
        np.zeros(n, np.bool_),
        np.empty(n, np.int32),
        Heap(np.empty(room, np.int64), np.empty(room, np.int32)),
    )
    pair_slack = np.zeros(n, np.int64)
    for vertex in range(n):
        if mate[vertex] != FREE:
            pair_slack[vertex] = price[vertex] + price[mate[vertex]] - weight_of(graph, vertex, mate[vertex])
    total = np.int64(0)
    for _ in range(_MOST_PASSES):
        potential = np.where(mate == FREE, price, pair_slack)
        highest_price = np.int64(0)
        for vertex in range(n):
            if mate[vertex] == FREE:
                highest_price = max(highest_price, price[vertex])
        gained = np.int64(0)
        for start in np.argsort(-potential, kind="mergesort"):
            if potential[start] < max(1, least_gain):
                break
            if (price[start] if mate[start] == FREE else pair_slack[start]) < max(1, least_gain):
                continue
            gained += _improve_from(graph, price, mate, pair_slack, np.int32(start), highest_price, least_gain, search)
        total += gained
        if gained == 0:
            break
    return total


@kernel
def _improve_from(
    graph: Adjacency,
    price: Int64Array,
    mate: Int32Array,
    pair_slack: Int64Array,
    start: int,
    highest_price: int,
    least_gain: int,
    search: _Search,
) -> int:
    """Find and flip the best alternating path from ``start`` that gains; its own pair, if any, is given up."""
    partner = mate[start]
    given_up = np.int64(0)
    if partner != FREE:
        given_up = price[start] + price[partner] - pair_slack[start]
        mate[start] = mate[partner] = FREE
    gain, last_outer, end = _best_path(graph, price, mate, pair_slack, start, highest_price, search)
    if gain - given_up < max(1, least_gain):
        if partner != FREE:
            mate[start], mate[partner] = partner, start
        return np.int64(0)
    if partner != FREE:
        pair_slack[start] = pair_slack[partner] = 0
    # From the end backwards: what was paired with the outer vertex before gets a new mate in the next step.
    outer, other = last_outer, end
    while outer != FREE:
        inner = mate[outer]
        mate[outer] = other
        if other != FREE:
            mate[other] = outer
            slack = price[outer] + price[other] - weight_of(graph, outer, other)
            pair_slack[outer] = pair_slack[other] = slack
        else:
            pair_slack[outer] = 0
        outer, other = search.previous[outer], inner
    return gain - given_up


@kernel
def _best_path(
    graph: Adjacency,
    price: Int64Array,
    mate: Int32Array,
    pair_slack: Int64Array,
    start: int,
    highest_price: int,
    search: _Search,
) -> tuple[int, int, int]:
    """The gain of the best path found from the free vertex ``start``, its last outer vertex, and the free one behind it.

    Every second vertex of a path is *outer*: the start, and the mates of the vertices reached. A path ends at an outer
    vertex, which is left free (then nothing is behind it), or at a free vertex, which is paired with the last outer one.
    No free vertex has a higher price than ``highest_price``.
    """
    cost, previous, settled = search.cost, search.previous, search.settled
    best_gain, best_outer, best_end = np.int64(0), np.int32(start), np.int32(FREE)
    touched = size = settled_count = 0
    cost[start], previous[start] = 0, FREE
    search.touched[touched] = start
    touched += 1
    size = push(search.heap, size, 0, start)
    while size and settled_count < _MOST_SETTLED:
        reached_at, outer = search.heap.cost[0], search.heap.vertex[0]
        size = pop(search.heap, size)
        if price[start] + highest_price - reached_at <= best_gain:
            break
        if settled[outer] or reached_at != cost[outer]:
            continue
        settled[outer] = True
        settled_count += 1
        if price[start] - price[outer] - reached_at > best_gain:
            best_gain, best_outer, best_end = price[start] - price[outer] - reached_at, outer, np.int32(FREE)
        _mark_trail(mate, previous, outer, search.on_trail, True)
        for at in range(graph.start[outer], graph.start[outer + 1]):
            inner = graph.other[at]
            if search.on_trail[inner] or inner == mate[outer]:
                continue
            reached = reached_at + price[outer] + price[inner] - graph.weight[at]
            if mate[inner] == FREE:
                if inner != start and price[start] + price[inner] - reached > best_gain:
                    best_gain, best_outer, best_end = price[start] + price[inner] - reached, outer, inner
                continue
            beyond = mate[inner]
            onward = reached - pair_slack[inner]
            if settled[beyond] or search.on_trail[beyond] or onward >= cost[beyond]:
                continue
            if price[start] + highest_price - onward <= best_gain or size == len(search.heap.cost):
                continue
            if cost[beyond] == _FAR:
                search.touched[touched] = beyond
                touched += 1
            cost[beyond], previous[beyond] = onward, outer
            size = push(search.heap, size, onward, beyond)
        _mark_trail(mate, previous, outer, search.on_trail, False)
    for at in range(touched):
        vertex = search.touched[at]
        cost[vertex], settled[vertex] = _FAR, False
    return best_gain, best_outer, best_end


@part
def _mark_trail(mate: Int32Array, previous: Int32Array, outer: int, on_trail: BoolArray, mark: bool) -> None:
    """Mark every vertex of the path that leads to an outer one."""
    while outer != FREE:
        on_trail[outer] = mark
        if previous[outer] != FREE:
            on_trail[mate[outer]] = mark
        outer = previous[outer]
