"""Seats on both sides: everybody on the left may have several partners on the right, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching_service.engine.core.graph import edge_list, refuse_inexact_sums, tie_breakers, whole
from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array
from matching_service.engine.problem.seat_matching import SeatMatching, SeatProof
from matching_service.engine.solvers.seat_auction import SeatGraph, prices_and_holdings, seat_graph
from matching_service.engine.solvers.seat_paths import cover, price_the_left, settle, value_bound

_FINENESS: Final = 1_000
"""Weights are refined until the heaviest is at least this much, so that an auction has room for its steps."""

_STEEPER: Final = 16
"""How many times the bonus for a place grows while it does not fill as many as are possible."""


def match_seats(
    left_seats: ArrayLike,
    right_seats: ArrayLike,
    u: ArrayLike,
    v: ArrayLike,
    weight: ArrayLike,
    *,
    coverage_first: bool = False,
    target_gap: float = 0.0,
    seed: int = 0,
) -> SeatMatching:
    """Choose edges of a bipartite graph for the greatest total weight, at every vertex at most as many as it has seats.

    ``left_seats``, ``right_seats``: how many partners each vertex may have; whole numbers, 0 for none.
    ``u``, ``v``, ``weight``: one entry for each edge, from left vertex ``u`` to right vertex ``v``; whole numbers. Of
    parallel edges the heaviest counts; an edge of weight 0 is no edge.
    ``coverage_first``: as many places filled as possible first, the greatest weight among those answers second.
    ``target_gap``: stop once the certified gap is this small (0: the optimum).
    ``seed``: decides ties, so that nobody wins them by the order of ids. Same arguments, same answer.

    Method: an auction (``seat_auction``), which comes close, and from there alternating paths of least cost
    (``seat_paths``), which are exact: ``value`` equals ``upper_bound`` unless a target gap ended the search. With
    coverage first every edge gets a bonus, a larger one until as many places are filled as are proven to be possible.

    Time: a few dozen looks at every edge as a rule; where a great many weights differ by less than a bid adds, more for
    the paths. Memory: about 150 bytes an edge.

    Raises: ValueError for weights and seats that are not whole numbers or negative, ends that are no vertices, arrays of
    different length, and weights too large to be added exactly.
    """
    if not 0.0 <= target_gap < 1.0:
        raise ValueError(f"target_gap {target_gap} is not a share from 0 to 1.")
    left, right = _seats("left_seats", left_seats), _seats("right_seats", right_seats)
    one, other, weights = edge_list(u, v, weight, len(left), len(right))
    of_use = _of_use(left, one), _of_use(right, other)
    # The side with fewer seats bids: who bids for plenty is soon content.
    if of_use[1] < of_use[0]:
        market = _Market.of(right, left, other, one, weights, seed)
        return _turned(_matched(market, coverage_first, target_gap))
    return _matched(_Market.of(left, right, one, other, weights, seed), coverage_first, target_gap)


def _matched(market: _Market, coverage_first: bool, target_gap: float) -> SeatMatching:
    if not coverage_first:
        best = market.best(0, target_gap)
        return market.answer(best, min(market.of_use), (market.proof(best.price, best.unit),))
    bonus = max(1, market.heaviest)
    while True:
        best = market.best(bonus, 0.0)
        counting, complete = cover(market.graph, best.chosen)
        if complete:
            proofs = market.proof(best.price, best.unit, bonus), market.proof(counting, 1, 1, counts_places=True)
            return market.answer(best, best.places, proofs)
        bonus *= _STEEPER


@dataclass(frozen=True)
class _Choice:
    """Which edges are chosen, by their left vertex; prices, ``unit`` to one of weight; the bonus every edge has."""

    graph: SeatGraph
    chosen: BoolArray
    price: Int64Array
    unit: int
    bonus: int

    @property
    def places(self) -> int:
        return int(self.chosen.sum())

    @property
    def value(self) -> int:
        """What is chosen is worth, without its bonus."""
        return int(self.graph.weight[: len(self.chosen)][self.chosen].sum()) // self.unit - self.bonus * self.places

    @property
    def upper_bound(self) -> int:
        """No choice that fills as many places is worth more."""
        return int(value_bound(self.graph, self.price)) // self.unit - self.bonus * self.places


@dataclass(frozen=True)
class _Market:
    """The graph, on each side in an order drawn from a seed. ``of_left``, ``of_right``: who stands in each place."""

    graph: SeatGraph
    of_left: Int32Array
    of_right: Int32Array

    @classmethod
    def of(cls, left: Int64Array, right: Int64Array, u: Int64Array, v: Int64Array, weight: Int64Array, seed: int) -> _Market:
        """The market of seats and edges, all checked already."""
        drawn = tie_breakers(len(left) + len(right), seed)
        of_left, place_left = _ordered(drawn[: len(left)])
        of_right, place_right = _ordered(drawn[len(left) :])
        # Who has more seats than there are others never fills them; one seat too many says that, and can be added up.
        seats = np.minimum(left, len(right) + 1)[of_left], np.minimum(right, len(left) + 1)[of_right]
        graph = seat_graph(len(left), np.concatenate(seats), place_left[u], place_right[v] + np.int32(len(left)), weight)
        return cls(graph, of_left, of_right)

    @cached_property
    def heaviest(self) -> int:
        """The weight of the heaviest edge; 0 when there is none."""
        return int(self.graph.weight.max(initial=0))

    @cached_property
    def of_use(self) -> tuple[int, int]:
        """How many seats of the left and of the right vertices have an edge that could fill them."""
        of_use = np.minimum(self.graph.seats, np.diff(self.graph.start))
        return int(of_use[: self.graph.left].sum()), int(of_use[self.graph.left :].sum())

    def best(self, bonus: int, target_gap: float) -> _Choice:
        """The best choice when every edge is worth ``bonus`` more, or one whose gap is small enough.

        Raises: ValueError when sums could exceed 64 bits.
        """
        unit = -(-_FINENESS // max(1, self.heaviest + bonus))
        refuse_inexact_sums(self.heaviest, sum(self.of_use), unit, bonus)
        graph = self.graph._replace(weight=(self.graph.weight + bonus) * unit)
        price, chosen = prices_and_holdings(graph)
        price_the_left(graph, chosen, price)
        choice = _Choice(graph, chosen, price, unit, bonus)
        if choice.upper_bound - choice.value > target_gap * choice.upper_bound:
            settle(graph, chosen, price)
        return choice

    def proof(self, prices: Int64Array, unit: int, bonus: int = 0, *, counts_places: bool = False) -> SeatProof:
        """The prices by the numbers of the vertices as given."""
        # Whose edges were left out for want of a seat may ask any price: nothing is added up for it.
        most = unit * (bonus + (0 if counts_places else self.heaviest))
        price = np.where(self.graph.seats > 0, prices, most)
        left, right = np.empty(len(self.of_left), np.int64), np.empty(len(self.of_right), np.int64)
        left[self.of_left], right[self.of_right] = price[: len(left)], price[len(left) :]
        return SeatProof(left, right, unit, bonus, counts_places)

    def answer(self, choice: _Choice, most_places: int, proofs: tuple[SeatProof, ...]) -> SeatMatching:
        """The chosen edges by the numbers of the vertices as given."""
        edges = np.flatnonzero(choice.chosen)
        u = self.of_left[self.graph.other[self.graph.twin[edges]]]
        v = self.of_right[self.graph.other[edges] - self.graph.left]
        return _in_order(u, v, self.graph.weight[edges], choice.upper_bound, most_places, proofs)


def _turned(matching: SeatMatching) -> SeatMatching:
    """The same with left and right exchanged."""
    proofs = tuple(replace(proof, left=proof.right, right=proof.left) for proof in matching.proofs)
    bounds = matching.upper_bound, matching.most_places
    return _in_order(matching.v, matching.u, matching.weight, *bounds, proofs)


def _in_order(
    u: Int32Array, v: Int32Array, weight: Int64Array, upper_bound: int, most_places: int, proofs: tuple[SeatProof, ...]
) -> SeatMatching:
    order = np.lexsort((v, u))
    return SeatMatching(u[order], v[order], weight[order], int(weight.sum()), upper_bound, most_places, proofs)


def _ordered(drawn: NDArray[np.uint64]) -> tuple[Int32Array, Int32Array]:
    """The vertices of a side by their tie breakers, and the place of each."""
    vertices = np.argsort(drawn, kind="stable").astype(np.int32)
    place = np.empty_like(vertices)
    place[vertices] = np.arange(len(vertices), dtype=np.int32)
    return vertices, place


def _of_use(seats: Int64Array, ends: Int64Array) -> int:
    """How many seats of a side have an edge that could fill them."""
    return int(np.minimum(seats, np.bincount(ends, minlength=len(seats))).sum())


def _seats(name: str, values: ArrayLike) -> Int64Array:
    """The seats of one side. Raises: ValueError (see ``match_seats``)."""
    seats = whole(name, values)
    if seats.size and seats.min() < 0:
        raise ValueError(f"{name} holds the negative number {seats.min()}; who has no seat has 0.")
    return seats
