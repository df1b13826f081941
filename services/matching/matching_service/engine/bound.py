"""The certificate: prices that prove how much any matching can be worth.

Give every vertex a price such that the prices of u and v sum to at least the weight of the edge (u, v), for every
edge. Then a matching of k pairs is worth at most the sum of the prices of the 2k vertices it covers, and that is at
most the sum of the 2k highest prices. This holds whoever made the prices, so the proof needs no trust in the solver:
``lifted`` compares them with every edge, in integer arithmetic. Prices are kept doubled, so that halves are whole.

When coverage comes first, every edge carries a bonus on top of its weight, greater than any matching is worth; the
same prices then also bound the number of pairs. Such prices can be generous about the value where somebody must stay
out; then a second proof, without the bonus, bounds the value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]

_EDGES_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Proof:
    """Doubled prices of all vertices, for weights with ``bonus`` added to each."""

    doubled_prices: Int64Array
    bonus: int


@dataclass(frozen=True)
class Bound:
    """``value``: no matching with at least as many pairs is worth more. ``pairs``: no matching has more pairs."""

    value: int
    pairs: int


def lifted(doubled_prices: Int64Array, u: Int32Array, v: Int32Array, weight: Int64Array, bonus: int) -> Int64Array:
    """The prices, raised where an edge needs it: nowhere when they came from an optimal assignment.

    After this, twice the weight and bonus of every edge is at most the doubled prices of its two ends. The comparison
    is exact: all sums stay far inside 64 bits.
    """
    prices = np.maximum(doubled_prices, 0)
    for begin in range(0, len(weight), _EDGES_AT_ONCE):
        edges = slice(begin, begin + _EDGES_AT_ONCE)
        one, other = u[edges], v[edges]
        missing = 2 * (weight[edges] + bonus) - prices[one] - prices[other]
        short = missing > 0
        if short.any():
            np.maximum.at(prices, one[short], prices[one[short]] + missing[short])
    return prices


def bound(proofs: Iterable[Proof], pairs: int) -> Bound:
    """What any matching of one connected part can be worth if it has at least ``pairs`` pairs.

    ``proofs``: of the vertices of that part alone; each one gives a bound, and the lowest counts.
    """
    bounds = [_bound(proof, pairs) for proof in proofs]
    return Bound(min(each.value for each in bounds), min(each.pairs for each in bounds))


def _bound(proof: Proof, pairs: int) -> Bound:
    most = len(proof.doubled_prices) // 2
    if proof.bonus:
        most = min(most, int(proof.doubled_prices.sum()) // (2 * proof.bonus))
    highest_first = np.sort(proof.doubled_prices)[::-1] - proof.bonus
    covered = np.concatenate(([0], np.cumsum(highest_first)))[::2]
    return Bound(value=int(covered[pairs : most + 1].max()) // 2, pairs=most)
