"""Sets of people of which nobody may be in two: prices of the linear program, and the best whole choice. HiGHS solves both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_array

Int64Array = NDArray[np.int64]


def columns_of(people: int, members: Sequence[Sequence[int]]) -> csc_array:
    """A matrix with a row for each person and a column for each set of members."""
    ends = np.cumsum([0, *map(len, members)])
    rows = np.fromiter((one for some in members for one in some), dtype=np.int64, count=int(ends[-1]))
    return csc_array((np.ones(len(rows)), rows, ends), shape=(people, len(members)))


def prices(columns: csc_array, worth: Int64Array, unit: int) -> Int64Array:
    """Prices of the linear program, not negative, ``unit`` to one of worth, rounded up; they may miss the last few units."""
    people, count = columns.shape
    if not count:
        return np.zeros(people, dtype=np.int64)
    largest = float(max(1, worth.max()))
    answer = linprog(-worth / largest, A_ub=columns, b_ub=np.ones(people), method="highs")
    return np.maximum(0, np.ceil(-answer.ineqlin.marginals * largest * unit - 1e-9)).astype(np.int64)


def best_choice(columns: csc_array, worth: Int64Array, *, coverage_first: bool) -> Int64Array | None:
    """The columns of the greatest worth in all, or of those that hold the most people; None where HiGHS gives up."""
    limits = [LinearConstraint(columns, -np.inf, 1.0)]
    if coverage_first:
        sizes = np.diff(columns.indptr).astype(np.float64)
        most = _chosen(sizes, limits)
        if most is None:
            return None
        limits.append(LinearConstraint(sizes[None, :], float(sizes[most].sum()) - 0.5, np.inf))
    return _chosen(worth.astype(np.float64), limits)


def _chosen(gain: NDArray[np.float64], limits: list[LinearConstraint]) -> Int64Array | None:
    answer = milp(
        -gain / float(max(1.0, gain.max())),
        constraints=limits,
        bounds=Bounds(0, 1),
        integrality=np.ones(len(gain)),
        options={"mip_rel_gap": 0.0},
    )
    return np.flatnonzero(answer.x > 0.5) if answer.success else None
