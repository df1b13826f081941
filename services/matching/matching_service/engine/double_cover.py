"""The relaxed problem: everybody may be matched in halves. Solved exactly, with a price for every vertex.

Two copies of every vertex, one on each side, turn a general graph into a bipartite one (its symmetric double cover);
an assignment there, counted half, is a matching in which halves are allowed. No matching can be worth more. SciPy's
``linear_sum_assignment`` (shortest augmenting paths; Crouse 2016 after Jonker and Volgenant 1987) solves it in
O(n^3) time and n^2 memory. It computes in double precision, which is exact here: it only adds, subtracts and compares
whole numbers, and the caller keeps all of them below 2^53.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]

_ROWS_AT_ONCE = 128
_MAX_SWEEPS = 200


def assign(worth: Float64Array) -> Int64Array:
    """The assignment of greatest total worth: the column of every row.

    ``worth``: symmetric n x n matrix of whole numbers; 0 on the diagonal and wherever there is no edge. It is negated
    in place for the solver, and back, so that no second matrix is needed.
    """
    np.negative(worth, out=worth)
    _, column = linear_sum_assignment(worth)
    np.negative(worth, out=worth)
    return np.asarray(column, dtype=np.int64)


def doubled_prices(worth: Float64Array, column: Int64Array) -> Int64Array:
    """Twice the price of every vertex, such that prices of u and v always sum to at least the worth of (u, v).

    The prices are recovered from the assignment by label correction: a row's own price must be at least what would
    make any other row's column as good. When the assignment is optimal this settles, and then the prices sum to
    exactly its worth (half of it, counted once), the least sum there is. Should it not settle within its limit, the
    prices returned are still valid, only higher. Doubled prices are whole numbers, at least 0.
    """
    n = len(column)
    assigned = worth[np.arange(n), column]
    row_price = np.floor(assigned / 2)
    raised = np.arange(n)
    corrected = 0
    while raised.size and corrected < _MAX_SWEEPS * n:
        corrected += raised.size
        before = row_price.copy()
        for begin in range(0, raised.size, _ROWS_AT_ONCE):
            rows = raised[begin : begin + _ROWS_AT_ONCE]
            needed = worth[column[rows]] + (row_price[rows] - assigned[rows])[:, None]
            np.maximum(row_price, needed.max(axis=0), out=row_price)
        raised = np.flatnonzero(row_price > before)
    column_price = np.full(n, -np.inf)
    for begin in range(0, n, _ROWS_AT_ONCE):
        block = slice(begin, begin + _ROWS_AT_ONCE)
        np.maximum(column_price, (worth[block] - row_price[block, None]).max(axis=0), out=column_price)
    prices: Int64Array = (row_price + column_price).astype(np.int64)
    return prices
