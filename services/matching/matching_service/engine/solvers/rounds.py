"""Several rounds of pairs, nobody with the same partner twice: coffee every month, or short meetings one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching_service.engine.core.graph import Graph
from matching_service.engine.problem.certificate import FREE
from matching_service.engine.problem.seat_matching import SeatMatching
from matching_service.engine.solvers.matching import match_graph
from matching_service.engine.solvers.seats import match_seats

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]


@dataclass(frozen=True)
class Rounds:
    """One matching a round, and what no rounds can exceed; value and bound in the units of the weights given.

    ``mates``: the partner of every vertex, -1 for none, a row for each round. ``upper_bound``: no rounds, without the same
    pair twice, are worth more in all. ``most_pairs``: none have more pairs. ``relaxed`` proves the bound: a choice of directed
    edges of which every vertex starts and ends at most one a round; rounds, each pair taken both ways, are one.
    """

    mates: Int32Array
    values: tuple[int, ...]
    upper_bound: int
    most_pairs: int
    relaxed: SeatMatching

    @property
    def value(self) -> int:
        return sum(self.values)

    @property
    def pairs(self) -> int:
        """How many pairs there are in all rounds."""
        return int((self.mates != FREE).sum()) // 2

    @property
    def gap(self) -> float:
        """What may be missing, as a share of the bound."""
        return (self.upper_bound - self.value) / self.upper_bound if self.upper_bound else 0.0


def match_rounds(
    n: int,
    u: ArrayLike,
    v: ArrayLike,
    weight: ArrayLike,
    *,
    rounds: int,
    most: ArrayLike | None = None,
    coverage_first: bool = True,
    seed: int = 0,
) -> Rounds:
    """Match the vertices of a graph in pairs, ``rounds`` times, no pair twice; the arguments are those of ``match_graph``.

    With ``coverage_first`` as many people as possible meet somebody in every round, those who went without before first;
    the greatest weight comes second.

    ``most``: in how many rounds each vertex may be (None: in all).

    Method: one matching after the other on the edges that are left. The bound is that of the relaxation in which a pair may be
    taken half: a matching with ``rounds`` seats on either side of the double cover, exact by ``match_seats``.

    Raises: ValueError (see ``match_graph``), and for fewer rounds than one.
    """
    if rounds < 1:
        raise ValueError(f"{rounds} rounds cannot be matched; there is at least one.")
    graph = Graph.of(n, u, v, weight)
    mates = np.full((rounds, n), FREE, dtype=np.int32)
    values = []
    seats = np.full(n, rounds, dtype=np.int64) if most is None else np.minimum(np.asarray(most, dtype=np.int64), rounds)
    free = seats.copy()
    left = (seats[graph.u] > 0) & (seats[graph.v] > 0)
    missed = np.zeros(n, dtype=np.int64)
    for number in range(rounds):
        one, other, worth = graph.u[left], graph.v[left], graph.weight[left]
        # Who went without before counts as much more as a pair is worth at most: no two others together outweigh them.
        extra = (missed[one] + missed[other]) * graph.heaviest if coverage_first else 0
        found = match_graph(n, one, other, worth + extra, coverage_first=coverage_first, seed=seed + number)
        mates[number] = found.mate
        taken = found.mate[graph.u] == graph.v
        values.append(int(graph.weight[taken].sum()))
        missed = np.where(found.mate == FREE, np.minimum(missed + 1, _MOST_MISSED), 0)
        free -= found.mate != FREE
        left &= ~taken & (free[graph.u] > 0) & (free[graph.v] > 0)
    both_ways = (np.concatenate((graph.u, graph.v)), np.concatenate((graph.v, graph.u)), np.tile(graph.weight, 2))
    relaxed = match_seats(seats, seats, *both_ways, seed=seed)
    degree = np.bincount(graph.u, minlength=n) + np.bincount(graph.v, minlength=n)
    most_pairs = min(int(np.minimum(degree, seats).sum()) // 2, rounds * (n // 2))
    return Rounds(mates, tuple(values), max(sum(values), relaxed.upper_bound // 2), most_pairs, relaxed)


_MOST_MISSED = 3
