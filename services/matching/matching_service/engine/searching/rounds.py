"""The search for several rounds of pairs at once, nobody with the same person twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE, Bound, Proof
from matching_service.engine.problem.policy import MICRO
from matching_service.engine.searching.search import Search, Stopped
from matching_service.engine.solvers.rounds import match_rounds

_MOST_PEOPLE: Final = 6_000
"""Of more people the possible pairs are too many to be held at once."""


@dataclass
class RoundSearch(Search):
    """The search for rounds. Everybody is in as many as they have seats, up to the number of rounds."""

    method: ClassVar[str] = "matchings one after the other, who went without first"
    one_match_each: ClassVar[bool] = False
    by_blocks: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seats = np.minimum(self.field.people.seats, self.policy.rounds)
        self.mates = np.full((self.policy.rounds, self.graph.n), FREE, dtype=np.int32)
        self.most_pairs = int(self.seats.sum()) // 2

    def run(self, fast: bool) -> None:  # noqa: ARG002 - there is one way
        """Weigh every pair, then make the rounds. Raises: ValueError for more people than can be held at once."""
        if self.field.active > _MOST_PEOPLE:
            raise ValueError(
                f"Rounds are planned for at most {_MOST_PEOPLE:,} people at a time, and {self.field.active:,} are free. "
                "Set rounds to 1, or divide the program, for instance by location."
            )
        self.graph = graph = self.field.complete(self.report_progress)
        self.phase = "matching"
        self.report_progress(0.0)
        found = match_rounds(
            graph.n,
            graph.u,
            graph.v,
            graph.weight,
            rounds=self.policy.rounds,
            most=self.seats,
            coverage_first=self.policy.coverage_first,
            seed=self.seed,
        )
        self.mates, self.most_pairs = found.mates, found.most_pairs
        (seated,) = found.relaxed.proofs
        prices, unit = seated.left + seated.right, 2 * seated.unit
        beyond = np.maximum(0, unit * graph.weight - prices[graph.u] - prices[graph.v])
        self.proofs = [Proof(prices, unit, beyond=int(beyond.sum()))]
        self.assess()
        if self.stop():
            raise Stopped

    def take_best_so_far(self) -> None:
        """After a stop: the rounds, if they were made, and a bound that needs no search."""
        if not self.proofs:
            self.proofs = [Proof(np.full(self.graph.n, MICRO, dtype=np.int64), 2)]

    def pairs(self) -> tuple[Int32Array, Int32Array]:
        """The pairs of all rounds, one round after the other."""
        _, one = self._first_of_pairs()
        return one, self.mates[self.rounds - 1, one]

    @property
    def rounds(self) -> Int32Array:
        """The round of every pair, from 1."""
        number, _ = self._first_of_pairs()
        return number + 1

    def _first_of_pairs(self) -> tuple[Int32Array, Int32Array]:
        number, one = np.nonzero(self.mates > np.arange(self.graph.n))
        return number.astype(np.int32), one.astype(np.int32)

    def form_trios(self) -> None:
        """Nothing: who went without in a round comes first in the next."""

    @property
    def matched(self) -> BoolArray:
        """Who is in a pair of any round."""
        matched: BoolArray = (self.mates != FREE).any(axis=0)
        return matched

    def proven(self) -> Bound:
        """What the prices prove of all rounds together; people count once for every round."""
        return Bound(min(self.bound_by(proof) for proof in self.proofs), 2 * self.most_pairs)

    def bound_by(self, proof: Proof) -> int:
        """All seats at their prices, and what pairs are worth beyond."""
        priced: Int64Array = self.seats * proof.prices
        return (int(priced.sum()) + proof.beyond) // proof.unit

    def assess(self) -> None:
        """The gap that is proven now."""
        one, other = self.pairs()
        limit = self.proven().value
        self.gap = (limit - int(self.pair_worths(one, other).sum())) / limit if limit else 0.0
