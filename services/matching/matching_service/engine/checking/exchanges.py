"""An independent check of exchanges: who learns what of whom, rules, worths, and that none is worth more than its prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations
from uuid import UUID

import numpy as np

from matching_service.engine.checking.matches import Violation, broken_rules, drawn, other_question, totals
from matching_service.engine.checking.worths import Everybody, Ints
from matching_service.engine.problem.policy import MICRO, Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.problem.results import MatchedPopulation


def check_exchanges(
    population: Population, policy: Policy, matched: MatchedPopulation, people: int | None = None
) -> list[Violation]:
    """What is wrong with exchanges; empty when nothing is. ``people``: so many people's exchanges are compared with prices."""
    gains = _Gains(population, policy)
    found = [*other_question(population, policy, matched), *_attendance(population, matched)]
    for match in matched.matches:
        found += _exchange(gains, policy, match.people, match.weight)
    return found or [*totals(matched), *_bound(gains, matched, people)]


class _Gains:
    """What everybody gains from everybody: a square each of being taught (row by column) and of practising."""

    def __init__(self, population: Population, policy: Policy) -> None:
        self.everybody, self.policy = Everybody(population, policy), policy

    @cached_property
    def taught(self) -> Ints:
        rows = [self._row(row) for row in range(len(self.everybody.population))]
        return np.stack([taught for taught, _ in rows])

    @cached_property
    def practised(self) -> Ints:
        """Half of what both gain, where both do."""
        each = np.stack([self._row(row)[1] for row in range(len(self.everybody.population))])
        return np.where((each > 0) & (each.T > 0), (each + each.T) // 2, 0)

    def _row(self, row: int) -> tuple[Ints, Ints]:
        policy, allowed = self.policy, self.everybody.weights(row) > 0
        context = self.everybody.context(row)
        taught, _ = self.everybody.benefits(row)
        assert policy.practice is not None
        practised = policy.practice * self.everybody.sought_together(row) // MICRO
        steps = [
            np.where(allowed & (benefit > 0), (policy.both_sides * benefit + policy.context * context) // MICRO, 0)
            for benefit in (taught, practised)
        ]
        return steps[0], steps[1]

    def worth(self, places: Sequence[int]) -> int:
        """Of two or three: the best way to exchange, 0 where there is none."""
        if len(places) == 2:
            a, b = places
            swap = (self.taught[a, b], self.taught[b, a])
            return max(int(self.practised[a, b]), int(sum(swap)) // 2 if min(swap) > 0 else 0)
        a, b, c = places
        ways = [[self.taught[x, y] for x, y in way] for way in (((a, b), (b, c), (c, a)), ((b, a), (c, b), (a, c)))]
        return max((int(sum(way)) // 2 for way in ways if min(way) > 0), default=0)


def _attendance(population: Population, matched: MatchedPopulation) -> Iterator[Violation]:
    named = Counter(person for match in matched.matches for person in match.people)
    named.update(one.person for one in matched.unmatched)
    for person, times in named.items():
        if person not in population.index:
            yield Violation("unknown_person", "The person is not in the population.", (person,))
        elif times > 1:
            yield Violation("person_twice", f"The person appears {times} times.", (person,))
    for known in sorted(population.index.keys() - named.keys()):
        yield Violation("person_missing", "The person is neither matched nor unmatched.", (known,))


def _exchange(gains: _Gains, policy: Policy, people: tuple[UUID, ...], weight: int) -> Iterator[Violation]:
    population = gains.everybody.population
    places = [population.index[person] for person in people if person in population.index]
    if len(set(places)) != len(people):
        return
    if len(places) == 3 and not policy.rings:
        yield Violation("trio_not_allowed", "The policy has no rings of three.", people)
    members = [population.member(place) for place in places]
    for one, other in combinations(members, 2):
        for rule in broken_rules(policy, one, other, gains.everybody.reach_of_level):
            yield Violation("rule_broken", f"Two of the exchange break the rule {rule}.", (one.id, other.id))
    worth = gains.worth(places)
    if worth <= 0 or worth != weight:
        yield Violation("wrong_weight", f"The exchange is worth {worth}, not {weight}.", people)


def _bound(gains: _Gains, matched: MatchedPopulation, people: int | None) -> Iterator[Violation]:
    """No exchange is worth more than its members' prices, and the bound follows from them."""
    count = len(gains.everybody.population)
    if len(matched.proofs) != 1 or len(matched.proofs[0].prices) != count:
        yield Violation("bound_not_proven", "Exchanges have one proof, with a price for each person.")
        return
    (proof,) = matched.proofs
    if proof.unit < 2 or proof.bonus or proof.beyond or proof.prices.min(initial=0) < 0:
        yield Violation("bound_not_proven", "Prices are not negative, and a unit is at least 2.")
        return
    proven = int(proof.prices.sum()) // proof.unit
    if matched.upper_bound > max(proven, matched.value) or (matched.upper_bound < proven and not matched.exhaustive):
        yield Violation("bound_not_proven", f"The prices prove {proven}, not {matched.upper_bound}.")
    prices, half = proof.prices, proof.unit // 2
    gain = half * gains.taught
    for row in range(count) if people is None else drawn(gains.everybody.population, people):
        paid = prices[row] + prices
        swap = np.where((gain[row] > 0) & (gain[:, row] > 0), gain[row] + gain[:, row], 0)
        short = np.maximum(swap, 2 * half * gains.practised[row]) > paid
        short[row] = False
        ring = gain[row][:, None] + gain + gain[:, row][None, :]  # the person learns of one, who learns of another
        rings = gains.policy.rings & (gain[row] > 0)[:, None] & (gain > 0) & (gain[:, row] > 0)[None, :]
        np.fill_diagonal(rings, val=False)
        if short.any() or (rings & (ring > paid[:, None] + prices[None, :])).any():
            yield Violation(
                "price_too_low", "An exchange is worth more than its members pay.", (gains.everybody.population.id(row),)
            )
            return
