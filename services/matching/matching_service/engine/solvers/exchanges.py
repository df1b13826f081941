"""Exchanges: two people who teach each other, or three of whom each teaches the next, where no two could.

Everybody is in one exchange at most, gives in it and learns in it. An exchange is worth half of what all in it learn; so each
member of a trio counts as much as each of a pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csc_array

from matching_service.engine.core.graph import edge_list
from matching_service.engine.core.kernels import kernel
from matching_service.engine.solvers.set_packing import best_choice, prices

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]

_UNIT: Final = 64
_MOST_WEIGHED: Final = 200_000
"""How many exchanges are weighed against each other at once; of more, those of the least gain are left out."""


@dataclass(frozen=True)
class Exchanges:
    """The exchanges found: each in the order in which they teach, the lowest first; worths in the units of the gains given.

    ``prices``: one for everybody, ``2 * unit`` of them to one of worth; no exchange is worth more than its members pay. So no
    exchanges are worth more than all pay. ``upper_bound`` is that, or the optimum where all that matter were weighed exactly.
    """

    exchanges: tuple[tuple[int, ...], ...]
    worths: tuple[int, ...]
    upper_bound: int
    prices: Int64Array
    unit: int = _UNIT

    @property
    def value(self) -> int:
        return sum(self.worths)

    @property
    def people(self) -> int:
        """How many people are in an exchange."""
        return sum(map(len, self.exchanges))

    @property
    def gap(self) -> float:
        """What may be missing, as a share of the bound."""
        return (self.upper_bound - self.value) / self.upper_bound if self.upper_bound else 0.0


def match_exchanges(
    n: int,
    giver: ArrayLike,
    taker: ArrayLike,
    gain: ArrayLike,
    *,
    trios: bool = True,
    beside: tuple[ArrayLike, ArrayLike, ArrayLike] = ((), (), ()),
    coverage_first: bool = False,
) -> Exchanges:
    """Choose exchanges of two, and of three with ``trios``, for the greatest worth; or first for the most people.

    ``giver``, ``taker``, ``gain``: one entry for whatever ``taker`` learns from ``giver``: a whole number; 0 is nothing.
    ``beside``: pairs that may be made beside those who teach each other, or instead where that is worth more: both, and worth.

    Method: all exchanges as columns of a set packing; prices from its linear program (HiGHS) leave open only those within the
    gap, which are then weighed exactly. With more than 200,000 exchanges those of the least worth are left out, and the bound
    still covers them.

    Raises: ValueError for what is no edge list (see ``match_graph``).
    """
    one, other, gains = edge_list(giver, taker, gain, n, n)
    useful = (gains > 0) & (one != other)
    order = np.lexsort((-gains[useful], other[useful], one[useful]))
    one, other, gains = one[useful][order], other[useful][order], gains[useful][order]
    first = np.ones(len(one), dtype=np.bool_)
    first[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    one, other, gains = one[first], other[first], gains[first]
    start = np.concatenate(([0], np.cumsum(np.bincount(one, minlength=n)))).astype(np.int64)
    none = np.zeros((0, 3), np.int32), np.zeros(0, np.int64)
    count = _exchanges(start, other, gains, trios, *none)
    members, worth = np.full((count, 3), -1, np.int32), np.zeros(count, np.int64)
    _exchanges(start, other, gains, trios, members, worth)
    first_of, second_of, worth_of = edge_list(*beside, n, n)
    beside_them = np.full((len(worth_of), 3), -1, np.int32)
    beside_them[:, 0], beside_them[:, 1] = np.minimum(first_of, second_of), np.maximum(first_of, second_of)
    some = (worth_of > 0) & (first_of != second_of)
    members, worth = np.concatenate((members, beside_them[some])), np.concatenate((worth, 2 * worth_of[some]))
    return _packed(n, members, worth, coverage_first=coverage_first)


@kernel
def _exchanges(
    start: Int64Array, other: Int64Array, gain: Int64Array, trios: bool, members: Int32Array, worth: Int64Array
) -> int:
    """Write every exchange, twice its worth; returns how many there are. Arrays of no length only count."""
    count = 0
    for a in range(len(start) - 1):
        for edge in range(start[a], start[a + 1]):
            b = other[edge]
            if b > a:
                back = _gain(start, other, gain, b, a)
                if back:
                    if len(worth):
                        members[count, 0], members[count, 1], worth[count] = a, b, gain[edge] + back
                    count += 1
            if trios and b > a:
                for next_edge in range(start[b], start[b + 1]):
                    c = other[next_edge]
                    if c > a and c != b:
                        back = _gain(start, other, gain, c, a)
                        if back:
                            if len(worth):
                                members[count, 0], members[count, 1], members[count, 2] = a, b, c
                                worth[count] = gain[edge] + gain[next_edge] + back
                            count += 1
    return count


@kernel
def _gain(start: Int64Array, other: Int64Array, gain: Int64Array, giver: int, taker: int) -> int:
    low, high = start[giver], start[giver + 1]
    while low < high:
        middle = (low + high) // 2
        if other[middle] < taker:
            low = middle + 1
        else:
            high = middle
    return gain[low] if low < start[giver + 1] and other[low] == taker else 0


def _packed(n: int, members: Int32Array, double: Int64Array, *, coverage_first: bool) -> Exchanges:
    """The best exchanges of which nobody is in two. ``double``: twice the worth of each."""
    if not len(members):
        return Exchanges((), (), 0, np.zeros(n, np.int64))
    size = (members >= 0).sum(axis=1)
    weighed = np.sort(np.argsort(-(double / size), kind="stable")[:_MOST_WEIGHED])
    cost = prices(_columns(n, members[weighed]), double[weighed], _UNIT)
    cost += _lacking(n, members, _UNIT * double - _covered(cost, members))
    bound = int(cost.sum()) // (2 * _UNIT)
    exact = len(weighed) == len(members)
    if exact and not coverage_first:
        weighed = _promising(n, members, double, cost)
    found = _best(n, members, double, weighed, coverage_first=coverage_first)
    if not exact and not coverage_first:
        gap = int(cost.sum()) - _UNIT * int(double[found].sum())
        open_ = np.flatnonzero(_UNIT * double - _covered(cost, members) >= -gap)
        if len(open_) <= _MOST_WEIGHED:
            found, exact = _best(n, members, double, open_, coverage_first=False), True
    worths = tuple((double[found] // 2).tolist())
    chosen = tuple(tuple(one for one in row if one >= 0) for row in members[found].tolist())
    return Exchanges(chosen, worths, sum(worths) if exact else max(bound, sum(worths)), cost)


def _promising(n: int, members: Int32Array, double: Int64Array, cost: Int64Array) -> Int64Array:
    """The exchanges that may be among the best: short of their prices by no more than the gap that a first choice leaves."""
    short = _covered(cost, members) - _UNIT * double
    near = np.flatnonzero(short <= _UNIT * int(double.max()) // 50)
    first = _best(n, members, double, near, coverage_first=False)
    gap = int(cost.sum()) - _UNIT * int(double[first].sum())
    return np.flatnonzero(short <= gap)


def _columns(n: int, members: Int32Array) -> csc_array:
    """``columns_of`` for members in rows, -1 for nobody."""
    some = members >= 0
    ends = np.concatenate(([0], np.cumsum(some.sum(axis=1))))
    return csc_array((np.ones(int(ends[-1])), members[some].astype(np.int64), ends), shape=(n, len(members)))


def _covered(cost: Int64Array, members: Int32Array) -> Int64Array:
    """What the members of every exchange pay together."""
    paid: Int64Array = (cost[np.maximum(members, 0)] * (members >= 0)).sum(axis=1)
    return paid


def _lacking(n: int, members: Int32Array, short: Int64Array) -> Int64Array:
    """For everybody the most that an exchange they are in is not covered by; raised by that, the prices cover all."""
    lacking = np.zeros(n, np.int64)
    for column in range(members.shape[1]):
        some = (members[:, column] >= 0) & (short > 0)
        np.maximum.at(lacking, members[some, column], short[some])
    return lacking


def _best(n: int, members: Int32Array, double: Int64Array, some: Int64Array, *, coverage_first: bool) -> Int64Array:
    chosen = best_choice(_columns(n, members[some]), double[some], coverage_first=coverage_first)
    if chosen is None:
        raise ValueError("The exchanges could not be weighed against each other; try with fewer people.")
    return some[chosen]
