"""The optional end of a search: small open questions are answered exactly.

An edge whose slack exceeds what a matching can still win is in no better matching. What remains falls into small
pieces; where the pairs of a piece are not proven to be its best, an integer program finds the best (SciPy's HiGHS).
This closes what alternating paths cannot: gains that go through an odd cycle.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from matching_service.engine.auction import FREE, Adjacency

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]

_MOST_EDGES: Final = 3_000
"""Of one piece; beyond, the integer program could take longer than it is worth."""

_MOST_NODES: Final = 2_000
"""How far the integer program may branch: a limit in steps and not in seconds, so that every machine stops alike."""


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
    kept = (slack <= open_gap) | paired
    u, v, weight, slack, paired = u[kept], v[kept], weight[kept], slack[kept], paired[kept]
    pieces, piece = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(n, n)), directed=False)
    gap = np.bincount(piece[u[paired]], weights=slack[paired], minlength=pieces)
    gap += np.bincount(piece[mate == FREE], weights=price[mate == FREE], minlength=pieces)
    edges = np.bincount(piece[u], minlength=pieces)
    by_piece = np.argsort(piece[u], kind="stable")
    ends = np.cumsum(edges)
    for number in np.flatnonzero((gap > 0) & (edges > 1) & (edges <= _MOST_EDGES)):
        here = by_piece[ends[number] - edges[number] : ends[number]]
        here = here[(slack[here] <= gap[number]) | paired[here]]
        chosen = _best_pairs(u[here], v[here], weight[here])
        if chosen is not None and weight[here][chosen].sum() > weight[here][paired[here]].sum():
            mate[u[here]] = mate[v[here]] = FREE
            pairs = here[chosen]
            mate[u[pairs]], mate[v[pairs]] = v[pairs], u[pairs]


def _best_pairs(u: Int32Array, v: Int32Array, weight: Int64Array) -> NDArray[np.bool_] | None:
    """Which edges make the heaviest matching; None when the search was given up."""
    vertices, ends = np.unique(np.concatenate((u, v)), return_inverse=True)
    columns = np.tile(np.arange(len(u)), 2)
    touches = coo_array((np.ones(len(ends)), (ends, columns)), shape=(len(vertices), len(u))).tocsr()
    found = milp(
        -(weight / weight.max()),
        constraints=LinearConstraint(touches, ub=np.ones(len(vertices))),
        bounds=Bounds(0, 1),
        integrality=np.ones(len(u)),
        options={"node_limit": _MOST_NODES, "mip_rel_gap": 0.0, "presolve": True},
    )
    if found.status != 0 or found.x is None:
        return None
    chosen: NDArray[np.bool_] = np.round(found.x).astype(np.bool_)
    return chosen if (touches @ chosen <= 1).all() else None
