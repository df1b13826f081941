"""An independent check of a result: plain Python, straight from the definitions, nothing shared with the solvers.

``check_matches`` looks at everybody and every pair of the answer; it costs about a thousandth of a run.
``check_bound`` looks at every possible pair of people and so proves the upper bound again; it is slow (some ten
microseconds a pair) and meant for tests and audits. The snapshot is taken as given: its working hours in UTC and its
reporting lines are part of the population and of its hash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal
from uuid import UUID

from matching_service.engine.policy import MICRO, Policy
from matching_service.engine.population import Person, Population
from matching_service.engine.results import MatchedPopulation, PriceProof

ViolationCode = Literal[
    "other_population",
    "other_policy",
    "unknown_person",
    "person_twice",
    "person_missing",
    "rule_broken",
    "wrong_weight",
    "wrong_benefit",
    "wrong_value",
    "wrong_gap",
    "value_above_bound",
    "too_many_pairs",
    "has_partners",
    "price_too_low",
    "bound_not_proven",
]


@dataclass(frozen=True)
class Violation:
    """Something wrong with a result; ``people`` are those concerned."""

    code: ViolationCode
    detail: str
    people: tuple[UUID, ...] = ()


def check_matches(population: Population, policy: Policy, matched: MatchedPopulation) -> list[Violation]:
    """What is wrong with the pairs, the unmatched and the totals of a result; empty when nothing is."""
    found: list[Violation] = []
    if matched.population_hash != population.hash:
        found.append(Violation("other_population", "The result belongs to a population with another hash."))
    if (matched.policy, matched.policy_fingerprint) != (policy.label, policy.fingerprint):
        found.append(Violation("other_policy", f"The result belongs to the policy {matched.policy}."))
    found += _attendance(population, matched)
    for pair in matched.pairs:
        if pair.a not in population.index or pair.b not in population.index or pair.a == pair.b:
            continue
        people = (pair.a, pair.b)
        a, b = (population.index[person] for person in people)
        for rule in _broken_rules(population, policy, a, b):
            found.append(Violation("rule_broken", f"The pair breaks the rule {rule}.", people))
        benefits = (
            _benefit(population.people[a], population.people[b]),
            _benefit(population.people[b], population.people[a]),
        )
        if (pair.benefit_a, pair.benefit_b) != benefits:
            found.append(Violation("wrong_benefit", f"The benefits are {benefits}.", people))
        weight = _weight(population, policy, a, b)
        if pair.weight != weight or weight <= 0:
            found.append(Violation("wrong_weight", f"The pair is worth {weight}, not {pair.weight}.", people))
    for person in matched.unmatched:
        if person.why == "no_feasible_partner" and person.person in population.index:
            found += _partners_overlooked(population, policy, person.person)
    return [*found, *_totals(matched)]


def check_bound(population: Population, policy: Policy, matched: MatchedPopulation) -> list[Violation]:
    """Whether the prices of a result prove its bounds, over every pair of people there is; empty when they do."""
    for proof in matched.proofs:
        if len(proof.doubled_prices) != len(population) or min(proof.doubled_prices, default=0) < 0 or proof.bonus < 0:
            return [Violation("bound_not_proven", "A proof needs one price, not negative, for each person.")]
    found: list[Violation] = []
    root = list(range(len(population)))
    for a in range(len(population)):
        for b in range(a + 1, len(population)):
            weight = 0 if any(_broken_rules(population, policy, a, b)) else _weight(population, policy, a, b)
            if weight <= 0:
                continue
            root[_find(root, a)] = _find(root, b)
            for proof in matched.proofs:
                if proof.doubled_prices[a] + proof.doubled_prices[b] < 2 * (weight + proof.bonus):
                    people = population.people[a].id, population.people[b].id
                    found.append(Violation("price_too_low", f"The prices do not cover the worth {weight}.", people))
    if found:
        return found
    parts: dict[int, list[int]] = {}
    for person in range(len(population)):
        parts.setdefault(_find(root, person), []).append(person)
    pairs_in = Counter(_find(root, population.index[pair.a]) for pair in matched.pairs)
    bounds = [[_bound_of_part(proof, members, pairs_in[part]) for proof in matched.proofs] for part, members in parts.items()]
    value = sum(min((each for each, _ in of_part), default=-1) for of_part in bounds)
    most_pairs = sum(min((most for _, most in of_part), default=-1) for of_part in bounds)
    if (matched.upper_bound, matched.most_pairs) != (value, most_pairs):
        found.append(Violation("bound_not_proven", f"The prices prove {value} with at most {most_pairs} pairs."))
    return found


def _bound_of_part(proof: PriceProof, members: list[int], pairs: int) -> tuple[int, int]:
    """The most that ``pairs`` pairs or more can be worth among these people, and the most pairs they can form."""
    prices = [proof.doubled_prices[person] for person in members]
    most = len(members) // 2
    if proof.bonus:
        most = min(most, sum(prices) // (2 * proof.bonus))
    highest = sorted((price - proof.bonus for price in prices), reverse=True)
    covered = [0, *accumulate(highest)]
    return max((covered[2 * size] for size in range(pairs, most + 1)), default=0) // 2, most


def _find(root: list[int], person: int) -> int:
    while root[person] != person:
        root[person] = root[root[person]]
        person = root[person]
    return person


def _attendance(population: Population, matched: MatchedPopulation) -> Iterator[Violation]:
    """Everybody appears exactly once, and nobody else does."""
    named = Counter(person for pair in matched.pairs for person in (pair.a, pair.b))
    named.update(person.person for person in matched.unmatched)
    for person, times in named.items():
        if person not in population.index:
            yield Violation("unknown_person", "The person is not in the population.", (person,))
        if times > 1:
            yield Violation("person_twice", f"The person appears {times} times.", (person,))
    for known in population.people:
        if known.id not in named:
            yield Violation("person_missing", "The person is neither paired nor unmatched.", (known.id,))


def _partners_overlooked(population: Population, policy: Policy, person: UUID) -> Iterator[Violation]:
    here = population.index[person]
    for there, other in enumerate(population.people):
        possible = there != here and not any(_broken_rules(population, policy, here, there))
        if possible and _weight(population, policy, here, there) > 0:
            yield Violation("has_partners", "There is a feasible partner after all.", (person, other.id))
            return


def _totals(matched: MatchedPopulation) -> Iterator[Violation]:
    value, limit = sum(pair.weight for pair in matched.pairs), matched.upper_bound
    if value != matched.value:
        yield Violation("wrong_value", f"The pairs add up to {value}, not {matched.value}.")
    if max(value, matched.value) > limit:
        yield Violation("value_above_bound", f"The value {value} is above its bound {limit}.")
    if abs(matched.gap - ((limit - matched.value) / limit if limit else 0.0)) > 1e-12:
        yield Violation("wrong_gap", f"The gap {matched.gap} does not follow from value and bound.")
    if len(matched.pairs) > matched.most_pairs:
        yield Violation("too_many_pairs", f"More pairs than the certified most, {matched.most_pairs}.")


def _broken_rules(population: Population, policy: Policy, a: int, b: int) -> Iterator[str]:
    one, other = population.people[a], population.people[b]
    if _common_hours(population, a, b) < policy.min_common_hours:
        yield "common_hours"
    if policy.common_language and not set(one.languages) & set(other.languages):
        yield "common_language"
    depth = policy.reporting_line_depth
    line, other_line = population.lines[a], population.lines[b]
    if depth and (line[:1] == other_line[:1] != () or one.id in other_line[:depth] or other.id in line[:depth]):
        yield "reporting_line"
    if other.id in one.excluded or one.id in other.excluded:
        yield "excluded"
    if policy.level_rule == "require" and abs(one.level - other.level) > policy.similar_level_within:
        yield "similar_level"
    for attribute in ("department", "location"):
        here, there = getattr(one, attribute), getattr(other, attribute)
        if attribute in policy.must_share and (here is None or here != there):
            yield f"same_{attribute}"
        if attribute in policy.must_differ and (here is None or there is None or here == there):
            yield f"different_{attribute}"


def _weight(population: Population, policy: Policy, a: int, b: int) -> int:
    one, other = population.people[a], population.people[b]
    gain, return_gain = _benefit(one, other), _benefit(other, one)
    both = gain + return_gain
    harmonic = 2 * gain * return_gain // both if both else 0
    shares = policy.context_shares
    full = policy.full_common_hours
    apart = abs(one.level - other.level) - policy.similar_level_within
    context = (
        shares.goals * _goals(one, other, policy)
        + shares.level * max(0, MICRO - max(0, apart) * 250_000)
        + shares.common_hours * (MICRO * min(full, _common_hours(population, a, b)) // full)
        + shares.complement * _complement(one, other)
    ) // MICRO
    return (policy.weaker_side * harmonic + policy.both_sides * (both // 2) + policy.context * context) // MICRO


def _benefit(learner: Person, teacher: Person) -> int:
    taught = {skill.name: skill.level for skill in teacher.offers}
    known = {skill.name: skill.level for skill in learner.offers}
    gained = possible = 0
    for seek in learner.seeks:
        own = max(seek.own, known.get(seek.skill, 0))
        possible += seek.priority * min(4, max(0, seek.wanted - own))
        gained += seek.priority * min(4, max(0, min(seek.wanted, taught.get(seek.skill, 0)) - own))
    return MICRO * gained // possible if possible else 0


def _goals(one: Person, other: Person, policy: Policy) -> int:
    support = 0
    for person, partner in ((one, other), (other, one)):
        experienced = {skill.name for skill in partner.offers if skill.level >= policy.experienced_level}
        for goal in person.goals:
            if goal in experienced:
                support += MICRO
            elif goal in partner.goals:
                support += policy.shared_goal_without_experience
    goals = len(one.goals) + len(other.goals)
    return support // goals if goals else 0


def _complement(one: Person, other: Person) -> int:
    here, there = {skill.name for skill in one.offers}, {skill.name for skill in other.offers}
    return MICRO * len(here ^ there) // len(here | there) if here | there else 0


def _common_hours(population: Population, a: int, b: int) -> int:
    return (population.availability[a] & population.availability[b]).bit_count()
