"""The heaviest matching of a sparse graph: prices, pairs at those prices, and repairs until the proof is close enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matching_service.engine.core.graph import Graph
from matching_service.engine.core.kernels import kernel
from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE, Bound, Proof, bound
from matching_service.engine.solvers.auction import Adjacency, adjacency, prices_and_assignment
from matching_service.engine.solvers.repair import repair
from matching_service.engine.solvers.rounding import round_to_pairs
from matching_service.engine.solvers.small_exact import finish

METHOD: Final = "symmetric auction on the double cover"


@dataclass(frozen=True)
class Solved:
    """Pairs and prices for the weights of a graph with ``bonus`` added to each; ``mate`` is improved in place.

    ``prices`` cover every edge of the graph, in its unit.
    """

    graph: Graph
    by_vertex: Adjacency
    bonus: int
    prices: Int64Array
    mate: Int32Array

    @classmethod
    def of(cls, graph: Graph, bonus: int = 0) -> Solved:
        """The graph solved, without any repair. Raises: ValueError when sums could exceed 64 bits."""
        graph.refuse_inexact_sums(bonus)
        by_vertex = adjacency(graph.n, graph.u, graph.v, graph.weight, graph.unit, bonus)
        prices, got = prices_and_assignment(by_vertex, graph.heaviest * graph.unit, bonus * graph.unit)
        return cls(graph, by_vertex, bonus, prices, round_to_pairs(by_vertex, got))

    @property
    def proof(self) -> Proof:
        """The prices as a proof, about the graph's own edges."""
        return Proof(self.prices, self.graph.unit, self.bonus)

    def repaired(self, least_gain: float = 0.0) -> Solved:
        """The same with better pairs, as long as alternating paths gain ``least_gain`` units of weight each, or any."""
        repair(self.by_vertex, self.prices, self.mate, max(1, int(least_gain * self.graph.unit)))
        return self

    def finished(self) -> Solved:
        """The same with the best pairs there are, where what is still open is small enough to be searched exactly."""
        finish(self.by_vertex, self.prices, self.mate)
        return self


def value_of(graph: Graph, mate: Int32Array) -> int:
    """What the pairs of a matching are worth, all of them edges of the graph."""
    return _worth_of_pairs(graph.u, graph.v, graph.weight, mate)


# A kernel for the sake of memory, as in `graph`.
@kernel
def _worth_of_pairs(u: Int32Array, v: Int32Array, weight: Int64Array, mate: Int32Array) -> int:
    worth = 0
    for edge in range(len(u)):
        if mate[u[edge]] == v[edge]:
            worth += weight[edge]
    return worth


def best_known(graph: Graph, candidates: list[Int32Array], *, coverage_first: bool) -> Int32Array:
    """The best of several matchings: the most pairs first if coverage is, the greatest value otherwise, then the other."""

    def merit(mate: Int32Array) -> tuple[int, int]:
        pairs, value = int((mate != FREE).sum()) // 2, value_of(graph, mate)
        return (pairs, value) if coverage_first else (value, pairs)

    return max(candidates, key=merit)


def close_enough(proven: Bound, pairs: int, value: int, target_gap: float, *, coverage_first: bool) -> bool:
    """Whether nothing is left to win, or no more than the target allows."""
    if coverage_first and pairs < proven.pairs:
        return False
    return proven.value - value <= target_gap * proven.value


def proven_by(proofs: list[Proof], graph: Graph, mate: Int32Array) -> Bound:
    """What proofs about the graph's edges say."""
    return bound(proofs, graph.part, mate != FREE)
