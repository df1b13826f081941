"""From an assignment in which everybody may follow somebody to pairs.

Whom everybody gets forms cycles and paths. A cycle of two is a pair; a longer one, and a path, is cut into the pairs
that are worth most together. Only an odd cycle loses anything by it, a third of its worth at most.
"""

from __future__ import annotations

import numpy as np

from matching_service.engine.core.kernels import kernel
from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE
from matching_service.engine.solvers.auction import Adjacency


@kernel
def weight_of(graph: Adjacency, u: int, v: int) -> int:
    """The weight of an edge; 0 when there is none."""
    for at in range(graph.start[u], graph.start[u + 1]):
        if graph.other[at] == v:
            return graph.weight[at]
    return 0


@kernel
def round_to_pairs(graph: Adjacency, got: Int32Array) -> Int32Array:
    """The mate of every vertex, ``FREE`` for none, from whom each one gets (nobody is got twice)."""
    n = len(got)
    mate = np.full(n, FREE, np.int32)
    first = np.full(n, FREE, np.int32)
    for vertex in range(n):
        if got[vertex] != FREE:
            first[got[vertex]] = vertex
    seen = np.zeros(n, np.bool_)
    walk, edges = np.empty(n + 1, np.int32), np.empty(n + 1, np.int64)
    for vertex in range(n):
        if seen[vertex] or got[vertex] == FREE:
            continue
        begin = vertex
        while first[begin] != FREE and first[begin] != vertex:
            begin = first[begin]
        closed = first[begin] != FREE
        length = 0
        at = begin
        while at != FREE and not seen[at]:
            seen[at] = True
            walk[length] = at
            edges[length] = weight_of(graph, at, got[at]) if got[at] != FREE else 0
            length += 1
            at = got[at]
        if closed and length == 2:
            mate[walk[0]], mate[walk[1]] = walk[1], walk[0]
        elif closed:
            _pair_a_cycle(walk[:length], edges[:length], mate)
        else:
            _pair_a_path(walk[:length], edges[: length - 1], mate)
    return mate


@kernel
def _pair_a_cycle(walk: Int32Array, edges: Int64Array, mate: Int32Array) -> None:
    """Either the edge from the last vertex to the first is not used, or its two neighbours are not."""
    length = len(walk)
    without_last = _heaviest(edges[:-1])
    with_last = edges[length - 1] + _heaviest(edges[1 : length - 2])
    if with_last > without_last:
        mate[walk[length - 1]], mate[walk[0]] = walk[0], walk[length - 1]
        _pair_a_path(walk[1 : length - 1], edges[1 : length - 2], mate)
    else:
        _pair_a_path(walk, edges[:-1], mate)


@kernel
def _heaviest(edges: Int64Array) -> int:
    """What the heaviest matching on a path is worth."""
    before, best = np.int64(0), np.int64(0)
    for weight in edges:
        before, best = best, max(best, before + weight)
    return best


@kernel
def _pair_a_path(walk: Int32Array, edges: Int64Array, mate: Int32Array) -> None:
    """Enter the heaviest matching on a path."""
    best = np.zeros(len(edges) + 2, np.int64)
    for at in range(len(edges)):
        best[at + 2] = max(best[at + 1], best[at] + edges[at])
    at = len(edges) - 1
    while at >= 0:
        if best[at + 2] > best[at + 1]:
            mate[walk[at]], mate[walk[at + 1]] = walk[at + 1], walk[at]
            at -= 2
        else:
            at -= 1
