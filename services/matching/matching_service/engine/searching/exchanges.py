"""The search for exchanges: two who teach each other or practise together, three of whom each teaches the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.certificate import Bound, Proof
from matching_service.engine.problem.policy import MICRO
from matching_service.engine.searching.search import Search, Stopped
from matching_service.engine.solvers.exchanges import Exchanges, match_exchanges
from matching_service.engine.weighing.exchanges import Steps, steps

_MOST_PEOPLE: Final = 1_000
"""Of more people the exchanges of three are too many to be weighed against each other."""


@dataclass
class ExchangeSearch(Search):
    """The search for exchanges. Everybody is in one at most."""

    method: ClassVar[str] = "swaps, practice and rings of three as a set packing"
    one_match_each: ClassVar[bool] = True
    by_blocks: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.found = Exchanges((), (), 0, np.zeros(self.graph.n, np.int64))

    def run(self, fast: bool) -> None:  # noqa: ARG002 - there is one way
        """Weigh every pair, then choose exchanges. Raises: ValueError for more people than can be weighed."""
        if self.field.active > _MOST_PEOPLE:
            raise ValueError(
                f"Exchanges are made of at most {_MOST_PEOPLE:,} people at a time, and {self.field.active:,} are free. "
                "Divide the program, for instance by location or goal."
            )
        self.graph = graph = self.field.complete(self.report_progress)
        self.phase = "matching"
        self.report_progress(0.0)
        of = steps(self.field, self.policy, graph.u, graph.v)
        self.found = match_exchanges(
            graph.n,
            np.concatenate((graph.v, graph.u)),
            np.concatenate((graph.u, graph.v)),
            np.concatenate((of.of_a, of.of_b)),
            beside=(graph.u, graph.v, of.practising),
            trios=self.policy.rings,
            coverage_first=self.policy.coverage_first,
        )
        self.trios = np.array([one for one in self.found.exchanges if len(one) == 3], dtype=np.int32).reshape(-1, 3)
        self.proofs = [Proof(self.found.prices, 2 * self.found.unit)]
        priced = int(self.found.prices.sum()) // (2 * self.found.unit)
        self.exhaustive = self.found.upper_bound < max(priced, self.found.value)
        self.assess()
        if self.stop():
            raise Stopped

    def take_best_so_far(self) -> None:
        """After a stop: the exchanges, if they were made, and a bound that needs no search."""
        if not self.proofs:
            self.proofs = [Proof(np.full(self.graph.n, MICRO, dtype=np.int64), 2)]
            self.found = Exchanges((), (), self.graph.n * MICRO // 2, self.proofs[0].prices)

    def pairs(self) -> tuple[Int32Array, Int32Array]:
        """Those who teach each other, or practise."""
        two = np.array([one for one in self.found.exchanges if len(one) == 2], dtype=np.int32).reshape(-1, 2)
        return np.ascontiguousarray(two[:, 0]), np.ascontiguousarray(two[:, 1])

    def pair_worths(self, a: Int32Array, b: Int32Array) -> Int64Array:
        """What each two are worth who teach each other, or practise."""
        return self._steps(a, b).together

    def trio_worths(self, trios: Int32Array) -> Int64Array:
        """What each three are worth who teach each other round: the better way round."""
        a, b, c = (np.ascontiguousarray(column) for column in trios.T)
        ab, bc, ac = self._steps(a, b), self._steps(b, c), self._steps(a, c)
        ways = (ab.of_b, bc.of_b, ac.of_a), (ab.of_a, bc.of_a, ac.of_b)
        worths = [np.where(np.min(way, axis=0) > 0, np.sum(way, axis=0) // 2, 0) for way in ways]
        best: Int64Array = np.max(worths, axis=0)
        return best

    def _steps(self, a: Int32Array, b: Int32Array) -> Steps:
        return steps(self.field, self.policy, a, b)

    def form_trios(self) -> None:
        """Nothing: three are an exchange of their own."""

    def proven(self) -> Bound:
        """What the prices prove, or that nothing better is left."""
        return Bound(self.found.upper_bound, self.graph.n if self.graph.n != 1 else 0)

    def bound_by(self, proof: Proof) -> int:
        """What no exchanges are worth more than, by this proof alone."""
        return int(proof.prices.sum()) // proof.unit

    def assess(self) -> None:
        """The gap that is proven now."""
        self.gap = self.found.gap
