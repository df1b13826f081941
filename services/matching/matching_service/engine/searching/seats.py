"""From a population of juniors and seniors to pairs: as many as their seats allow on either side, and the certificate.

The lists, the prices and the comparison of all pairs are those of peers; what lies between them is ``match_seats``, which
is exact. So the gap is only what the pairs left out could add at the prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np

from matching_service.engine.core.graph import Graph
from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.certificate import Bound, Proof
from matching_service.engine.problem.policy import MICRO
from matching_service.engine.problem.seat_matching import SeatMatching, SeatProof
from matching_service.engine.searching.search import Search
from matching_service.engine.solvers.seats import match_seats
from matching_service.engine.weighing.all_pairs import floors

_LISTED: Final = 8
_COLUMNS_SEEN: Final = 8_192
"""How many partners everybody is listed, and out of how many, before all pairs are compared."""

_JOINED: Final = 16
"""How many pairs a comparison lists for one junior."""

_ROUNDS: Final = 5
"""How often all pairs are compared with prices at most, for the value and for the places."""

_UNPROMISING: Final = 600_000
"""How far below both prices, in doubled micro-units, an edge may lie to be kept."""


@dataclass
class SeatSearch(Search):
    """The search for pairs of one junior and one senior each. Juniors stand first in the field."""

    method: ClassVar[str] = "auction for seats, alternating paths"
    one_match_each: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        people, limit = self.field.people, self.field.terms.juniors_up_to
        junior, seated = people.level <= limit, people.seats > 0
        others = np.where(junior, (seated & ~junior).sum(), (seated & junior).sum())
        self.seats = np.minimum(people.seats, others)  # nobody fills more seats than there are others
        self.most = min(int(self.seats[junior].sum()), int(self.seats[~junior].sum()))
        self.chosen = Graph.empty(self.graph.n)

    def run(self, fast: bool) -> None:
        """Search until the gap is closed, as far as the mode asks for."""
        if self.few:
            self._exhaustive()
            return
        self.add_edges(self.field.by_worth(_LISTED, _COLUMNS_SEEN, self.report_progress))
        self.phase = "matching"
        prices = self._solve()
        self.add_edges(self.field.by_key(prices, self.graph, _LISTED, _COLUMNS_SEEN, self.report_progress))
        self._compare(1 if fast else _ROUNDS)
        self._fill_every_place()
        if not fast and (self.gap or 0.0) > self.target_gap:
            self._compare(_ROUNDS)  # what filled places may have changed the prices

    def _exhaustive(self) -> None:
        self.graph = self.field.complete(self.report_progress)
        self.phase = "matching"
        self.report_progress(0.0)
        found = self._matched(self.graph, self.graph.weight, coverage_first=self.policy.coverage_first)
        self._consider(found)
        self.proofs = [self._proof(proof, self.graph, self.graph.weight) for proof in found.proofs]
        self.assess()
        self.notify(self.phase, 1.0)

    def _compare(self, rounds: int) -> None:
        """Compare all pairs with the prices, let the pairs that exceed them change the prices, and so on."""
        prices = self._solve()
        for _ in range(rounds):
            if self.gap is not None and self.gap <= self.target_gap:
                return
            self._drop_unpromising_edges(prices)
            lists = self.field.join(prices, 0, _JOINED, self.report_progress)
            self.add_edges(lists)
            least = np.maximum(0, floors(lists, prices, 0) + self.bonus)
            del lists
            prices = self._solve()
            self._certify(least)

    def _matched(self, graph: Graph, weight: Int64Array, *, coverage_first: bool = False) -> SeatMatching:
        """The best choice among the edges of a graph, weighed anew."""
        juniors = self.field.juniors
        left, right = self.seats[:juniors], self.seats[juniors:]
        return match_seats(left, right, graph.u, graph.v - juniors, weight, coverage_first=coverage_first, seed=self.seed)

    def _solve(self) -> Int64Array:
        """Prices of the edges known, for twice the worth, less the bonus of one's own side."""
        self.report_progress(1.0)
        found = self._matched(self.graph, self.graph.weight + self.bonus)
        self._consider(found)
        (proof,) = found.proofs
        return -(-2 * np.concatenate((proof.left, proof.right)) // proof.unit) - self.bonus

    def _consider(self, found: SeatMatching) -> None:
        """Keep the better of the pairs found and those before: the most first if coverage is, else the most worth."""
        keys = self.graph.u.astype(np.int64) * self.graph.n + self.graph.v
        at = np.searchsorted(keys, found.u.astype(np.int64) * self.graph.n + found.v + self.field.juniors)
        chosen = Graph(self.graph.n, self.graph.u[at], self.graph.v[at], self.graph.weight[at])
        self.chosen = max(self.chosen, chosen, key=self._merit)
        self.assess()

    def _merit(self, chosen: Graph) -> tuple[int, int]:
        places, value = len(chosen.u), int(chosen.weight.sum())
        return (places, value) if self.policy.coverage_first else (value, places)

    def _drop_unpromising_edges(self, prices: Int64Array) -> None:
        """Drop edges far below the prices; should those fall, the next comparison finds them again."""
        graph = self.graph
        kept = prices[graph.u] + prices[graph.v] <= 2 * graph.weight + _UNPROMISING
        self.graph = Graph(graph.n, graph.u[kept], graph.v[kept], graph.weight[kept])

    def _certify(self, least: Int64Array) -> None:
        """Keep the lowest prices that cover the graph and are at least ``least``, which covers all other pairs.

        How far they must rise above it is a matching problem again, of the few edges that it leaves uncovered.
        """
        rest = self.graph.uncovered(self.bonus, least)
        proof = self._proof(self._matched(rest, rest.weight).proofs[0], rest, rest.weight)
        self.keep(replace(proof, prices=proof.prices + proof.unit * least, unit=2 * proof.unit, bonus=self.bonus))

    def _proof(self, seated: SeatProof, graph: Graph, weight: Int64Array) -> Proof:
        """Prices by place. What edges are worth beyond both goes onto whoever has one seat, where it costs no more."""
        prices = np.concatenate((seated.left, seated.right))
        worth = seated.unit * ((0 if seated.counts_places else weight) + seated.bonus)
        for ends in (graph.u, graph.v):
            beyond = np.where(self.seats[ends] == 1, worth - prices[graph.u] - prices[graph.v], 0)
            rise = np.zeros_like(prices)
            np.maximum.at(rise, ends, beyond)
            prices = prices + rise
        rest = int(np.maximum(0, worth - prices[graph.u] - prices[graph.v]).sum())
        return Proof(prices, seated.unit, seated.bonus, seated.counts_places, rest)

    def _fill_every_place(self) -> None:
        """Prove that no more places can be filled, and with coverage first fill them.

        Prices of 1 that cover every pair there is prove it: those of one side, all of whose seats are filled, or those
        of the known edges, once a comparison has found no pair they leave out.
        """
        sides = slice(self.field.juniors), slice(self.field.juniors, None)
        for side in sides:
            prices = np.zeros(self.graph.n, dtype=np.int64)
            prices[side] = 1
            self.proofs.append(Proof(prices, 1, 1, counts_pairs=True))
        for _ in range(_ROUNDS if self.policy.coverage_first else 0):
            if len(self.chosen.u) == self.proven().pairs:
                break
            found = self._matched(self.graph, self.graph.weight, coverage_first=True)
            self._consider(found)
            proof = self._proof(found.proofs[1], self.graph, self.graph.weight)
            asked, known = proof.prices * 2 * MICRO, len(self.graph.u)
            missed = self.field.join(asked, 0, _JOINED, self.report_progress)
            self.add_edges(missed)
            if len(self.graph.u) == known and (floors(missed, asked, 0) == asked).all():
                self.proofs.append(proof)
        self.assess()

    def pairs(self) -> tuple[Int32Array, Int32Array]:
        """The best pairs found: the places of both people, the lower one first."""
        return self.chosen.u, self.chosen.v

    def take_best_so_far(self) -> None:
        """After a stop: the pairs of the edges known if none were made of them yet, and a bound that needs no search."""
        if len(self.graph.u) and not len(self.chosen.u):
            self._consider(self._matched(self.graph, self.graph.weight + self.bonus))
        if not self.proofs:
            prices = np.zeros(self.graph.n, dtype=np.int64)
            prices[: self.field.juniors] = MICRO + self.bonus
            self.proofs = [Proof(prices, 1, self.bonus)]

    def form_trios(self) -> None:
        """Juniors and seniors have no trios."""

    def proven(self) -> Bound:
        """What all proofs together say about the best pairs found."""
        value = min((self.bound_by(proof) for proof in self.proofs if not proof.counts_pairs), default=0)
        counts = [self._sum_of(proof) // (proof.unit * proof.bonus) for proof in self.proofs if proof.bonus]
        return Bound(value, 2 * min([self.most, *counts]))

    def bound_by(self, proof: Proof) -> int:
        """What no choice of as many pairs as the best is worth more than, by this proof alone."""
        return self._sum_of(proof) // proof.unit - proof.bonus * len(self.chosen.u)

    def _sum_of(self, proof: Proof) -> int:
        """What no choice of pairs exceeds, bonus included: all seats at their prices, and what pairs are worth beyond."""
        priced = np.flatnonzero(proof.prices)
        seats = sum(s * p for s, p in zip(self.seats[priced].tolist(), proof.prices[priced].tolist(), strict=True))
        return int(seats) + proof.beyond

    def assess(self) -> None:
        """The gap that is proven now."""
        if any(not proof.counts_pairs for proof in self.proofs):
            limit = self.proven().value
            self.gap = (limit - int(self.chosen.weight.sum())) / limit if limit else 0.0
