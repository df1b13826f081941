"""A population divided into groups: exactly where it is small, and else with a bound on what may be missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching_service.engine.core.graph import Graph
from matching_service.engine.problem.certificate import Proof
from matching_service.engine.problem.grouping import Grouping, GroupRules, bound_of_groups
from matching_service.engine.solvers.group_pricing import Laws, groups_beyond
from matching_service.engine.solvers.group_search import anneal, divide_anew, grow, scale_of
from matching_service.engine.solvers.set_packing import best_choice, columns_of, prices

BoolArray = NDArray[np.bool_]
Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
Report = Callable[[float], None]

MOST_PEOPLE: Final = 6_000
"""Weights between so many people are held at once: 8 bytes a pair."""

_SMALL: Final = 60
"""Up to so many people, an exact answer is looked for."""

_PRICED: Final = 240
"""Up to so many people, prices are made by linear programming; beyond, from everybody's best pairs."""

_COLUMNS: Final = 3_000
_MOST_COLUMNS: Final = 400_000
_ROUNDS_OF_PRICING: Final = 60
"""How many groups are added to the linear program at a time, how many may be weighed against each other, and how often."""

_STEPS: Final = 200_000_000
"""How many steps one search for groups may take: some seconds' worth."""

_NEAR: Final = 24
_MOVES_EACH: Final = 20_000
_REPEATS: Final = 6
_SLICES: Final = 20
_HOT: Final = 0.3
_COLD: Final = 0.003
"""How many best partners of everybody are tried first, how many moves for each person, from how many starts, in how many
slices between which the caller may stop it, and the first and last temperature as a share of the heaviest weight.
"""

_MOST_BONUS: Final = 2**44
_UNIT: Final = 64


def match_groups(
    n: int,
    u: ArrayLike,
    v: ArrayLike,
    weight: ArrayLike,
    rules: GroupRules,
    *,
    coverage_first: bool = True,
    effort: float = 1.0,
    seed: int = 0,
    report: Report | None = None,
    stop: Callable[[], bool] | None = None,
) -> Grouping:
    """Divide ``n`` people into groups of the greatest worth; with ``coverage_first``, as many people as possible first.

    ``u``, ``v``, ``weight``: whole numbers; two people without an edge of positive weight are never in one group. What a
    group is worth and the certificate: ``problem.grouping``. ``effort`` multiplies the moves of the search; 0: no search.
    ``report`` is told the share that is done. ``stop`` is asked now and then; once it says yes, the groups so far are returned.

    Method: groups are grown and annealed (``group_search``). Up to 60 people, prices from column generation then leave open
    only groups within the gap, and these are weighed against each other exactly as a set packing (as Baldacci, Christofides
    and Mingozzi, 2008, do with routes; HiGHS solves it), if they are not too many. Up to 240 people those prices give the
    bound; beyond, half of everybody's best mean does, which is valid and far from tight.

    Same arguments, same answer. Memory: 8 bytes for every two people, so up to 6,000 people.

    Raises: ValueError for what is no graph (see ``match_graph``), too many people, or masks of another number of people.
    """
    if n > MOST_PEOPLE:
        raise ValueError(f"Groups are made of at most {MOST_PEOPLE:,} people at a time; there are {n:,}. Divide them first.")
    graph = Graph.of(n, u, v, weight)
    problem = _Problem.of(graph, rules, coverage_first, report or (lambda _share: None), stop or (lambda: False))
    found = problem.search(seed, effort)
    proof = problem.priced(found) if n <= _PRICED and not problem.stop() else problem.plain_proof()
    if n <= _SMALL and not problem.stop():
        exact = problem.packed(found, proof)
        if exact is not None:
            return problem.answer(exact, proof, exhaustive=True)
    return problem.answer(found, proof, exhaustive=False)


Groups = list[tuple[int, ...]]


@dataclass
class _Problem:
    """The weights of all pairs as a square, the rules as arrays."""

    weight: Int64Array
    rules: GroupRules
    laws: Laws
    coverage_first: bool
    report: Report
    stop: Callable[[], bool]

    @classmethod
    def of(cls, graph: Graph, rules: GroupRules, coverage_first: bool, report: Report, stop: Callable[[], bool]) -> _Problem:
        weight = np.zeros((graph.n, graph.n), dtype=np.int64)
        weight[graph.u, graph.v] = weight[graph.v, graph.u] = graph.weight
        return cls(weight, rules, Laws.of(rules, graph.n), coverage_first, report, stop)

    @property
    def n(self) -> int:
        return len(self.weight)

    @property
    def bonus(self) -> int:
        """With coverage first, what one more person counts: more than all worths together."""
        return self.n * int(self.weight.max(initial=0)) // 2 + 1 if self.coverage_first else 0

    # -- finding ------------------------------------------------------------------------------------------------------

    def search(self, seed: int, effort: float) -> Groups:
        """The best of several annealed starts, divided anew."""
        if self.n < self.rules.smallest or not self.weight.any() or not effort:
            return []
        scale = scale_of(self.rules.largest)
        near = np.argsort(-self.weight, axis=1, kind="stable")[:, :_NEAR].astype(np.int32)
        near[np.take_along_axis(self.weight, near, axis=1) == 0] = -1
        order = np.lexsort((np.arange(self.n), (self.weight > 0).sum(axis=1))).astype(np.int32)
        bonus = min(scale * self.bonus, _MOST_BONUS)
        heat = float(self.weight.max()) * scale
        moves = int(effort * _MOVES_EACH * self.n)
        starts = _REPEATS if self.n <= _PRICED else 1
        best: Groups = []
        for start in range(starts):
            if start and self.stop():
                break
            group = np.full(self.n, -1, dtype=np.int32)
            groups = grow(self.weight, self.laws, self._target(start), order, group)
            if not groups:
                continue
            cooling = (_COLD / _HOT) ** (1 / _SLICES)
            for slice_ in range(_SLICES):
                if self.stop():
                    break
                self.report(0.8 * (start + slice_ / _SLICES) / starts)
                hot = heat * _HOT * cooling**slice_
                drawn = (seed + start) * _SLICES + slice_
                anneal(self.weight, self.laws, near, group, groups, scale, bonus, moves // _SLICES, hot, hot * cooling, drawn)
            divide_anew(self.weight, self.laws, group, groups, scale, _NEAR, 20)
            best = max((best, _listed(group)), key=self._merit)
        return best

    def _target(self, start: int) -> int:
        """What size to grow groups to: one that leaves nobody over comes first, then others."""
        sizes = range(self.rules.smallest, self.rules.largest + 1)
        fair = sorted(sizes, key=lambda size: (self.n % size > 0, size))
        return fair[start % len(fair)]

    def _merit(self, groups: Groups) -> tuple[int, int]:
        worth = sum(self.worth(one) for one in groups)
        people = sum(map(len, groups))
        return (people, worth) if self.coverage_first else (worth, people)

    def worth(self, group: tuple[int, ...]) -> int:
        """The sum over its pairs, divided by its size less one, rounded down."""
        members = list(group)
        return int(self.weight[np.ix_(members, members)].sum()) // 2 // (len(members) - 1)

    # -- proving ------------------------------------------------------------------------------------------------------

    def plain_proof(self) -> Proof:
        """Half of everybody's best mean: what they bring to a group is at most that to each of two."""
        few = self.rules.smallest - 1
        best = np.sort(self.weight, axis=1)[:, ::-1][:, :few].sum(axis=1) if self.n else np.zeros(0, np.int64)
        possible = (self.weight > 0).sum(axis=1) >= few
        prices = np.where(possible, best + 2 * few * self.bonus, 0)
        return Proof(prices, 2 * few, self.bonus)

    def priced(self, found: Groups) -> Proof:
        """Prices from a linear program over groups, to which those are added that are worth more than their prices."""
        possible = self.weight > 0
        columns = {group: self.worth(group) + self.bonus * len(group) for group in found}
        buffer, sizes = self._room(_COLUMNS)
        best = self.plain_proof()
        for _ in range(_ROUNDS_OF_PRICING):
            if self.stop():
                break
            self.report(0.9)
            cost = prices(columns_of(self.n, list(columns)), np.array(list(columns.values()), dtype=np.int64), _UNIT)
            over = self._over(cost)
            threshold = 0
            count = groups_beyond(over, possible, self.laws, threshold, buffer, sizes, _STEPS)
            if count == 0:
                return min(Proof(cost, _UNIT, self.bonus), best, key=lambda proof: self._limit(proof, found))
            if count < 0:  # too many: take those that are worth the most more
                threshold, count = self._raised(over, possible, buffer, sizes)
                if count <= 0:
                    break
            new = _groups_in(buffer, sizes, count)
            beyond = max(int(self._sum_over(over, group)) // (len(group) - 1) for group in new) + 1
            if threshold == 0 and count > 0:
                candidate = Proof(cost, _UNIT, self.bonus, beyond=beyond)
                best = min(candidate, best, key=lambda proof: self._limit(proof, found))
            before = len(columns)
            columns |= {group: self.worth(group) + self.bonus * len(group) for group in new}
            if len(columns) == before:
                break
        return best

    def _raised(self, over: Int64Array, possible: BoolArray, buffer: Int32Array, sizes: Int32Array) -> tuple[int, int]:
        """The lowest threshold, by doubling and halving, beyond which there are not too many groups; and how many are."""
        low, high = 0, int(over.max()) * self.rules.largest + 1
        count = 0
        while high - low > max(1, high // 64):
            middle = (low + high) // 2
            here = groups_beyond(over, possible, self.laws, middle, buffer, sizes, _STEPS)
            if here < 0:
                low = middle
            elif here == 0:
                high = middle
            else:
                count = here
                return middle, count
        return high, groups_beyond(over, possible, self.laws, high, buffer, sizes, _STEPS)

    def _over(self, prices: Int64Array) -> Int64Array:
        return _UNIT * (self.weight + 2 * self.bonus) - prices[:, None] - prices[None, :]

    def _sum_over(self, over: Int64Array, group: tuple[int, ...]) -> int:
        members = list(group)
        square = over[np.ix_(members, members)]
        return int(square.sum() - np.trace(square)) // 2

    def _room(self, most: int) -> tuple[Int32Array, Int32Array]:
        return np.zeros((most, self.rules.largest), np.int32), np.zeros(most, np.int32)

    def _limit(self, proof: Proof, found: Groups) -> int:
        return bound_of_groups(proof, self.n // self.rules.smallest, sum(map(len, found)))

    # -- packing ------------------------------------------------------------------------------------------------------

    def packed(self, found: Groups, proof: Proof) -> Groups | None:
        """The best of all groups that the prices leave open; None where these are too many to weigh.

        A group is in a better answer than the one found only if its worth falls short of its prices by less than the gap.
        """
        if proof.unit != _UNIT:
            return None
        gap = self._limit(proof, found) - self._merit_sum(found)
        buffer, sizes = self._room(_MOST_COLUMNS)
        threshold = -(gap * _UNIT + self.n // self.rules.smallest * proof.beyond) - 1
        count = groups_beyond(self._over(proof.prices), self.weight > 0, self.laws, threshold, buffer, sizes, _STEPS)
        if count < 0:
            return None
        groups = _groups_in(buffer, sizes, count)
        if not groups:
            return found
        worth = np.array([self.worth(group) for group in groups], dtype=np.int64)
        chosen = best_choice(columns_of(self.n, groups), worth, coverage_first=self.coverage_first)
        if chosen is None:
            return None
        return max((found, [groups[at] for at in chosen]), key=self._merit)

    def _merit_sum(self, groups: Groups) -> int:
        return sum(self.worth(one) for one in groups)

    def answer(self, groups: Groups, proof: Proof, *, exhaustive: bool) -> Grouping:
        groups = sorted(tuple(sorted(group)) for group in groups)
        worths = tuple(self.worth(group) for group in groups)
        people = sum(map(len, groups))
        possible = int(((self.weight > 0).sum(axis=1) >= self.rules.smallest - 1).sum())
        most = people if exhaustive and self.coverage_first else self.rules.most_covered(possible)
        bound = sum(worths) if exhaustive else max(sum(worths), self._limit(proof, groups))
        self.report(1.0)
        return Grouping(tuple(groups), worths, bound, most, proof, exhaustive)


def _listed(group: Int32Array) -> Groups:
    return [tuple(np.flatnonzero(group == number).tolist()) for number in range(int(group.max(initial=-1)) + 1)]


def _groups_in(buffer: Int32Array, sizes: Int32Array, count: int) -> Groups:
    return [tuple(row[:size]) for row, size in zip(buffer[:count].tolist(), sizes[:count].tolist(), strict=True)]
