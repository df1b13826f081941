"""Prices and pairs for a sparse graph: a symmetrised auction on the double cover.

Two copies of every vertex, one that bids and one that is bid for, turn a general graph into a bipartite one (its
symmetric double cover); an assignment there, counted half, is a matching in which halves are allowed, and no matching
is worth more. Bertsekas's auction (1988) solves it: whoever has nothing bids for the best offer, by as much as it is
better than the second best, plus epsilon. Here every phase starts from the mean of each vertex's price and profit,
because an optimum exists in which both are equal. That mean is feasible, it can be tightened one vertex at a time, and
it makes nearly all of the assignment mutual: u gets v, and v gets u.

All figures are whole numbers in units that the caller chooses, so that what is proven is proven exactly.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matching_service.engine.core.kernels import kernel
from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE

_FIRST_EPSILON: Final = 4e-3
_LAST_EPSILON: Final = 6e-5
"""What a bid adds in the first phase, as a share of the heaviest edge with its bonus, and in the last, without it."""

_SHRINK: Final = 4
_SWEEPS: Final = 2
_BIDS_EACH: Final = 400
"""How many bids a phase may take per vertex: a war among people who all want the same few ends here, unsettled."""


class Adjacency(NamedTuple):
    """A graph by vertex: the edges of ``x`` lie from ``start[x]`` up to ``start[x + 1]``, each edge at both its ends.

    ``other``: the vertex at the far end. ``weight``: in the units of the prices.
    """

    start: Int64Array
    other: Int32Array
    weight: Int64Array


@kernel
def adjacency(n: int, u: Int32Array, v: Int32Array, weight: Int64Array, factor: int, bonus: int) -> Adjacency:
    """The graph of an edge list without repeats, every weight plus ``bonus``, times ``factor``."""
    start = np.zeros(n + 1, np.int64)
    for edge in range(len(u)):
        start[u[edge] + 1] += 1
        start[v[edge] + 1] += 1
    for vertex in range(n):
        start[vertex + 1] += start[vertex]
    filled = start[:-1].copy()
    other, weights = np.empty(2 * len(u), np.int32), np.empty(2 * len(u), np.int64)
    for edge in range(len(u)):
        one, two, worth = u[edge], v[edge], (weight[edge] + bonus) * factor
        other[filled[one]], weights[filled[one]] = two, worth
        other[filled[two]], weights[filled[two]] = one, worth
        filled[one] += 1
        filled[two] += 1
    return Adjacency(start, other, weights)


@kernel
def half_of_the_best(graph: Adjacency) -> Int64Array:
    """Half the heaviest edge of every vertex, rounded up: prices that cover every edge, to start from."""
    price = np.zeros(len(graph.start) - 1, np.int64)
    for vertex in range(len(price)):
        for at in range(graph.start[vertex], graph.start[vertex + 1]):
            price[vertex] = max(price[vertex], (graph.weight[at] + 1) // 2)
    return price


@kernel
def auction(graph: Adjacency, price: Int64Array, epsilon: int) -> Int32Array:
    """One phase: everybody bids until nobody wants to. Changes ``price`` in place.

    Returns whom every vertex gets, ``FREE`` for nobody; nobody is got twice. A vertex that would have to pay more than
    an edge is worth stays out.
    """
    n = len(price)
    bids = _BIDS_EACH * n
    got, owner = np.full(n, FREE, np.int32), np.full(n, FREE, np.int32)
    stack = np.empty(n, np.int32)
    for place in range(n):
        stack[place] = n - 1 - place
    height = n
    while height and bids:
        height -= 1
        bids -= 1
        bidder = stack[height]
        best = second = np.int64(0)
        target = FREE
        for at in range(graph.start[bidder], graph.start[bidder + 1]):
            profit = graph.weight[at] - price[graph.other[at]]
            if profit > best:
                second = best
                best = profit
                target = graph.other[at]
            elif profit > second:
                second = profit
        if target == FREE:
            continue
        price[target] += best - second + epsilon
        outbid = owner[target]
        if outbid != FREE:
            got[outbid] = FREE
            stack[height] = outbid
            height += 1
        owner[target] = bidder
        got[bidder] = target
    return got


@kernel
def balance(graph: Adjacency, price: Int64Array) -> None:
    """Make prices of the double cover prices of the graph, in place, which cover every edge.

    Every vertex gets the mean of its price and of the profit it can make, and then only as much as its edges need.
    """
    n = len(price)
    profit = np.zeros(n, np.int64)
    for vertex in range(n):
        for at in range(graph.start[vertex], graph.start[vertex + 1]):
            profit[vertex] = max(profit[vertex], graph.weight[at] - price[graph.other[at]])
    for vertex in range(n):
        price[vertex] = (price[vertex] + profit[vertex] + 1) // 2
    tighten(graph, price, np.zeros(n, np.int64), _SWEEPS)


@kernel
def tighten(graph: Adjacency, price: Int64Array, least: Int64Array, sweeps: int) -> None:
    """Lower every price to what its edges need, but not below ``least``: in place, one vertex after the other."""
    for _ in range(sweeps):
        for vertex in range(len(price)):
            needed = least[vertex]
            for at in range(graph.start[vertex], graph.start[vertex + 1]):
                needed = max(needed, graph.weight[at] - price[graph.other[at]])
            price[vertex] = min(price[vertex], needed)


def prices_and_assignment(graph: Adjacency, heaviest: int, bonus: int) -> tuple[Int64Array, Int32Array]:
    """Prices that cover every edge, nearly as low as can be, and whom every vertex gets at them.

    ``heaviest``, ``bonus``: of the weights in ``graph``, in its units. Phase after phase bids add less.
    """
    price = half_of_the_best(graph)
    epsilon, last = int((heaviest + bonus) * _FIRST_EPSILON), max(1, int(heaviest * _LAST_EPSILON))
    while True:
        got = auction(graph, price, max(epsilon, last))
        balance(graph, price)
        if epsilon <= last:
            return price, got
        epsilon //= _SHRINK
