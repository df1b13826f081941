"""What people gain in exchanges: by being taught, and by practising what both seek.

A *step* is what somebody gains from somebody else: the benefit, in the share of the policy's both sides, and the context in
its own; nothing where there is no benefit. An exchange is worth half of its steps, rounded down. Two who both seek a skill,
from levels at most one apart, can practise it: that counts the policy's ``practice`` of being taught it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.policy import MICRO, Policy
from matching_service.engine.weighing.all_pairs import Field
from matching_service.engine.weighing.profiles import Profiles
from matching_service.engine.weighing.scoring import weigh

_LEVELS = 6


@dataclass(frozen=True)
class Steps:
    """For pairs of places: what each gains of the other, and what the pair is worth that practises; 0 is nothing."""

    of_a: Int64Array
    of_b: Int64Array
    practising: Int64Array

    @property
    def together(self) -> Int64Array:
        """What the pair is worth: as a swap or as a practice, whichever is more."""
        swap = np.where((self.of_a > 0) & (self.of_b > 0), (self.of_a + self.of_b) // 2, 0)
        worth: Int64Array = np.maximum(swap, self.practising)
        return worth


def steps(field: Field, policy: Policy, a: Int32Array, b: Int32Array) -> Steps:
    """The steps of pairs that no rule forbids."""
    assert policy.practice is not None
    of_context = field.terms._replace(weaker_side=0, both_sides=0, junior_side=0, context=MICRO)
    context, benefit_a, benefit_b = weigh(field.people, of_context, field.skills, a, b)
    in_common_a, in_common_b = (_practised(field.people, field.skills, *ends) for ends in ((a, b), (b, a)))

    def step(benefit: Int64Array) -> Int64Array:
        gained: Int64Array = (policy.both_sides * benefit + policy.context * context) // MICRO
        return np.where(benefit > 0, gained, 0)

    practice_a, practice_b = (step(policy.practice * common // MICRO) for common in (in_common_a, in_common_b))
    practising = np.where((practice_a > 0) & (practice_b > 0), (practice_a + practice_b) // 2, 0)
    return Steps(step(benefit_a), step(benefit_b), practising)


def _practised(people: Profiles, skills: int, one: Int32Array, other: Int32Array) -> Int64Array:
    """The share of what ``one`` seeks that ``other`` seeks too, from about the same level, in micro-units."""
    count = len(people.level)
    whose = np.repeat(np.arange(count), np.diff(people.want_start))
    amount = people.want_priority.astype(np.int64) * (people.want_top.astype(np.int64) - people.want_own)
    of_one = csr_array((amount, (whose, people.want_skill * _LEVELS + people.want_own)), shape=(count, skills * _LEVELS))
    near = np.concatenate([people.want_own.astype(np.int64) + off for off in (-1, 0, 1)])
    valid = (near >= 0) & (near < _LEVELS)
    cell = (np.tile(people.want_skill, 3) * _LEVELS + near)[valid]
    of_other = csr_array((np.ones(len(cell), np.int64), (np.tile(whose, 3)[valid], cell)), shape=of_one.shape)
    shared = np.zeros(len(one), dtype=np.int64)
    for first in range(0, len(one), _AT_A_TIME):
        some = slice(first, first + _AT_A_TIME)
        shared[some] = of_one[one[some]].multiply(of_other[other[some]]).sum(axis=1)
    quotient: Int64Array = MICRO * shared // np.maximum(1, people.wanted[one])
    return quotient


_AT_A_TIME = 200_000
"""So many pairs are compared at once, for the sake of memory."""
