"""The end of a search: small open questions are answered exactly.

Where pairs are not proven to be the best of their surroundings, the edges of little slack around them are given to an
exact solver (rustworkx: Galil's blossom algorithm, 1986). This closes what alternating paths cannot: gains that go
through an odd cycle. An edge whose slack exceeds what a matching can still win is in no better matching; when even
fewer edges are looked at, the answer is better or the same all the same.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import rustworkx

from matching_service.engine.core.graph import connected_parts, tie_breakers
from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE
from matching_service.engine.solvers.auction import Adjacency

_MOST_EDGES: Final = 6_000
"""Of one piece; the exact solver takes about a second for so many."""

_EDGES_EACH: Final = 6
"""How many edges are looked at for each vertex, those of least slack first."""

_TIES: Final = 16
"""Bits of a lot that decides between equals, so that there is one best answer and every run finds it."""


def finish(graph: Adjacency, price: Int64Array, mate: Int32Array) -> None:
    """Replace the pairs of every small piece by its best, in place."""
    n = len(price)
    u = np.repeat(np.arange(n, dtype=np.int32), np.diff(graph.start))
    once = u < graph.other
    u, v, weight = u[once], graph.other[once], graph.weight[once]
    slack = price[u] + price[v] - weight
    paired = mate[u] == v
    open_gap = int(slack[paired].sum()) + int(price[mate == FREE].sum())
    if not open_gap:
        return
    if len(slack) > _EDGES_EACH * n:
        open_gap = min(open_gap, int(np.partition(slack, _EDGES_EACH * n)[_EDGES_EACH * n]))
    kept = (slack <= open_gap) | paired
    u, v, weight, slack, paired = u[kept], v[kept], weight[kept], slack[kept], paired[kept]
    piece = connected_parts(n, u, v)
    pieces = int(piece.max(initial=-1)) + 1
    gap = np.bincount(piece[u[paired]], weights=slack[paired], minlength=pieces)
    gap += np.bincount(piece[mate == FREE], weights=price[mate == FREE], minlength=pieces)
    edges = np.bincount(piece[u], minlength=pieces)
    by_piece = np.argsort(piece[u], kind="stable")
    ends = np.cumsum(edges)
    for number in np.flatnonzero((gap > 0) & (edges > 1) & (edges <= _MOST_EDGES)).tolist():
        here = by_piece[ends[number] - edges[number] : ends[number]]
        here = here[(slack[here] <= gap[number]) | paired[here]]
        pairs = here[_best_pairs(u[here], v[here], weight[here])]
        if weight[pairs].sum() > weight[here][paired[here]].sum():
            mate[u[here]] = mate[v[here]] = FREE
            mate[u[pairs]], mate[v[pairs]] = v[pairs], u[pairs]


def _best_pairs(u: Int32Array, v: Int32Array, weight: Int64Array) -> list[int]:
    """Which edges make the heaviest matching."""
    room = _TIES + len(u).bit_length()
    chance = (tie_breakers(len(u), 0) >> np.uint64(64 - _TIES)).tolist()
    weights = [(worth << room) + lot for worth, lot in zip(weight.tolist(), chance, strict=True)]
    vertices, ends = np.unique(np.concatenate((u, v)), return_inverse=True)
    one, other = ends[: len(u)].tolist(), ends[len(u) :].tolist()
    piece = rustworkx.PyGraph(multigraph=False)
    piece.add_nodes_from(range(len(vertices)))
    piece.add_edges_from(list(zip(one, other, range(len(u)), strict=True)))
    chosen = rustworkx.max_weight_matching(piece, weight_fn=weights.__getitem__)
    return sorted(piece.get_edge_data(*pair) for pair in chosen)
