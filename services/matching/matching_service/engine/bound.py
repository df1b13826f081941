"""The certificate: prices that prove how much any matching can be worth.

Give every vertex a price such that the prices of u and v sum to at least the weight of the edge (u, v), for every
edge. Then a matching of k pairs is worth at most the sum of the prices of the 2k vertices it covers, and that is at
most the sum of the 2k highest prices. This holds whoever made the prices, so the proof needs no trust in the solver.
Prices are whole numbers in a unit fine enough that nothing is lost by that.

When coverage comes first, every edge carries a bonus on top of its weight; the same prices then also bound the number
of pairs, and the value of every matching with at least as many. Prices for the bonus alone bound the number only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]


FREE: Final = -1
"""The mate of a vertex that has none."""

_UNBOUNDED: Final = 2**62


@dataclass(frozen=True)
class Proof:
    """A price for every vertex: for every edge, ``unit`` times (weight + ``bonus``) is at most the prices of both ends.

    With ``counts_pairs`` the weight is left out; such a proof says nothing about the value. ``beyond``: where people have
    seats, edges may be worth more than both prices, together by no more than this (``seat_matching`` says what follows).
    """

    prices: Int64Array
    unit: int
    bonus: int = 0
    counts_pairs: bool = False
    beyond: int = 0


@dataclass(frozen=True)
class Bound:
    """``value``: no matching with at least as many pairs in every part is worth more. ``pairs``: none has more pairs."""

    value: int
    pairs: int


def bound(proofs: Iterable[Proof], part: Int32Array, mate: Int32Array) -> Bound:
    """What the proofs say, the lowest for every part, about matchings with at least as many pairs as ``mate`` has.

    ``part``: the number of every vertex's part, from 0; no edge leads from one part to another.
    """
    parts = int(part.max(initial=-1)) + 1
    sizes = np.bincount(part, minlength=parts)
    pairs = np.bincount(part[mate != FREE], minlength=parts) // 2
    most = sizes // 2
    value = np.full(parts, _UNBOUNDED // max(1, parts))
    several = list(proofs)
    for proof in several:
        if proof.bonus:
            most = np.minimum(most, _sums(proof.prices, part, parts) // (proof.unit * proof.bonus))
    for proof in several:
        if not proof.counts_pairs:
            value = np.minimum(value, _values(proof, part, sizes, pairs, most))
    return Bound(int(value.sum()), int(most.sum()))


def _values(proof: Proof, part: Int32Array, sizes: Int64Array, pairs: Int64Array, most: Int64Array) -> Int64Array:
    """For every part, the most that from ``pairs`` to ``most`` pairs can be worth.

    The sum of the 2k highest prices, less what is bonus, rises with k as long as the next two prices are worth more than
    one bonus, and falls from there on.
    """
    net = 2 * proof.prices - proof.unit * proof.bonus
    order = np.lexsort((-net, part))
    highest_first = net[order]
    begins = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
    covered = np.concatenate(([0], np.cumsum(highest_first)))
    even = (np.arange(len(net)) - begins[part[order]]) % 2 == 0
    gains = even & (np.append(highest_first[1:], 0) + highest_first > 0)
    gains &= np.arange(len(net)) + 1 < (begins + sizes)[part[order]]
    rising = np.bincount(part[order][gains], minlength=len(sizes))
    count = np.minimum(np.maximum(rising, pairs), np.maximum(most, pairs))
    values: Int64Array = (covered[begins + 2 * count] - covered[begins]) // (2 * proof.unit)
    return values


def _sums(prices: Int64Array, part: Int32Array, parts: int) -> Int64Array:
    """The sum of the prices in every part, exactly."""
    sums = np.zeros(parts, dtype=np.int64)
    np.add.at(sums, part, prices)
    return sums
