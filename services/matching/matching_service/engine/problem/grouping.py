"""Groups of three and more: what one is worth, what it must have in common, and what proves how good a partition is.

A group of s people is worth the sum of the worths of its pairs, divided by s - 1 and rounded down: to each of them as much as
the mean of their pairs. A pair is worth what it is worth, a trio half of what its three pairs are worth.

The certificate is a price for every person. Write r(i, j) for unit (worth of i and j + 2 bonus) less both prices. The sum of r
over all pairs of a group of s is then (s - 1) times what the group, with a bonus for each member, is worth beyond the prices
of its members. So if that sum never exceeds (s - 1) ``beyond``, then groups that cover m people are together worth at most

    (all prices + most groups x beyond) / unit - m bonus

whoever made the prices: linear programming duality for set packing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from matching_service.engine.core.types import UInt64Array
from matching_service.engine.problem.certificate import Proof


class Shared(NamedTuple):
    """What all of a group must have in common. ``masks``: a row of 64-bit words for each person; ``least``: so many bits."""

    masks: UInt64Array
    least: int


@dataclass(frozen=True)
class GroupRules:
    """Which groups may be: sizes, what all share, and the roles that somebody in each must have.

    ``roles``: a bit for each role a person can take; ``required``: the roles every group needs (0: none).
    """

    smallest: int
    largest: int
    shared: tuple[Shared, ...] = ()
    roles: UInt64Array = field(default_factory=lambda: np.zeros(0, np.uint64))
    required: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.smallest <= self.largest <= MOST_IN_A_GROUP:
            raise ValueError(
                f"Groups of {self.smallest} to {self.largest} people cannot be made; sizes go from 2 to {MOST_IN_A_GROUP}."
            )
        if not 0 <= self.required < 2**63:
            raise ValueError("A group can require at most 63 roles.")

    def most_covered(self, people: int) -> int:
        """The most of so many people that groups of these sizes can hold."""
        return max((min(people, groups * self.largest) for groups in range(people // self.smallest + 1)), default=0)


MOST_IN_A_GROUP = 12


def bound_of_groups(proof: Proof, most_groups: int, covered: int) -> int:
    """No groups that cover at least ``covered`` people are worth more, by this proof (see the module)."""
    return (int(proof.prices.sum()) + most_groups * proof.beyond) // proof.unit - proof.bonus * covered


@dataclass(frozen=True)
class Grouping:
    """The groups found, each by ascending person, in the order of their first; worths in the units of the weights given.

    ``upper_bound``: no groups that cover as many people are worth more. ``most_people``: none cover more. ``proof``: prices
    behind it. ``exhaustive``: every group that the prices leave open was weighed against all others, so that
    ``upper_bound`` is the optimum, although the prices alone prove less.
    """

    groups: tuple[tuple[int, ...], ...]
    worths: tuple[int, ...]
    upper_bound: int
    most_people: int
    proof: Proof
    exhaustive: bool

    @property
    def value(self) -> int:
        return sum(self.worths)

    @property
    def people(self) -> int:
        """How many people are in a group."""
        return sum(map(len, self.groups))

    @property
    def gap(self) -> float:
        """What may be missing, as a share of the bound."""
        return (self.upper_bound - self.value) / self.upper_bound if self.upper_bound else 0.0
