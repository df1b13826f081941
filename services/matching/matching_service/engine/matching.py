"""The heaviest matching of a general graph: pairs of anyone with anyone, with a proof of how good they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching_service.engine.bound import Proof, bound, lifted
from matching_service.engine.double_cover import assign, doubled_prices
from matching_service.engine.graph import Graph, Part
from matching_service.engine.repair import Repair
from matching_service.engine.rounding import FREE, round_to_pairs

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
Float64Array = NDArray[np.float64]

METHOD = "double-cover assignment"


@dataclass(frozen=True)
class Matching:
    """A matching and its certificate; weights, value and bounds in the units of the weights given.

    ``mate``: the partner of every vertex, -1 for none. ``value``: the sum of the weights of the pairs.
    ``upper_bound``: no matching is worth more; with coverage first, no matching that has at least as many pairs in
    every connected part of the graph. ``most_pairs``: no matching has more pairs. ``gap``: what may be missing, as a
    share of ``upper_bound``. ``part``: the number of the connected part of every vertex.

    ``proofs``: for every edge, twice its weight plus twice the bonus is at most the doubled prices of its two ends.
    ``bound.py`` says how the bounds follow; anybody can check both.
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
    ``coverage_first``: as many pairs as possible first, the greatest weight among those second; every edge gets a
    bonus for that, greater than any matching is worth.
    ``target_gap``: stop improving once the certified gap is this small (0: improve as long as anything is found).
    ``seed``: decides ties, so that nobody wins them by the order of ids. Same arguments, same answer.

    Method: for each connected part, an assignment on the symmetric double cover (``double_cover``), rounded to pairs
    (``rounding``), improved by alternating paths (``repair``). Without coverage first, the value is proven to be at
    least two thirds of the optimum before a run and is usually within a thousandth of it; ``gap`` says how close it
    came. What is certified (``bound``) is integer arithmetic over every edge and does not rest on the solver.

    Time O(p^3) and 8 p^2 bytes for a connected part of p vertices.

    Raises: PopulationTooLarge when n > 10,000; ValueError for weights that are not whole numbers or negative, ends
    outside 0 to n-1, arrays of different length, and weights too large to be added exactly (below 2^53).
    """
    return solve(Graph.of(n, u, v, weight), coverage_first=coverage_first, target_gap=target_gap, seed=seed, progress=_unheard)


def solve(graph: Graph, *, coverage_first: bool, target_gap: float, seed: int, progress: Callable[[float], None]) -> Matching:
    """``match_graph`` on a graph that was checked already; ``progress`` hears the share of vertices done."""
    if not 0.0 <= target_gap < 1.0:
        raise ValueError(f"target_gap {target_gap} is not a share from 0 to 1.")
    bonus = graph.coverage_bonus() if coverage_first else 0
    graph.refuse_inexact_sums(bonus)
    mate = np.full(graph.n, FREE, dtype=np.int32)
    proofs = [Proof(np.zeros(graph.n, dtype=np.int64), of_bonus) for of_bonus in ((bonus, 0) if bonus else (0,))]
    value = upper_bound = most_pairs = done = 0
    for part in graph.parts(seed):
        solved = _match_part(part, bonus, target_gap)
        matched = solved.mate != FREE
        mate[part.vertices[matched]] = part.vertices[solved.mate[matched]]
        for whole, of_part in zip(proofs, solved.proofs, strict=True):
            whole.doubled_prices[part.vertices] = of_part.doubled_prices
        proven = bound(solved.proofs, solved.pairs)
        value += solved.value
        upper_bound += proven.value
        most_pairs += proven.pairs
        done += len(part.vertices)
        progress(done / graph.n)
    progress(1.0)
    return Matching(mate, value, upper_bound, most_pairs, graph.part, tuple(proofs))


@dataclass(frozen=True)
class _Solved:
    """One connected part, by position in it; with coverage first it has a second proof, without the bonus."""

    mate: Int64Array
    pairs: int
    value: int
    proofs: tuple[Proof, ...]


def _match_part(part: Part, bonus: int, target_gap: float) -> _Solved:
    worth = part.matrix(bonus)
    column, proof = _relaxed(part, worth, bonus)
    along = worth[np.arange(len(column)), column].astype(np.int64)
    mate = np.array(round_to_pairs(column.tolist(), along.tolist()), dtype=np.int64)
    Repair(worth, proof.doubled_prices, mate).improve(partial(_close_enough, worth, (proof,), mate, target_gap))
    pairs, value = _pairs_and_value(worth, bonus, mate)
    if not bonus:
        return _Solved(mate, pairs, value, (proof,))
    without_bonus = Proof(proof.doubled_prices, 0)
    if not _close_enough(worth, (proof,), mate, target_gap):
        del worth
        _, without_bonus = _relaxed(part, part.matrix(0), 0)
    return _Solved(mate, pairs, value, (proof, without_bonus))


def _relaxed(part: Part, worth: Float64Array, bonus: int) -> tuple[Int64Array, Proof]:
    """The assignment of a part, and its prices compared with every edge."""
    column = assign(worth)
    return column, Proof(lifted(doubled_prices(worth, column), part.u, part.v, part.weight, bonus), bonus)


def _close_enough(worth: Float64Array, proofs: tuple[Proof, ...], mate: Int64Array, target_gap: float) -> bool:
    """Whether nothing is left to win, or no more than the target allows."""
    bonus = proofs[0].bonus
    pairs, value = _pairs_and_value(worth, bonus, mate)
    proven = bound(proofs, pairs)
    if bonus and pairs < proven.pairs:
        return False
    return proven.value - value <= target_gap * proven.value


def _pairs_and_value(worth: Float64Array, bonus: int, mate: Int64Array) -> tuple[int, int]:
    """How many pairs there are, and their weight without the bonus."""
    one = np.flatnonzero(mate > np.arange(len(mate)))
    return len(one), int(worth[one, mate[one]].astype(np.int64).sum()) - bonus * len(one)


def _unheard(_: float) -> None:
    """Nobody listens to the progress."""
