"""Who gets which seats, nearly: an auction in which everybody bids for as many partners as they have seats.

Bertsekas and Castañón's auction for transportation problems (1989), where every edge counts once. A bidder bids for the
best vertices they do not hold yet, for each by as much as it is better than the best one they have no seat for, plus
epsilon. Who is bid for holds as many bids as there are seats; the lowest is the price, and falls when a higher one
comes. As long as a seat is free the price is 0: that is why an auction starts from prices of 0, for what an earlier one
had raised too far would not come down.

In the end nobody would rather have what they do not hold, by more than epsilon. ``seat_paths.py`` does the rest.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matching_service.engine.core.kernels import kernel, part
from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE

_EPSILON: Final = 5e-3
"""What a bid adds, as a share of the heaviest edge: smaller, and the auction takes longer; larger, and the paths do."""

_BIDS_EACH: Final = 16
"""How many bids an auction may take per seat of the bidders; a war among people who all want the same few takes more."""

_COARSER: Final = 8
"""How many times larger epsilon becomes after a war; once it exceeds all weights there is none."""


class SeatGraph(NamedTuple):
    """A bipartite graph by vertex, bidders (*left*) first: the edges of ``x`` lie from ``start[x]`` up to ``start[x + 1]``.

    ``other``: the vertex at the far end. ``twin``: where the same edge lies there. ``seats``: how many edges of a vertex
    may be chosen. Each list is in the order of the vertices at the far end.
    """

    left: int
    seats: Int64Array
    start: Int64Array
    other: Int32Array
    weight: Int64Array
    twin: Int64Array


@kernel
def seat_graph(left: int, seats: Int64Array, u: Int32Array, v: Int32Array, weight: Int64Array) -> SeatGraph:
    """The graph of an edge list in any order; right vertices count on from ``left``.

    Of parallel edges the heaviest counts. Edges that are worth nothing, or at a vertex without seats, are left out.
    """
    n = len(seats)
    start = np.zeros(n + 1, np.int64)
    for edge in range(len(u)):
        if weight[edge] > 0 and seats[u[edge]] > 0 and seats[v[edge]] > 0:
            start[u[edge] + 1] += 1
            start[v[edge] + 1] += 1
    for vertex in range(n):
        start[vertex + 1] += start[vertex]
    other, weights = np.empty(start[n], np.int32), np.empty(start[n], np.int64)
    _by_right(start, other, weights, seats, u, v, weight)
    filled = _by_left(left, start, other, weights)
    return _both_ways(left, seats, start, filled, other, weights)


@part
def _by_right(
    start: Int64Array,
    other: Int32Array,
    weights: Int64Array,
    seats: Int64Array,
    u: Int32Array,
    v: Int32Array,
    weight: Int64Array,
) -> None:
    """Enter every edge in the list of its right vertex, in the order given."""
    filled = start[:-1].copy()
    for edge in range(len(u)):
        if weight[edge] > 0 and seats[u[edge]] > 0 and seats[v[edge]] > 0:
            at = filled[v[edge]]
            other[at], weights[at] = u[edge], weight[edge]
            filled[v[edge]] += 1


@part
def _by_left(left: int, start: Int64Array, other: Int32Array, weights: Int64Array) -> Int64Array:
    """Enter every edge in the list of its left vertex, in the order of the right ones, once; where each list ends."""
    filled = start[:left].copy()
    for vertex in range(left, len(start) - 1):
        for place in range(start[vertex], start[vertex + 1]):
            one = other[place]
            at = filled[one]
            if at > start[one] and other[at - 1] == vertex:
                weights[at - 1] = max(weights[at - 1], weights[place])
            else:
                other[at], weights[at] = vertex, weights[place]
                filled[one] += 1
    return filled


@part
def _both_ways(
    left: int, seats: Int64Array, start: Int64Array, filled: Int64Array, other: Int32Array, weights: Int64Array
) -> SeatGraph:
    """Close the gaps that parallel edges left, and enter the edges with their right vertices anew, each with its twin."""
    n, once = len(seats), np.int64(0)
    start[left:] = 0
    for vertex in range(left):
        begin = once
        for at in range(start[vertex], filled[vertex]):
            other[once], weights[once] = other[at], weights[at]
            start[other[at] + 1] += 1
            once += 1
        start[vertex] = begin
    start[left] = once
    for vertex in range(left, n):
        start[vertex + 1] += start[vertex]
    free = start[left:].copy()
    twin = np.empty(2 * once, np.int64)
    for vertex in range(left):
        for at in range(start[vertex], start[vertex + 1]):
            there = free[other[at] - left]
            free[other[at] - left] += 1
            other[there], weights[there] = vertex, weights[at]
            twin[at], twin[there] = there, at
    return SeatGraph(left, seats, start, other[: 2 * once], weights[: 2 * once], twin)


class Bids(NamedTuple):
    """The bids that right vertices hold, for each a heap with the lowest on top, in slots from ``first`` on.

    ``bid``: how much. ``edge``: on which edge, as it lies with its left vertex. ``count``: how many each vertex holds,
    and how many of its seats each left vertex has got.
    """

    first: Int64Array
    count: Int64Array
    bid: Int64Array
    edge: Int64Array


def prices_and_holdings(graph: SeatGraph) -> tuple[Int64Array, BoolArray]:
    """Prices of the right vertices, those of left ones left 0, and which edges are held, by their left vertex."""
    epsilon = max(1, int(graph.weight.max(initial=0) * _EPSILON))
    while True:
        price, held, content = _auction(graph, epsilon)
        if content:
            return price, held
        epsilon *= _COARSER


@kernel
def _auction(graph: SeatGraph, epsilon: int) -> tuple[Int64Array, BoolArray, bool]:
    """Prices, holdings, and whether everybody was content before the bids ran out."""
    n, left = len(graph.seats), graph.left
    price, held = np.zeros(n, np.int64), np.zeros(graph.start[left], np.bool_)
    first = np.zeros(n + 1, np.int64)
    most_edges = np.int64(0)
    allowance = np.int64(0)
    for vertex in range(n):
        degree = graph.start[vertex + 1] - graph.start[vertex]
        first[vertex + 1] = first[vertex]
        if vertex < left:
            most_edges = max(most_edges, degree)
            allowance += _BIDS_EACH * min(degree, graph.seats[vertex])
        else:
            first[vertex + 1] += min(degree, graph.seats[vertex])
    bids = Bids(first, np.zeros(n, np.int64), np.empty(first[n], np.int64), np.empty(first[n], np.int64))
    wanted, profit = np.empty(most_edges, np.int64), np.empty(most_edges, np.int64)
    stack, waiting = np.empty(left, np.int32), np.ones(left, np.bool_)
    for place in range(left):
        stack[place] = left - 1 - place
    height = left
    while height and allowance >= 0:
        height -= 1
        bidder = stack[height]
        waiting[bidder] = False
        free = graph.seats[bidder] - bids.count[bidder]
        chosen, beyond = _choose(graph, price, held, bidder, free, wanted, profit)
        allowance -= chosen
        for place in range(chosen):
            edge = wanted[place]
            target = graph.other[edge]
            outbid = _place(graph, bids, target, edge, graph.weight[edge] - max(np.int64(0), beyond - epsilon))
            held[edge] = True
            bids.count[bidder] += 1
            if bids.count[target] == graph.seats[target]:
                price[target] = bids.bid[bids.first[target]]
            if outbid != FREE:
                loser = graph.other[graph.twin[outbid]]
                held[outbid] = False
                bids.count[loser] -= 1
                if not waiting[loser]:
                    waiting[loser] = True
                    stack[height] = loser
                    height += 1
    return price, held, height == 0


@part
def _choose(
    graph: SeatGraph, price: Int64Array, held: BoolArray, bidder: int, free: int, wanted: Int64Array, profit: Int64Array
) -> tuple[int, int]:
    """Fill ``wanted`` with the best edges for the free seats; how many, and the profit of the best one beyond them."""
    if free == 1:
        best = second = np.int64(0)
        for at in range(graph.start[bidder], graph.start[bidder + 1]):
            gain = graph.weight[at] - price[graph.other[at]]
            if gain <= second or held[at]:
                continue
            if gain > best:
                second = best
                best = gain
                wanted[0] = at
            else:
                second = gain
        return np.int64(best > 0), second
    count = np.int64(0)
    for at in range(graph.start[bidder], graph.start[bidder + 1]):
        gain = graph.weight[at] - price[graph.other[at]]
        if gain > 0 and not held[at]:
            wanted[count], profit[count] = at, gain
            count += 1
    if count <= free:
        return count, np.int64(0)
    best_first = np.argsort(-profit[:count], kind="mergesort")
    beyond = profit[best_first[free]]
    wanted[:free] = wanted[best_first[:free]]
    return free, beyond


@part
def _place(graph: SeatGraph, bids: Bids, target: int, edge: int, bid: int) -> int:
    """Let the target hold a bid; the edge whose bid falls for it, or ``FREE``."""
    first, held = bids.first[target], bids.count[target]
    outbid = np.int64(FREE)
    if held < graph.seats[target]:
        at = held
        while at and bids.bid[first + (at - 1) // 2] > bid:
            bids.bid[first + at], bids.edge[first + at] = bids.bid[first + (at - 1) // 2], bids.edge[first + (at - 1) // 2]
            at = (at - 1) // 2
        bids.count[target] += 1
    else:
        outbid = bids.edge[first]
        at = 0
        while 2 * at + 1 < held:
            child = 2 * at + 1
            if child + 1 < held and bids.bid[first + child + 1] < bids.bid[first + child]:
                child += 1
            if bid <= bids.bid[first + child]:
                break
            bids.bid[first + at], bids.edge[first + at] = bids.bid[first + child], bids.edge[first + child]
            at = child
    bids.bid[first + at], bids.edge[first + at] = bid, edge
    return outbid
