"""An independent check of a population in groups: rules, worths and totals of every group, and the prices behind the bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import combinations
from operator import and_
from typing import Final

import numpy as np

from matching_service.engine.checking.groups import undercut
from matching_service.engine.checking.matches import Violation, broken_rules, drawn, other_question, totals, weight_of
from matching_service.engine.checking.worths import Everybody
from matching_service.engine.problem.policy import Policy
from matching_service.engine.problem.population import Member, Population
from matching_service.engine.problem.results import Group, MatchedPopulation, Proof

_COMPARED: Final = 240
"""Up to so many people, prices are compared with the groups that people could be in; beyond, with everybody's best partners."""


def check_grouped(
    population: Population, policy: Policy, matched: MatchedPopulation, people: int | None = None
) -> list[Violation]:
    """What is wrong with groups and their bound; empty when nothing is. ``people``: for so many people prices are compared."""
    assert policy.group_sizes is not None
    found = [*other_question(population, policy, matched), *_attendance(population, matched)]
    reach_of_level = Everybody(population, policy).reach_of_level
    for group in matched.groups:
        found += _group(population, policy, group, reach_of_level)
    rows = range(len(population)) if people is None else drawn(population, people)
    return found or [*totals(matched), *_bound(population, policy, matched, policy.group_sizes[0], rows)]


def _attendance(population: Population, matched: MatchedPopulation) -> Iterator[Violation]:
    """Everybody is in one group or unmatched, and nobody else is."""
    named = Counter(person for group in matched.groups for person in group.people)
    named.update(person.person for person in matched.unmatched)
    for person, times in named.items():
        if person not in population.index:
            yield Violation("unknown_person", "The person is not in the population.", (person,))
        elif times > 1:
            yield Violation("person_twice", f"The person appears {times} times.", (person,))
    for known in sorted(population.index.keys() - named.keys()):
        yield Violation("person_missing", "The person is neither matched nor unmatched.", (known,))


def _group(population: Population, policy: Policy, group: Group, reach_of_level: Mapping[int, int]) -> Iterator[Violation]:
    """Its size, what any two and all together must keep to, and its worth."""
    assert policy.group_sizes is not None
    smallest, largest = policy.group_sizes
    members = [population.member(population.index[person]) for person in group.people if person in population.index]
    if not smallest <= len(members) <= largest:
        yield Violation("rule_broken", f"The group has {len(members)} people, not {smallest} to {largest}.", group.people)
        return
    for one, other in combinations(members, 2):
        for rule in broken_rules(policy, one, other, reach_of_level):
            yield Violation("rule_broken", f"Two of the group break the rule {rule}.", (one.id, other.id))
    for rule in _broken_together(policy, members):
        yield Violation("rule_broken", rule, group.people)
    weights = [weight_of(policy, one, other) for one, other in combinations(members, 2)]
    if min(weights) <= 0 or group.weight != sum(weights) // (len(members) - 1):
        yield Violation("wrong_weight", f"The group is not worth {group.weight}.", group.people)


def _broken_together(policy: Policy, members: Sequence[Member]) -> Iterator[str]:
    """What all of a group must share, or somebody in it must be able to do, and do not."""
    if reduce(and_, (member.hours for member in members)).bit_count() < policy.min_common_hours:
        yield "The group breaks the rule common_hours together."
    if policy.common_language and not set.intersection(*(set(member.languages) for member in members)):
        yield "The group breaks the rule common_language together."
    if policy.group_goal and not set.intersection(*(set(member.goals) for member in members)):
        yield "The group has no goal in common."
    there = {skill.name for member in members for skill in member.offers if skill.level >= policy.experienced_level}
    for skill in sorted(set(policy.group_skills) - there):
        yield f"Nobody in the group is experienced in {skill}."


def _keeps_together(population: Population, policy: Policy, group: tuple[int, ...]) -> bool:
    return not any(_broken_together(policy, [population.member(one) for one in group]))


def _bound(
    population: Population, policy: Policy, matched: MatchedPopulation, smallest: int, rows: Sequence[int]
) -> list[Violation]:
    """The prices cover what groups are worth, and the bound follows from them; or every better group was weighed."""
    count = len(population)
    if len(matched.proofs) != 1 or len(matched.proofs[0].prices) != count:
        return [Violation("bound_not_proven", "Groups have one proof, with a price for each person.")]
    (proof,) = matched.proofs
    if proof.unit < 1 or min(proof.prices.min(initial=0), proof.bonus, proof.beyond) < 0:
        return [Violation("bound_not_proven", "Prices are not negative, and a unit is at least 1.")]
    proven = (int(proof.prices.sum()) + count // smallest * proof.beyond) // proof.unit - proof.bonus * matched.people
    if matched.upper_bound > max(proven, matched.value) or (matched.upper_bound < proven and not matched.exhaustive):
        return [Violation("bound_not_proven", f"The prices prove {proven}, not {matched.upper_bound}.")]
    everybody = Everybody(population, policy)
    if all(_pays_its_mean(everybody, proof, smallest - 1, row) for row in rows):
        return []
    if count > _COMPARED:
        return [Violation("price_too_low", "The price of a person does not cover half of their best mean.")]
    weight = np.stack([everybody.weights(row) for row in range(count)])
    group = undercut(
        weight, policy.group_sizes or (0, 0), proof, rows, lambda group: _keeps_together(population, policy, group)
    )
    concerned = tuple(population.id(one) for one in group)
    return [Violation("price_too_low", "The prices do not cover this group.", concerned)] if group else []


def _pays_its_mean(everybody: Everybody, proof: Proof, few: int, row: int) -> bool:
    """Whether the price is at least half of the person's best mean; if all pay that, no group is worth more than it pays."""
    best = np.sort(everybody.weights(row))[::-1][:few]
    possible = len(best) == few and bool((best > 0).all())
    return not possible or 2 * few * int(proof.prices[row]) >= proof.unit * (int(best.sum()) + 2 * few * proof.bonus)
