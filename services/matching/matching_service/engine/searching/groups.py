"""From a population to groups: every pair weighed, what all of a group must share as bits, and ``match_groups``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array, UInt64Array
from matching_service.engine.problem.certificate import Bound, Proof
from matching_service.engine.problem.grouping import Grouping, GroupRules, Shared
from matching_service.engine.problem.policy import Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.searching.search import Search, Stopped
from matching_service.engine.solvers.groups import MOST_PEOPLE, match_groups

_FAST: Final = 0.2
"""The effort of a fast search, as a share of the usual one."""


@dataclass
class GroupSearch(Search):
    """The search for groups. Everybody is in one at most."""

    method: ClassVar[str] = "groups annealed and divided anew; exact set packing where they are few"
    one_match_each: ClassVar[bool] = True
    groups_only: ClassVar[bool] = True
    by_blocks: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.grouping = Grouping((), (), 0, 0, Proof(np.zeros(self.graph.n, np.int64), 1), exhaustive=False)

    def run(self, fast: bool) -> None:
        """Weigh every pair, then look for groups. Raises: ValueError for more people than can be held at once."""
        if self.field.active > MOST_PEOPLE:
            raise ValueError(
                f"Groups are made of at most {MOST_PEOPLE:,} people at a time, and {self.field.active:,} are free. "
                "Divide the program, for instance by goal or location."
            )
        self.graph = self.field.complete(self.report_progress)
        self.phase = "matching"
        self._group(_FAST if fast else 1.0)
        if self.stop():
            raise Stopped

    def _group(self, effort: float) -> None:
        graph = self.graph
        self.grouping = match_groups(
            graph.n,
            graph.u,
            graph.v,
            graph.weight,
            group_rules(self.field.population, self.policy, self.field.order),
            coverage_first=self.policy.coverage_first,
            effort=effort,
            seed=self.seed,
            report=lambda share: self.notify(self.phase, share),
            stop=self.stop,
        )
        self.proofs, self.exhaustive = [self.grouping.proof], self.grouping.exhaustive
        self.assess()

    def take_best_so_far(self) -> None:
        """After a stop: the groups found, or if the pairs were not all weighed, none, and what no groups can exceed."""
        if not self.grouping.groups:
            self._group(0.0)

    def pairs(self) -> tuple[Int32Array, Int32Array]:
        """None: everybody is in a group."""
        return np.zeros(0, np.int32), np.zeros(0, np.int32)

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The places of the members of every group."""
        return self.grouping.groups

    def form_trios(self) -> None:
        """Nothing: groups have the sizes they are allowed."""

    @property
    def matched(self) -> BoolArray:
        """Who is in a group."""
        matched = np.zeros(self.graph.n, dtype=np.bool_)
        for group in self.grouping.groups:
            matched[list(group)] = True
        return matched

    def proven(self) -> Bound:
        """What the prices prove, or that nothing better is left."""
        return Bound(self.grouping.upper_bound, self.grouping.most_people)

    def bound_by(self, proof: Proof) -> int:
        """What the groups are worth at most, by this proof alone."""
        assert proof is self.grouping.proof
        return self.grouping.upper_bound

    def assess(self) -> None:
        """The gap that is proven now."""
        self.gap = self.grouping.gap


def group_rules(population: Population, policy: Policy, order: Int64Array, sizes: tuple[int, int] | None = None) -> GroupRules:
    """What a policy asks of groups, for the people in this order; ``sizes``: other ones than the policy's own."""
    sizes = sizes or policy.group_sizes
    assert sizes is not None
    shared = []
    if policy.min_common_hours:
        shared.append(Shared(np.ascontiguousarray(population.hours[order]), policy.min_common_hours))
    if policy.common_language:
        shared.append(Shared(np.ascontiguousarray(population.languages[order]), 1))
    if policy.group_goal:
        shared.append(Shared(_goals(population)[order], 1))
    roles = _experienced(population, policy)[order]
    return GroupRules(*sizes, tuple(shared), roles, (1 << len(policy.group_skills)) - 1)


def _goals(population: Population) -> UInt64Array:
    """Everybody's goals, a bit for each goal that somebody has."""
    names, bit = np.unique(population.goal, return_inverse=True)
    goals = np.zeros((len(population), max(1, -(-len(names) // 64))), dtype=np.uint64)
    whose = np.repeat(np.arange(len(population)), np.diff(population.goal_start))
    np.bitwise_or.at(goals, (whose, bit // 64), np.uint64(1) << (bit % 64).astype(np.uint64))
    return goals


def _experienced(population: Population, policy: Policy) -> UInt64Array:
    """In which of the skills that a group needs everybody is experienced, a bit for each."""
    roles = np.zeros(len(population), dtype=np.uint64)
    whose = np.repeat(np.arange(len(population)), np.diff(population.offer_start))
    names = {name: code for code, name in enumerate(population.skill_names)}
    for number, skill in enumerate(policy.group_skills):
        able = (population.offer_skill == names.get(skill, -1)) & (population.offer_level >= policy.experienced_level)
        roles[whose[able]] |= np.uint64(1 << number)
    return roles
