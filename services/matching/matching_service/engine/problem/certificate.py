"""The certificate: prices that prove how much any matching can be worth.

Give every vertex a price such that the prices of u and v sum to at least the weight of the edge (u, v), for every
edge. Then a matching of k pairs is worth at most the sum of the prices of the 2k vertices it covers, and that is at
most the sum of the 2k highest prices. This holds whoever made the prices, so the proof needs no trust in the solver.
Prices are whole numbers in a unit fine enough that nothing is lost by that.

When coverage comes first, every edge carries a bonus on top of its weight; the same prices then also bound the number
of people who are in a pair, and the value of every matching with at least as many. Prices for the bonus alone bound the
number only.

*Trios* need no other prices. A trio is three vertices with an edge between any two, and is worth half the sum of the
weights of its three edges, rounded down: as much as a pair to each of its members, if all edges weigh the same. Add up
what the prices cover, in a unit and with a bonus,

    p_a + p_b >= unit (w_ab + bonus),  p_a + p_c >= unit (w_ac + bonus),  p_b + p_c >= unit (w_bc + bonus),

and every price counts twice: 2 (p_a + p_b + p_c) - 3 unit bonus >= unit (w_ab + w_ac + w_bc) >= 2 unit (worth of the trio).
For a pair it is 2 (p_a + p_b) - 2 unit bonus >= 2 unit (its worth). So, whether in a pair or in a trio, a vertex pays for
2 unit of worth with 2 p - unit bonus, its *net* price, and matchings of pairs and trios that cover m vertices are worth
at most the sum of the m highest net prices, divided by 2 unit. As weights are not negative, 2 p sums to at least
unit bonus for each vertex covered: m is at most twice the sum of all prices, divided by unit bonus. All that trios change
is that m may be odd.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array

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
    """``value``: no matching that covers at least as many people in every part is worth more. ``people``: none covers more."""

    value: int
    people: int

    @property
    def pairs(self) -> int:
        """No matching has more pairs; nor pairs and trios together, where there may be trios."""
        return self.people // 2


def bound(proofs: Iterable[Proof], part: Int32Array, covered: BoolArray, *, trios: bool = False) -> Bound:
    """What the proofs say, the lowest for every part, about matchings that cover at least as many vertices.

    ``part``: the number of every vertex's part, from 0; no edge leads from one part to another. ``covered``: the vertices
    that are matched. ``trios``: whether the proofs are to hold for matchings with trios too.
    """
    parts = int(part.max(initial=-1)) + 1
    sizes = np.bincount(part, minlength=parts)
    people = np.bincount(part[covered], minlength=parts)
    most = _possible(sizes, trios)
    value = np.full(parts, _UNBOUNDED // max(1, parts))
    several = list(proofs)
    for proof in several:
        if proof.bonus:
            most = np.minimum(most, _possible(2 * _sums(proof.prices, part, parts) // (proof.unit * proof.bonus), trios))
    for proof in several:
        if not proof.counts_pairs:
            value = np.minimum(value, _values(proof, part, sizes, people, most, trios))
    return Bound(int(value.sum()), int(most.sum()))


def _possible(people: Int64Array, trios: bool) -> Int64Array:
    """The most of so many people who can be covered: an even number by pairs, any but one with trios."""
    return np.where(people == 1, 0, people) if trios else people // 2 * 2


def _values(proof: Proof, part: Int32Array, sizes: Int64Array, people: Int64Array, most: Int64Array, trios: bool) -> Int64Array:
    """For every part, the most that matchings can be worth which cover from ``people`` to ``most`` vertices.

    The sum of the highest net prices rises as long as the next ones are positive together, one by one or two by two, and
    falls from there on.
    """
    net = 2 * proof.prices - proof.unit * proof.bonus
    order = np.lexsort((-net, part))
    highest_first = net[order]
    begins = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
    covered = np.concatenate(([0], np.cumsum(highest_first)))
    if trios:
        rising = np.bincount(part[order][highest_first > 0], minlength=len(sizes))
    else:
        even = (np.arange(len(net)) - begins[part[order]]) % 2 == 0
        gains = even & (np.append(highest_first[1:], 0) + highest_first > 0)
        gains &= np.arange(len(net)) + 1 < (begins + sizes)[part[order]]
        rising = 2 * np.bincount(part[order][gains], minlength=len(sizes))
    count = np.minimum(np.maximum(rising, people), np.maximum(most, people))
    values: Int64Array = (covered[begins + count] - covered[begins]) // (2 * proof.unit)
    return values


def _sums(prices: Int64Array, part: Int32Array, parts: int) -> Int64Array:
    """The sum of the prices in every part, exactly."""
    sums = np.zeros(parts, dtype=np.int64)
    np.add.at(sums, part, prices)
    return sums
