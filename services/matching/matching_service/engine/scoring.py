"""Who can be paired with whom, and what each pair is worth: every feasible pair, exactly, in whole numbers.

What somebody gains is bilinear once a level is written as a thermometer. A person who wants to get from level 1 to
level 4 of a skill *wants the steps* 2, 3 and 4; somebody at level 3 *has the steps* 1, 2 and 3; the gain is what both
have in common, two steps. So the gains of everybody from everybody are one product of two sparse matrices, people x
steps. Goals work in the same way.

Everything is integer arithmetic with floor division, so a second implementation can agree to the last unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from matching_service.engine.policy import MICRO, Policy
from matching_service.engine.population import Person, Population
from matching_service.engine.rules import RuleBook

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]

MAX_STEPS = 4
"""Nobody is counted as climbing more than four levels with one partner."""

LEVEL_STEP = MICRO // 4
"""What each job level beyond the similar ones takes off the level part of the context."""

_CELLS_PER_BLOCK = 2_000_000


@dataclass(frozen=True)
class FeasiblePairs:
    """Every feasible pair of positive worth: ``u < v`` positions in the population, sorted; ``weight`` micro-units."""

    u: Int32Array
    v: Int32Array
    weight: Int64Array

    def weight_of(self, u: Int32Array, v: Int32Array, count: int) -> Int64Array:
        """The weights of pairs that are among these; ``count`` is the size of the population."""
        keys = self.u.astype(np.int64) * count + self.v
        weight: Int64Array = self.weight[np.searchsorted(keys, u.astype(np.int64) * count + v)]
        return weight


class Scores:
    """What the people of one population are worth to each other under one policy."""

    def __init__(self, population: Population, policy: Policy) -> None:
        people = population.people
        self.rules = RuleBook(population, policy)
        self._policy = policy
        self._count = len(people)
        self._wanted, self._held, self._wanted_total = _steps(people)
        self._goals, self._support, self._goal_count = _goals(people, policy)
        (self._offers,) = _matrix([{skill.name: 1 for skill in person.offers} for person in people])
        self._offer_count = np.array([len(person.offers) for person in people], dtype=np.int64)

    def feasible_pairs(self, progress: Callable[[float], None]) -> FeasiblePairs:
        """All pairs no rule forbids and that are worth more than nothing.

        Works through the population by blocks of rows, so memory beyond the answer (16 bytes a pair, twice that
        while the blocks are joined) stays bounded. ``progress`` hears the share of people done.
        """
        us, vs, weights = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
        height = max(1, _CELLS_PER_BLOCK // max(1, self._count))
        for begin in range(0, self._count, height):
            rows = slice(begin, min(begin + height, self._count))
            columns = slice(begin, self._count)
            down, across = np.nonzero(np.triu(self.rules.feasible(rows, columns), 1))
            weight = self._worth(rows, columns, down, across)
            worthy = weight > 0
            us.append((down[worthy] + begin).astype(np.int32))
            vs.append((across[worthy] + begin).astype(np.int32))
            weights.append(weight[worthy])
            progress(rows.stop / self._count)
        return FeasiblePairs(np.concatenate(us), np.concatenate(vs), np.concatenate(weights))

    def benefits(self, learners: Int32Array, partners: Int32Array) -> Int64Array:
        """What each learner gains from the partner at the same place of the other array, in micro-units."""
        steps = (self._wanted[learners].multiply(self._held[partners])).sum(axis=1)
        return _share(np.asarray(steps, dtype=np.int64), self._wanted_total[learners])

    def _worth(self, rows: slice, columns: slice, down: NDArray[np.intp], across: NDArray[np.intp]) -> Int64Array:
        """The worth of the block's pairs at (``down``, ``across``), positions relative to the block."""
        policy = self._policy
        one = _share(_cells(self._wanted[rows], self._held[columns], down, across), self._wanted_total[rows][down])
        other = _share(_cells(self._held[rows], self._wanted[columns], down, across), self._wanted_total[columns][across])
        both = one + other
        weaker = _quotient(2 * one * other, both)
        context = self._context(rows, columns, down, across)
        worth: Int64Array = (policy.weaker_side * weaker + policy.both_sides * (both // 2) + policy.context * context) // MICRO
        return worth

    def _context(self, rows: slice, columns: slice, down: NDArray[np.intp], across: NDArray[np.intp]) -> Int64Array:
        policy, shares = self._policy, self._policy.context_shares
        support = _cells(self._goals[rows], self._support[columns], down, across)
        support += _cells(self._support[rows], self._goals[columns], down, across)
        goals = _quotient(support, self._goal_count[rows][down] + self._goal_count[columns][across])

        levels = self.rules.levels
        apart = np.abs(levels[rows][down] - levels[columns][across]) - policy.similar_level_within
        level = np.maximum(MICRO - LEVEL_STEP * np.maximum(apart, 0), 0)

        hours = np.minimum(self.rules.common_hours(rows, columns)[down, across], policy.full_common_hours)

        repeated = _cells(self._offers[rows], self._offers[columns], down, across)
        strengths = self._offer_count[rows][down] + self._offer_count[columns][across] - repeated
        complement = _share(strengths - repeated, strengths)

        context: Int64Array = (
            shares.goals * goals
            + shares.level * level
            + shares.common_hours * (MICRO * hours // policy.full_common_hours)
            + shares.complement * complement
        ) // MICRO
        return context


def _steps(people: Sequence[Person]) -> tuple[csr_array, csr_array, Int64Array]:
    """The steps wanted (times priority), the steps held, and what each person could be given at best."""
    wanted: list[dict[object, int]] = []
    held: list[dict[object, int]] = []
    for person in people:
        levels = {skill.name: skill.level for skill in person.offers}
        climbs: dict[object, int] = {}
        for seek in person.seeks:
            own = max(seek.own, levels.get(seek.skill, 0))
            for step in range(own + 1, min(seek.wanted, own + MAX_STEPS) + 1):
                climbs[(seek.skill, step)] = seek.priority
        wanted.append(climbs)
        held.append({(name, step): 1 for name, level in levels.items() for step in range(1, level + 1)})
    total = np.array([sum(climbs.values()) for climbs in wanted], dtype=np.int64)
    return *_matrix(wanted, held), total


def _goals(people: Sequence[Person], policy: Policy) -> tuple[csr_array, csr_array, Int64Array]:
    """Each person's goals, what each person is for somebody with a goal (micro-units), and the number of goals."""
    goals: list[dict[object, int]] = [dict.fromkeys(person.goals, 1) for person in people]
    support: list[dict[object, int]] = []
    for person in people:
        given: dict[object, int] = dict.fromkeys(person.goals, policy.shared_goal_without_experience)
        given |= {skill.name: MICRO for skill in person.offers if skill.level >= policy.experienced_level}
        support.append(given)
    return *_matrix(goals, support), np.array([len(person.goals) for person in people], dtype=np.int64)


def _matrix(*tables: Sequence[dict[object, int]]) -> tuple[csr_array, ...]:
    """One sparse matrix for each table (a row per person), all with the same columns."""
    column: dict[object, int] = {}
    for table in tables:
        for row in table:
            for key in row:
                column.setdefault(key, len(column))
    return tuple(_sparse(table, column) for table in tables)


def _sparse(table: Sequence[dict[object, int]], column: dict[object, int]) -> csr_array:
    data = np.array([value for row in table for value in row.values()], dtype=np.int64)
    indices = np.array([column[key] for row in table for key in row], dtype=np.int32)
    starts = np.concatenate(([0], np.cumsum([len(row) for row in table], dtype=np.int32))).astype(np.int32)
    return csr_array((data, indices, starts), shape=(len(table), len(column)))


def _cells(left: csr_array, right: csr_array, down: NDArray[np.intp], across: NDArray[np.intp]) -> Int64Array:
    """The product of ``left`` with ``right`` transposed, at the given cells."""
    cells: Int64Array = (left @ right.T).toarray()[down, across]
    return cells


def _quotient(part: Int64Array, whole: Int64Array) -> Int64Array:
    """Floor of part / whole; 0 where there is no whole."""
    quotient: Int64Array = part // np.maximum(whole, 1)
    return quotient


def _share(part: Int64Array, whole: Int64Array) -> Int64Array:
    """Part of whole in micro-units, rounded down; 0 where there is no whole."""
    return _quotient(MICRO * part, whole)
