"""The last step to the optimum, and its proof: alternating paths of least cost.

What an auction leaves is kept where it is exactly right at the prices; the rest is given back. Then everybody who has a
price and an empty seat looks for the cheapest way to have it filled: a path that alternates between edges not chosen
and chosen, to somebody with an empty seat or to somebody on one's own side who gives one up. How far the search has
come changes the prices so that they stay right (Dijkstra's algorithm with potentials, as in the Hungarian method).
When nobody is left who has a price and an empty seat, chosen edges and prices prove each other's optimality. An
auction comes so close that such a path has two or three edges as a rule.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matching_service.engine.core.heap import Heap, pop, push
from matching_service.engine.core.kernels import kernel, part
from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE
from matching_service.engine.solvers.seat_auction import SeatGraph

_FAR: Final = np.iinfo(np.int64).max


class Seating(NamedTuple):
    """Which edges are chosen: those of a vertex stand in ``chosen`` from ``first`` on, ``count`` of them.

    ``place``: where an edge stands there, ``FREE`` when it is not chosen. Every edge stands with both its ends.
    """

    first: Int64Array
    count: Int64Array
    chosen: Int64Array
    place: Int64Array


class _Search(NamedTuple):
    """What one search needs, made once: the ``cost`` to reach a vertex, the edge it was reached by, the heap."""

    cost: Int64Array
    reached_by: Int64Array
    settled: Int32Array
    heap: Heap


@kernel
def price_the_left(graph: SeatGraph, held: BoolArray, price: Int64Array) -> None:
    """Give every left vertex, in place, the least price that covers the edges it does not hold."""
    for vertex in range(graph.left):
        price[vertex] = 0
        for at in range(graph.start[vertex], graph.start[vertex + 1]):
            if not held[at]:
                price[vertex] = max(price[vertex], graph.weight[at] - price[graph.other[at]])


@kernel
def value_bound(graph: SeatGraph, price: Int64Array) -> int:
    """What no choice of edges can exceed: all seats at their prices, and what edges are worth beyond both prices."""
    total = np.int64(0)
    for vertex in range(len(price)):
        if price[vertex]:
            total += graph.seats[vertex] * price[vertex]
    for vertex in range(graph.left):
        for at in range(graph.start[vertex], graph.start[vertex + 1]):
            total += max(np.int64(0), graph.weight[at] - price[vertex] - price[graph.other[at]])
    return total


@kernel
def cover(graph: SeatGraph, chosen: BoolArray) -> tuple[Int64Array, bool]:
    """Prices of 0 and 1 that prove that no choice fills more places, and whether they do (König's theorem).

    What alternating paths reach from the empty seats of left vertices is full on the right if nothing more can be
    filled; those right vertices ask 1, and so do the left vertices that are not reached.
    """
    n, left = len(graph.seats), graph.left
    reached, count = np.zeros(n, np.bool_), np.zeros(n, np.int64)
    stack, height = np.empty(n, np.int32), 0
    for at in range(len(chosen)):
        count[graph.other[at]] += chosen[at]
        count[graph.other[graph.twin[at]]] += chosen[at]
    for vertex in range(left):
        if count[vertex] < graph.seats[vertex]:
            reached[vertex] = True
            stack[height] = vertex
            height += 1
    full = True
    while height:
        height -= 1
        vertex = stack[height]
        on_left = vertex < left
        full &= on_left or count[vertex] == graph.seats[vertex]
        for at in range(graph.start[vertex], graph.start[vertex + 1]):
            beyond = graph.other[at]
            if not reached[beyond] and chosen[at if on_left else graph.twin[at]] != on_left:
                reached[beyond] = True
                stack[height] = beyond
                height += 1
    price = np.zeros(n, np.int64)
    for vertex in range(n):
        price[vertex] = reached[vertex] != (vertex < left)
    return price, full


@kernel
def settle(graph: SeatGraph, held: BoolArray, price: Int64Array) -> None:
    """Make what is held an optimum, and the prices its proof: both in place."""
    n = len(price)
    seating = _what_is_right(graph, held, price)
    search = _Search(
        np.full(n, _FAR, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int32),
        Heap(np.empty(len(graph.other) + 2, np.int64), np.empty(len(graph.other) + 2, np.int32)),
    )
    for start in range(n):
        while price[start] > 0 and seating.count[start] < graph.seats[start]:
            _fill_a_seat(graph, seating, price, np.int32(start), search)
    for at in range(len(held)):
        held[at] = seating.place[at] != FREE


@kernel
def _what_is_right(graph: SeatGraph, held: BoolArray, price: Int64Array) -> Seating:
    """Keep the edges held that are worth both their prices."""
    n = len(price)
    first = np.zeros(n + 1, np.int64)
    for vertex in range(n):
        # One more than there are seats: a path may pass through before it lets go.
        first[vertex + 1] = first[vertex] + min(graph.start[vertex + 1] - graph.start[vertex], graph.seats[vertex] + 1)
    seating = Seating(first, np.zeros(n, np.int64), np.empty(first[n], np.int64), np.full(len(graph.other), FREE, np.int64))
    for vertex in range(graph.left):
        for at in range(graph.start[vertex], graph.start[vertex + 1]):
            if held[at] and graph.weight[at] >= price[vertex] + price[graph.other[at]]:
                _choose(graph, seating, at)
    return seating


@kernel
def _fill_a_seat(graph: SeatGraph, seating: Seating, price: Int64Array, start: int, search: _Search) -> None:
    """Fill one empty seat of ``start`` by the cheapest path, or show by lower prices that it is worth nothing."""
    cost, reached_by = search.cost, search.reached_by
    on_left = start < graph.left
    least, end = price[start], start
    touched = size = 0
    cost[start] = 0
    search.settled[touched] = start
    touched += 1
    size = push(search.heap, size, 0, start)
    while size and search.heap.cost[0] < least:
        so_far, vertex = search.heap.cost[0], search.heap.vertex[0]
        size = pop(search.heap, size)
        if so_far != cost[vertex]:
            continue
        outer = (vertex < graph.left) == on_left
        if outer and so_far + price[vertex] < least:
            least, end = so_far + price[vertex], vertex
        if outer:
            for at in range(graph.start[vertex], graph.start[vertex + 1]):
                inner = graph.other[at]
                onward = so_far + price[vertex] + price[inner] - graph.weight[at]
                if onward >= least or onward >= cost[inner] or seating.place[at] != FREE:
                    continue
                if cost[inner] == _FAR:
                    search.settled[touched] = inner
                    touched += 1
                cost[inner], reached_by[inner] = onward, at
                if seating.count[inner] < graph.seats[inner]:
                    least, end = onward, inner
                else:
                    size = push(search.heap, size, onward, inner)
        else:
            for slot in range(seating.first[vertex], seating.first[vertex] + seating.count[vertex]):
                at = seating.chosen[slot]
                beyond = graph.other[at]
                onward = so_far + graph.weight[at] - price[vertex] - price[beyond]
                if onward >= least or onward >= cost[beyond]:
                    continue
                if cost[beyond] == _FAR:
                    search.settled[touched] = beyond
                    touched += 1
                cost[beyond], reached_by[beyond] = onward, at
                size = push(search.heap, size, onward, beyond)
    for place in range(touched):
        vertex = search.settled[place]
        if cost[vertex] < least:
            price[vertex] += cost[vertex] - least if (vertex < graph.left) == on_left else least - cost[vertex]
        cost[vertex] = _FAR
    while end != start:
        at = reached_by[end]
        if (end < graph.left) == on_left:
            _give_back(graph, seating, at)
        else:
            _choose(graph, seating, at)
        end = graph.other[graph.twin[at]]


@part
def _choose(graph: SeatGraph, seating: Seating, edge: int) -> None:
    for at in (edge, graph.twin[edge]):
        vertex = graph.other[graph.twin[at]]
        slot = seating.first[vertex] + seating.count[vertex]
        seating.chosen[slot], seating.place[at] = at, slot
        seating.count[vertex] += 1


@part
def _give_back(graph: SeatGraph, seating: Seating, edge: int) -> None:
    for at in (edge, graph.twin[edge]):
        vertex = graph.other[graph.twin[at]]
        seating.count[vertex] -= 1
        slot, last = seating.place[at], seating.chosen[seating.first[vertex] + seating.count[vertex]]
        seating.chosen[slot], seating.place[last] = last, slot
        seating.place[at] = FREE
