"""The search for pairs of anyone with anyone, each person in one pair, and for trios where the policy has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from matching_service.engine.core.graph import Graph
from matching_service.engine.core.kernels import kernel
from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE, Bound, Proof, bound
from matching_service.engine.problem.grouping import Grouping
from matching_service.engine.problem.policy import MICRO
from matching_service.engine.searching.groups import group_rules
from matching_service.engine.searching.search import Search, Stopped
from matching_service.engine.searching.trios import add_to_pairs
from matching_service.engine.solvers.groups import match_groups
from matching_service.engine.solvers.matching import solve
from matching_service.engine.solvers.solver import METHOD, Solved, best_known, value_of
from matching_service.engine.weighing.all_pairs import edges_of, floors
from matching_service.engine.weighing.scoring import weigh

_LISTED: Final = 8
_COLUMNS_SEEN: Final = 8_192
_COLUMNS_SEEN_FAST: Final = 6_000
"""How many partners everybody is listed, and out of how many, before all pairs are compared."""

_JOINED: Final = 16
_MARGIN: Final = 40_000
_MARGIN_OF_ONE: Final = 16_000
"""How many pairs a comparison lists for one person, and how far short of the prices they may be, in doubled micro-units.

The margin is what later prices may fall without another comparison.
"""

_OVERFULL: Final = 0.2
_ROUNDS: Final = 5
_MANY: Final = 300_000
_PARTLY: Final = (16, 8)
"""Beyond so many people all pairs are compared only once, after comparing one of so many blocks, round after round."""

_TOGETHER: Final = 60
_EFFORT: Final = 0.05
"""Up to so many people, pairs and trios are chosen together, after so much of the search that groups are worth."""

_UNPROMISING: Final = 600_000
"""How far below both prices, in doubled micro-units, an edge may lie to be kept."""

_GAIN_WORTH_A_PATH: Final = 100
"""Micro-units of worth below which no alternating path is looked for in a large population."""


@dataclass
class PeerSearch(Search):
    """The search for pairs of anyone with anyone."""

    method: ClassVar[str] = METHOD
    one_match_each: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.mate = np.full(self.graph.n, FREE, dtype=np.int32)
        self.together: Grouping | None = None

    def run(self, fast: bool) -> None:
        """Search until the gap is closed, as far as the mode asks for."""
        if self.few:
            self._exhaustive()
            return
        seen = _COLUMNS_SEEN_FAST if fast else _COLUMNS_SEEN
        self.add_edges(self.field.by_worth(_LISTED, seen, self.report_progress))
        self.phase = "matching"
        prices = self._shifted(self._solve())
        self.add_edges(self.field.by_key(prices, self.graph, _LISTED, seen, self.report_progress))
        self._compare(fast)
        self._match_the_rest()

    def _exhaustive(self) -> None:
        self.graph = self.field.complete(self.report_progress)
        self.phase = "matching"
        self.report_progress(0.0)
        self.mate, self.proofs = solve(self.graph, coverage_first=self.policy.coverage_first, target_gap=self.target_gap)
        self.assess()
        self.notify(self.phase, 1.0)

    def _compare(self, fast: bool) -> None:
        """Compare all pairs with the prices, let the pairs that exceed them change the prices, and so on."""
        solved = self._solve()
        if self.field.active > _MANY:
            for shift, stride in enumerate(_PARTLY):
                prices = self._shifted(solved)
                self._drop_unpromising_edges(solved)
                del solved  # a graph by vertex is large, and a new one is on its way
                self.add_edges(self.field.join(prices, 0, _JOINED, self.report_progress, stride=stride, shift=shift))
                solved = self._solve()
        rounds = 1 if fast or self.field.active > _MANY else _ROUNDS
        margin = _MARGIN_OF_ONE if rounds == 1 else 0  # what prices may fall before the next comparison, if there is one
        for _ in range(rounds):
            prices = self._shifted(solved)
            self._drop_unpromising_edges(solved)
            del solved
            lists = self.field.join(prices, margin, _JOINED, self.report_progress)
            least = np.maximum(0, floors(lists, prices, margin) + self.bonus)
            # Where many lists are full, of equals for instance, a margin would cost more than it spares.
            margin = _MARGIN if (lists.length == _JOINED).mean() <= _OVERFULL else 0
            edges = edges_of(lists)
            del lists  # they are larger than the edges in them
            self.graph = self.graph.merged(*edges)
            del edges
            self._certify(least)
            solved = self._solve()
            if self.gap is not None and self.gap <= self.target_gap:
                break
        self._consider(solved.repaired(_GAIN_WORTH_A_PATH).mate)

    def _solve(self) -> Solved:
        """Prices and pairs of the edges known; whoever is still free looks for a way in."""
        if self.stop():
            raise Stopped
        solved = Solved.of(self.graph, self.bonus).repaired(MICRO / 2)
        self._consider(solved.mate)
        self.report_progress(1.0)
        return solved

    def _consider(self, mate: Int32Array) -> None:
        self.mate = best_known(self.graph, [self.mate, mate.copy()], coverage_first=self.policy.coverage_first)
        self.assess()

    def _drop_unpromising_edges(self, solved: Solved) -> None:
        """Drop edges far below the prices; should those fall, the next comparison finds them again."""
        graph, beyond = self.graph, self.bonus + _UNPROMISING // 2
        kept = _worth_keeping(graph.u, graph.v, graph.weight, solved.prices, self.mate, graph.unit, beyond)
        self.graph = Graph(graph.n, graph.u[kept], graph.v[kept], graph.weight[kept])

    def _shifted(self, solved: Solved) -> Int64Array:
        """Prices for twice the worth, less the bonus of one's own side."""
        return -(-2 * solved.prices // solved.graph.unit) - self.bonus

    def _certify(self, least: Int64Array) -> None:
        """Keep the lowest prices that cover the graph and are at least ``least``, which covers all other pairs.

        How far they must rise above it is a matching problem again, of the few edges that it leaves uncovered.
        """
        rest = Solved.of(self.graph.uncovered(self.bonus, least))
        self.keep(Proof(2 * least - (-2 * rest.prices // rest.graph.unit), 4, self.bonus))

    def _match_the_rest(self) -> None:
        """Look among everybody for those without a mate, find out who can have none, and try again with their edges."""
        unmatched = np.flatnonzero(self.mate[: self.field.active] == FREE).astype(np.int32)
        degree = np.bincount(self.graph.u, minlength=self.graph.n) + np.bincount(self.graph.v, minlength=self.graph.n)
        lists = self.field.partners_of(unmatched, np.zeros(self.graph.n, dtype=np.int64), _LISTED, self.report_progress)
        unmatchable = unmatched[(lists.length[unmatched] == 0) & (degree[unmatched] == 0)]
        self._prove_coverage(unmatchable)
        reachable = self.field.active - len(unmatchable)
        if self.policy.coverage_first and int((self.mate != FREE).sum()) // 2 < reachable // 2:
            self.add_edges(lists)
            bonus = min(self.graph.coverage_bonus, self.graph.largest_bonus)
            self._consider(Solved.of(self.graph, bonus).repaired(self.graph.heaviest).mate)

    def _prove_coverage(self, unmatchable: Int32Array) -> None:
        """Half a pair for everybody who has a possible partner: a cover of all feasible pairs by people."""
        halves = np.zeros(self.graph.n, dtype=np.int64)
        halves[: self.field.active] = 1
        halves[unmatchable] = 0
        self.proofs.append(Proof(halves, 2, 1, counts_pairs=True))
        self.assess()

    def pairs(self) -> tuple[Int32Array, Int32Array]:
        """The best pairs found: the places of both people, the lower one first."""
        in_pair = self.mate > np.arange(len(self.mate))
        in_pair[self.trios] = False
        one = np.flatnonzero(in_pair).astype(np.int32)
        return one, self.mate[one]

    def take_best_so_far(self) -> None:
        """After a stop: the pairs of the edges known if none were made of them yet, and a bound that needs no search."""
        if len(self.graph.u) and not (self.mate != FREE).any():
            self._consider(Solved.of(self.graph, self.bonus).mate)
        if not self.proofs:
            self.keep(Proof(np.full(self.graph.n, MICRO + self.bonus, dtype=np.int64), 2, self.bonus))

    def form_trios(self) -> None:
        """Where the policy has trios, whoever is left over joins a pair."""
        if not self.policy.trios:
            return
        field, paired = self.field, np.zeros(len(self.mate), dtype=np.int64)
        one, other = self.pairs()
        paired[one] = paired[other] = weigh(field.people, field.terms, field.skills, one, other)[0]
        unmatched = np.flatnonzero(self.mate[: field.active] == FREE).astype(np.int32)
        value = value_of(self.graph, self.mate)
        coverage_first = self.policy.coverage_first
        seated = add_to_pairs(field, self.mate, paired, unmatched, coverage_first=coverage_first, seed=self.seed)
        left_over = int((seated.mate[: field.active] == FREE).sum()) - len(seated.trios)
        if len(unmatched) and field.active <= _TOGETHER and not self.stopped and self._chosen_together(unmatched, left_over):
            return
        self.mate, self.trios = seated.mate, seated.trios
        self.assess(value + seated.added)

    def _chosen_together(self, unmatched: Int32Array, left_over: int) -> bool:
        """Of few people, choose the best of all pairs and trios at once; ``left_over``: how many joining pairs would leave.

        False where they are too many after all, and where that would make more trios than people had no partner, without
        leaving fewer people over: a program of pairs is to have pairs.
        """
        graph, field = self.graph, self.field
        rules = group_rules(field.population, self.policy, field.order, (2, 3))
        coverage_first = self.policy.coverage_first
        grouped = match_groups(
            graph.n, graph.u, graph.v, graph.weight, rules, coverage_first=coverage_first, effort=_EFFORT, seed=self.seed
        )
        trios = [group for group in grouped.groups if len(group) == 3]
        if not grouped.exhaustive or (len(trios) > len(unmatched) and self.field.active - grouped.people >= left_over):
            return False
        self.mate[:] = FREE
        for one, other in (group for group in grouped.groups if len(group) == 2):
            self.mate[[one, other]] = other, one
        self.trios = np.array(trios, dtype=np.int32).reshape(-1, 3)
        self.together = grouped
        self.exhaustive = True
        self.assess(grouped.value)
        return True

    def proven(self) -> Bound:
        """What all proofs together say about the best matches found."""
        proven = self._bound(self.proofs)
        if self.together is None:
            return proven
        return Bound(self.together.value, self.together.people if self.policy.coverage_first else proven.people)

    def bound_by(self, proof: Proof) -> int:
        """What no matching is worth more than, by this proof alone."""
        return self._bound([proof]).value

    def _bound(self, proofs: list[Proof]) -> Bound:
        """Connected parts are distinguished only where all pairs are known; elsewhere somebody might join two of them."""
        part = self.graph.part if self.few else np.zeros(self.graph.n, dtype=np.int32)
        return bound(proofs, part, self.matched, trios=self.policy.trios)

    def assess(self, value: int | None = None) -> None:
        """The gap that is proven now; ``value`` is what the pairs known are worth, unless there are trios too."""
        if self.proofs:
            limit = self.proven().value
            self.gap = (limit - (value_of(self.graph, self.mate) if value is None else value)) / limit if limit else 0.0


# A kernel for the sake of memory, as in `graph`.
@kernel
def _worth_keeping(
    u: Int32Array, v: Int32Array, weight: Int64Array, price: Int64Array, mate: Int32Array, unit: int, beyond: int
) -> BoolArray:
    """For every edge: whether it is a pair, or both prices are at most its weight and ``beyond``, in units."""
    kept = np.empty(len(u), np.bool_)
    for edge in range(len(u)):
        one, other = u[edge], v[edge]
        kept[edge] = mate[one] == other or price[one] + price[other] <= unit * (weight[edge] + beyond)
    return kept
