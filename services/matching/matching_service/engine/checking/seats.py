"""An independent check of who got which seats: straight from the definitions, in NumPy, nothing shared with the solver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching_service.engine.problem.seat_matching import SeatMatching, SeatProof

Ints = NDArray[np.int64]

_MOST: Final = 2**61
"""Of numbers below this, 64 bits hold the difference of one and two others."""


def check_seats(
    left_seats: ArrayLike, right_seats: ArrayLike, u: ArrayLike, v: ArrayLike, weight: ArrayLike, matching: SeatMatching
) -> list[str]:
    """What is wrong with an answer of ``match_seats`` to these arguments, in sentences; empty when nothing is."""
    market = _Market.of(left_seats, right_seats, u, v, weight)
    return [*_choice(market, matching), *_bounds(market, matching)]


class _Market(NamedTuple):
    """Seats, and the edges there are: each once, sorted, worth something, and at vertices with seats."""

    left: Ints
    right: Ints
    u: Ints
    v: Ints
    weight: Ints

    @classmethod
    def of(cls, left_seats: ArrayLike, right_seats: ArrayLike, u: ArrayLike, v: ArrayLike, weight: ArrayLike) -> _Market:
        left, right, one, other, worth = (
            np.asarray(values, dtype=np.int64) for values in (left_seats, right_seats, u, v, weight)
        )
        order = np.lexsort((-worth, other, one))
        one, other, worth = one[order], other[order], worth[order]
        counts = (worth > 0) & (left[one] > 0) & (right[other] > 0)
        counts[1:] &= (one[1:] != one[:-1]) | (other[1:] != other[:-1])
        return cls(left, right, one[counts], other[counts], worth[counts])


def _choice(market: _Market, matching: SeatMatching) -> Iterator[str]:
    """Every edge chosen exists, once, at its weight, and nobody has more than there are seats."""
    chosen = list(zip(matching.u.tolist(), matching.v.tolist(), matching.weight.tolist(), strict=True))
    if len({(u, v) for u, v, _ in chosen}) < len(chosen):
        yield "An edge is chosen more than once."
    if absent := set(chosen) - set(zip(market.u.tolist(), market.v.tolist(), market.weight.tolist(), strict=True)):
        yield f"There is no edge {min(absent)[:2]} of weight {min(absent)[2]}."
        return
    for side, ends, seats in (("left", matching.u, market.left), ("right", matching.v, market.right)):
        partners = np.bincount(ends, minlength=len(seats))
        for vertex in np.flatnonzero(partners > seats)[:1]:
            yield f"The {side} vertex {vertex} has {partners[vertex]} partners and {seats[vertex]} seats."
    if matching.value != sum(weight for _, _, weight in chosen):
        yield f"The edges chosen are not worth {matching.value}."


def _bounds(market: _Market, matching: SeatMatching) -> Iterator[str]:
    """The prices prove the bounds, and the answer keeps to them."""
    for proof in matching.proofs:
        sides = (proof.left, market.left), (proof.right, market.right)
        if proof.unit <= 0 or proof.bonus < 0 or any(len(price) != len(seats) or (price < 0).any() for price, seats in sides):
            yield "A proof needs one price, not negative, for each vertex."
            return
        highest_price = max(int(price.max(initial=0)) for price, _ in sides)
        if max(highest_price, proof.unit * (int(market.weight.max(initial=0)) + proof.bonus)) >= _MOST:
            yield "The numbers of a proof are too large to be compared exactly."
            return
    most = min(
        int(np.minimum(seats, np.bincount(ends, minlength=len(seats))).sum())
        for seats, ends in ((market.left, market.u), (market.right, market.v))
    )
    values = []
    for proof in matching.proofs:
        proven = _proven(market, proof)
        if proof.bonus and proof.counts_places:
            most = min(most, proven // (proof.unit * proof.bonus))
        elif not proof.counts_places:
            values.append(proven // proof.unit - proof.bonus * matching.places)
    if not values or min(values) > matching.upper_bound:
        yield f"The prices do not prove that {matching.upper_bound} is the most."
    if most > matching.most_places:
        yield f"The prices do not prove that {matching.most_places} places are the most; up to {most} may be filled."
    if matching.value > matching.upper_bound or matching.places > matching.most_places:
        yield "The answer exceeds its own bounds."


def _proven(market: _Market, proof: SeatProof) -> int:
    """All seats at their prices, plus what edges are worth beyond both prices, bonus included; added up without limits."""
    weight = np.zeros_like(market.weight) if proof.counts_places else market.weight
    beyond = proof.unit * (weight + proof.bonus) - proof.left[market.u] - proof.right[market.v]
    proven: int = sum(beyond[beyond > 0].tolist())
    for prices, seats in ((proof.left, market.left), (proof.right, market.right)):
        proven += sum(price * count for price, count in zip(prices.tolist(), seats.tolist(), strict=True))
    return proven
