"""Juniors and the seats of their seniors: the workload of the benchmark for capacities.

Who is of level 4 or below looks for one mentor, who is above takes one to five juniors. Every junior names the sixteen
seniors with whom a pair is worth most, out of all who may be paired with them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching_service.engine import Policy
from matching_service.engine.core.kernels import in_threads
from matching_service.engine.weighing.all_pairs import Field, edges_of
from matching_service.engine.weighing.candidates import BLOCK, Lists, Sieve, lay_out, sweep
from matching_service.engine.weighing.profiles import Profiles
from tests.benchmarks.company import company

_SENIOR: Final = 5
_MOST_SEATS: Final = 5
_NAMED: Final = 16


class SeatMarket(NamedTuple):
    """What ``match_seats`` takes: juniors are left, seniors right."""

    left_seats: NDArray[np.int64]
    right_seats: NDArray[np.int64]
    u: NDArray[np.int32]
    v: NDArray[np.int32]
    weight: NDArray[np.int64]


def seat_market(people: int, seed: int = 1) -> SeatMarket:
    """The juniors and seniors of a company of so many people."""
    population, policy = company(people, seed), Policy()
    field = Field(population, policy, seed)
    order = field.order[np.argsort(population.level[field.order] >= _SENIOR, kind="stable")]
    profiles, sieve = Profiles.of(population, policy, order), Sieve.of(field.terms)
    juniors = int((population.level < _SENIOR).sum())
    lists = Lists.empty(people, _NAMED, np.zeros(people, dtype=np.int64))
    free = np.zeros(people, dtype=np.int64)

    def name_seniors(part: int, parts: int) -> None:
        mine = np.arange(part, juniors, parts, dtype=np.int32)
        for first in range(juniors, people, BLOCK):
            block = lay_out(profiles, field.skills, first, min(first + BLOCK, people))
            sweep(profiles, field.terms, sieve, block, mine, False, free, lists, 0)

    in_threads(name_seniors)
    junior, senior, worth = edges_of(lists)
    seats = np.random.default_rng(seed).integers(1, _MOST_SEATS + 1, people - juniors)
    return SeatMarket(np.ones(juniors, dtype=np.int64), seats, junior, senior - np.int32(juniors), worth)
