"""The heaviest matching of a general graph: pairs of anyone with anyone, with a proof of how good they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from matching_service.engine.core.graph import Graph, tie_breakers
from matching_service.engine.core.types import Int32Array
from matching_service.engine.problem.certificate import FREE, Proof
from matching_service.engine.solvers.solver import METHOD, Solved, best_known, close_enough, proven_by, value_of


@dataclass(frozen=True)
class Matching:
    """A matching and its certificate; weights, value and bounds in the units of the weights given.

    ``mate``: the partner of every vertex, -1 for none. ``value``: the sum of the weights of the pairs.
    ``upper_bound``: no matching is worth more; with coverage first, no matching that has at least as many pairs in
    every connected part of the graph. ``most_pairs``: no matching has more pairs. ``gap``: what may be missing, as a
    share of ``upper_bound``. ``part``: the number of the connected part of every vertex.

    ``proofs``: prices that cover every edge. ``certificate.py`` shows how the bounds follow; anybody can check both.
    """

    mate: Int32Array
    value: int
    upper_bound: int
    most_pairs: int
    part: Int32Array
    proofs: tuple[Proof, ...]
    method: str = METHOD

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return int((self.mate != FREE).sum()) // 2

    @property
    def gap(self) -> float:
        return (self.upper_bound - self.value) / self.upper_bound if self.upper_bound else 0.0


def match_graph(
    n: int,
    u: ArrayLike,
    v: ArrayLike,
    weight: ArrayLike,
    *,
    coverage_first: bool = False,
    target_gap: float = 0.0,
    seed: int = 0,
) -> Matching:
    """Match the vertices 0 to n-1 of a graph in pairs, for the greatest total weight.

    ``u``, ``v``, ``weight``: one entry for each edge; whole numbers. The two ends may stand in any order; of parallel
    edges the heaviest counts; an edge of weight 0, or from a vertex to itself, is no edge.
    ``coverage_first``: as many pairs as possible first, the greatest weight among those second.
    ``target_gap``: stop improving once the certified gap is this small (0: improve as long as anything is found).
    ``seed``: decides ties, so that nobody wins them by the order of ids. Same arguments, same answer.

    Method: an auction on the symmetric double cover (``auction``), rounded to pairs (``rounding``), improved by
    alternating paths (``repair``), and where little is left open by exact search (``small_exact``). What is certified
    (``certificate``) is integer arithmetic over every edge and does not rest on the solver. With coverage first every edge
    gets a bonus; one greater than any matching is worth when a small one does not prove enough.

    Time: a few dozen looks at every edge as a rule. Memory: about 100 bytes an edge.

    Raises: ValueError for weights that are not whole numbers or negative, ends outside 0 to n-1, arrays of different
    length, and weights too large to be added exactly.
    """
    if not 0.0 <= target_gap < 1.0:
        raise ValueError(f"target_gap {target_gap} is not a share from 0 to 1.")
    graph = Graph.of(n, u, v, weight)
    renamed, vertices = _shuffled(graph, seed)
    mate, proofs = solve(renamed, coverage_first=coverage_first, target_gap=target_gap)
    proven = proven_by(proofs, renamed, mate)
    own_mate, part = np.full(n, FREE, dtype=np.int32), np.zeros(n, dtype=np.int32)
    matched = mate != FREE
    own_mate[vertices[matched]] = vertices[mate[matched]]
    part[vertices] = renamed.part
    value = value_of(renamed, mate)
    own_proofs = tuple(_by_vertex(proof, vertices) for proof in proofs)
    return Matching(own_mate, value, max(value, proven.value), proven.pairs, part, own_proofs)


def solve(graph: Graph, *, coverage_first: bool, target_gap: float) -> tuple[Int32Array, list[Proof]]:
    """The best pairs found and proofs of how good they are; tried with ever larger bonuses while coverage asks for it."""
    found: list[Int32Array] = []
    proofs: list[Proof] = []
    for bonus in (graph.heaviest, graph.coverage_bonus, 0) if coverage_first else (0,):
        solved = Solved.of(graph, bonus)
        proofs.append(solved.proof)
        for improve in (lambda as_it_is: as_it_is, Solved.repaired, Solved.finished):
            improve(solved)
            found.append(solved.mate.copy())
            mate = best_known(graph, found, coverage_first=coverage_first)
            found = [mate]
            proven = proven_by(proofs, graph, mate)
            pairs = int((mate != FREE).sum()) // 2
            if close_enough(proven, pairs, value_of(graph, mate), target_gap, coverage_first=coverage_first):
                return mate, proofs
    return mate, proofs


def _shuffled(graph: Graph, seed: int) -> tuple[Graph, Int32Array]:
    """The graph with its vertices in an order drawn from ``seed``, and which vertex stands in each place."""
    vertices = np.argsort(tie_breakers(graph.n, seed), kind="stable").astype(np.int32)
    place = np.empty(graph.n, dtype=np.int32)
    place[vertices] = np.arange(graph.n, dtype=np.int32)
    u, v = place[graph.u], place[graph.v]
    return Graph(graph.n, np.minimum(u, v), np.maximum(u, v), graph.weight), vertices


def _by_vertex(proof: Proof, vertices: Int32Array) -> Proof:
    prices = np.empty_like(proof.prices)
    prices[vertices] = proof.prices
    return Proof(prices, proof.unit, proof.bonus, proof.counts_pairs)
