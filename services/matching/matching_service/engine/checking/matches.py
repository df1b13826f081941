"""An independent check of a result: straight from the definitions, nothing shared with the solvers.

``check_matches`` looks at everybody and every pair of the answer, in plain Python. ``check_bound`` compares the prices
with every possible pair of people, or with those of some people, and so proves the upper bound again; it takes one
person against everybody at a time, in NumPy. The snapshot is taken as given: its working hours in UTC and its
reporting lines are part of the population and of its hash.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, combinations
from typing import Literal
from uuid import UUID

import numpy as np

from matching_service.engine.checking.definitions import benefit, broken_rules, weight_of
from matching_service.engine.checking.worths import Everybody
from matching_service.engine.problem.policy import Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.problem.results import MatchedPopulation, Pair, Proof, Trio

__all__ = [
    "Violation",
    "broken_rules",
    "check_bound",
    "check_matches",
    "check_pairs",
    "drawn",
    "other_question",
    "totals",
    "weight_of",
]

ViolationCode = Literal[
    "other_population",
    "other_policy",
    "unknown_person",
    "person_twice",
    "pair_twice",
    "too_many_partners",
    "person_missing",
    "rule_broken",
    "wrong_weight",
    "wrong_benefit",
    "value_above_bound",
    "too_many_people",
    "has_partners",
    "trio_not_allowed",
    "could_join",
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
    """What is wrong with the pairs, trios, unmatched and totals of a result; empty when nothing is."""
    found = [*other_question(population, policy, matched)]
    found += _attendance(population, policy, matched)
    everybody = Everybody(population, policy)
    found += check_pairs(everybody, policy, matched)
    for trio in matched.trios:
        found += _trio(everybody, policy, trio)
    for person in matched.unmatched:
        if person.person in population.index:
            if person.why == "no_feasible_partner":
                found += _partners_overlooked(everybody, person.person)
            if policy.trios:
                found += _pair_overlooked(everybody, policy, matched, person.person)
    return [*found, *totals(matched)]


def check_pairs(everybody: Everybody, policy: Policy, matched: MatchedPopulation) -> list[Violation]:
    """What is wrong with the pairs, each by itself."""
    return [violation for pair in matched.pairs for violation in _pair(everybody, policy, pair)]


def other_question(population: Population, policy: Policy, matched: MatchedPopulation) -> Iterator[Violation]:
    """The result belongs to this population and this policy."""
    if matched.population_hash != population.hash:
        yield Violation("other_population", "The result belongs to a population with another hash.")
    if (matched.policy, matched.policy_fingerprint) != (policy.label, policy.fingerprint):
        yield Violation("other_policy", f"The result belongs to the policy {matched.policy}.")


def check_bound(
    population: Population, policy: Policy, matched: MatchedPopulation, people: int | None = None
) -> list[Violation]:
    """Whether the prices of a result prove its bounds; empty when they do.

    Over every pair of people there is, or over those of ``people`` people drawn by the population's hash with everybody.
    """
    n = len(population)
    roles = policy.juniors_up_to is not None
    if ill_formed := _ill_formed(n, matched, roles=roles):
        return ill_formed
    everybody = Everybody(population, policy)
    rows = np.arange(n) if people is None else np.array(drawn(population, people), dtype=np.int64)
    seen = np.zeros(n, dtype=np.bool_)
    found: list[Violation] = []
    beyond = [0] * len(matched.proofs)
    root = list(range(n))
    for row in rows.tolist():
        weight = everybody.weights(row)
        partners = np.flatnonzero((weight > 0) & ~seen)
        seen[row] = True
        if people is None:
            for partner in partners.tolist():
                root[_find(root, row)] = _find(root, partner)
        for number, proof in enumerate(matched.proofs):
            asked = (0 if proof.counts_pairs else weight[partners]) + proof.bonus
            missing = np.maximum(0, proof.unit * asked - proof.prices[row] - proof.prices[partners])
            beyond[number] += int(missing.sum())
            if missing.any() and beyond[number] > proof.beyond:
                other = int(partners[missing.argmax()])
                concerned = population.id(row), population.id(other)
                found.append(Violation("price_too_low", f"The prices do not cover the worth {weight[other]}.", concerned))
    if found:
        return found
    if roles:
        proven = _bounds_with_seats(everybody, matched)
        if proven != (matched.upper_bound, matched.most_people):
            found.append(Violation("bound_not_proven", f"The prices prove {proven[0]} with at most {proven[1]} people."))
        return found
    together = [0] * n
    trios = policy.trios
    closest = _bounds(matched, together if people is not None else [_find(root, person) for person in range(n)], trios)
    loosest = _bounds(matched, together, trios)
    claimed = matched.upper_bound, matched.most_people
    if matched.exhaustive:  # all pairs and trios were weighed against each other, which proves more than the prices
        closest = min(closest[0], claimed[0]), min(closest[1], claimed[1])
    if not all(low <= claim <= high for low, claim, high in zip(closest, claimed, loosest, strict=True)):
        found.append(Violation("bound_not_proven", f"The prices prove {closest[0]} with at most {closest[1]} people."))
    return found


def _ill_formed(people: int, matched: MatchedPopulation, *, roles: bool) -> list[Violation]:
    """Proofs that are none, whatever people are worth."""
    for proof in matched.proofs:
        if len(proof.prices) != people or min(proof.prices.min(initial=0), proof.bonus, proof.beyond) < 0 or proof.unit <= 0:
            return [Violation("bound_not_proven", "A proof needs one price, not negative, for each person.")]
    if not roles and any(proof.beyond for proof in matched.proofs):
        return [Violation("bound_not_proven", "Nothing may exceed the prices of people who are in one pair each.")]
    return []


def drawn(population: Population, people: int) -> list[int]:
    """Some people, whom nobody chose."""
    by_hash = sorted(range(len(population)), key=lambda person: hashlib.sha256(f"{population.hash} {person}".encode()).digest())
    return sorted(by_hash[:people])


def _bounds(matched: MatchedPopulation, part: list[int], trios: bool) -> tuple[int, int]:
    """Upper bound and most people, when no pair is possible between different parts."""
    members: dict[int, list[int]] = {}
    for person, number in enumerate(part):
        members.setdefault(number, []).append(person)
    people_in = Counter(part[person] for person in [*matched.a.tolist(), *matched.b.tolist(), *matched.trio.ravel().tolist()])
    value = most_people = 0
    for number, of_part in members.items():
        most = min(_possible(people, trios) for people in (len(of_part), *(_most_people(p, of_part) for p in matched.proofs)))
        worths = [_most_worth(p, of_part, people_in[number], most, trios) for p in matched.proofs if not p.counts_pairs]
        value += min(worths, default=-1)
        most_people += most
    return value, most_people


def _bounds_with_seats(everybody: Everybody, matched: MatchedPopulation) -> tuple[int, int]:
    """Upper bound and most people, once for each of their pairs: all seats at their prices, and what pairs are worth beyond.

    Nobody can fill more seats than there are people of the other role who have one.
    """
    seats, junior = everybody.population.seats, everybody.juniors
    others = np.where(junior, (seats[~junior] > 0).sum(), (seats[junior] > 0).sum())
    useful = np.minimum(seats, others).tolist()
    most = [sum(count for count, one in zip(useful, junior.tolist(), strict=True) if one is role) for role in (True, False)]
    values = []
    for proof in matched.proofs:
        priced = proof.beyond + sum(count * price for count, price in zip(useful, proof.prices.tolist(), strict=True))
        if proof.bonus:
            most.append(priced // (proof.unit * proof.bonus))
        if not proof.counts_pairs:
            values.append(priced // proof.unit - proof.bonus * len(matched.a))
    return min(values, default=-1), 2 * min(most)


def _possible(people: int, trios: bool) -> int:
    """How many of so many people can be matched: in twos, or in twos and threes."""
    if trios:
        return people if people > 1 else 0
    return people - people % 2


def _most_people(proof: Proof, members: list[int]) -> int:
    """Everybody matched pays for half a bonus, be it in a pair or in a trio."""
    if not proof.bonus:
        return len(members)
    return 2 * int(proof.prices[members].sum()) // (proof.unit * proof.bonus)


def _most_worth(proof: Proof, members: list[int], people: int, most: int, trios: bool) -> int:
    """The most that can be worth what matches from ``people`` to ``most`` of these people."""
    highest = sorted((2 * price - proof.unit * proof.bonus for price in proof.prices[members].tolist()), reverse=True)
    covered = [0, *accumulate(highest)]
    sizes = range(people, max(people, most) + 1, 1 if trios else 2)
    return int(max(covered[size] for size in sizes)) // (2 * proof.unit)


def _find(root: list[int], person: int) -> int:
    while root[person] != person:
        root[person] = root[root[person]]
        person = root[person]
    return person


def _attendance(population: Population, policy: Policy, matched: MatchedPopulation) -> Iterator[Violation]:
    """Everybody is in a match or unmatched, nobody else is; in one match, or with roles in as many pairs as there are seats."""
    paired = Counter(person for pair in matched.pairs for person in (pair.a, pair.b))
    named = paired + Counter(person for trio in matched.trios for person in (trio.a, trio.b, trio.c))
    named.update(person.person for person in matched.unmatched)
    for person, times in named.items():
        position = population.index.get(person)
        if position is None:
            yield Violation("unknown_person", "The person is not in the population.", (person,))
        elif policy.juniors_up_to is not None and times == paired[person]:
            if times > population.seats[position]:
                detail = f"The person has {times} partners and {population.seats[position]} seats."
                yield Violation("too_many_partners", detail, (person,))
        elif times > 1:
            yield Violation("person_twice", f"The person appears {times} times.", (person,))
    for people, times in Counter(frozenset((pair.a, pair.b)) for pair in matched.pairs).items():
        if times > 1:
            yield Violation("pair_twice", f"The pair appears {times} times.", tuple(sorted(people)))
    for known in population.index:
        if known not in named:
            yield Violation("person_missing", "The person is neither matched nor unmatched.", (known,))


def _pair(everybody: Everybody, policy: Policy, pair: Pair) -> Iterator[Violation]:
    """The rules hold, and the figures are right."""
    population, people = everybody.population, (pair.a, pair.b)
    if pair.a == pair.b or not all(person in population.index for person in people):
        return
    one, other = (population.member(population.index[person]) for person in people)
    for rule in broken_rules(policy, one, other, everybody.reach_of_level):
        yield Violation("rule_broken", f"The pair breaks the rule {rule}.", people)
    benefits = (benefit(one, other), benefit(other, one))
    if (pair.benefit_a, pair.benefit_b) != benefits:
        yield Violation("wrong_benefit", f"The benefits are {benefits}.", people)
    weight = weight_of(policy, one, other)
    if pair.weight != weight or weight <= 0:
        yield Violation("wrong_weight", f"The pair is worth {weight}, not {pair.weight}.", people)


def _trio(everybody: Everybody, policy: Policy, trio: Trio) -> Iterator[Violation]:
    """The policy has trios, the rules hold between any two, and the worth is half that of the three pairs."""
    population, people = everybody.population, (trio.a, trio.b, trio.c)
    if not policy.trios:
        yield Violation("trio_not_allowed", "The policy has no trios.", people)
    if len(set(people)) < 3 or not all(person in population.index for person in people):
        return
    members = [population.member(population.index[person]) for person in people]
    pairs = list(combinations(members, 2))
    for one, other in pairs:
        for rule in broken_rules(policy, one, other, everybody.reach_of_level):
            yield Violation("rule_broken", f"Two of the trio break the rule {rule}.", (one.id, other.id))
    one, other, third = members
    if (one.hours & other.hours & third.hours).bit_count() < policy.min_common_hours:
        yield Violation("rule_broken", "The three break the rule common_hours together.", people)
    if policy.common_language and not set(one.languages) & set(other.languages) & set(third.languages):
        yield Violation("rule_broken", "The three break the rule common_language together.", people)
    weights = [weight_of(policy, one, other) for one, other in pairs]
    if trio.weight != sum(weights) // 2 or min(weights) <= 0:
        yield Violation("wrong_weight", f"The trio's pairs are worth {weights}; it is not worth {trio.weight}.", people)


def _partners_overlooked(everybody: Everybody, person: UUID) -> Iterator[Violation]:
    """Whoever is reported to have no partner has none."""
    partners = np.flatnonzero(everybody.weights(everybody.population.index[person]) > 0)
    if len(partners):
        other = everybody.population.id(int(partners[0]))
        yield Violation("has_partners", "There is a feasible partner after all.", (person, other))


def _pair_overlooked(everybody: Everybody, policy: Policy, matched: MatchedPopulation, person: UUID) -> Iterator[Violation]:
    """Who could join a pair is not left over."""
    row = everybody.population.index[person]
    possible = everybody.may_join(row, matched.a, matched.b)
    if not possible.any():
        return
    worth = everybody.weights(row)
    with_a, with_b = worth[matched.a], worth[matched.b]
    gain = (with_a + with_b + matched.weight) // 2 - matched.weight
    joinable = possible & (with_a > 0) & (with_b > 0) & ((gain > 0) | policy.coverage_first)
    for pair in np.flatnonzero(joinable)[:1].tolist():
        yield Violation("could_join", "There is a pair to join.", (person, *matched.pairs[pair].people))


def totals(matched: MatchedPopulation) -> Iterator[Violation]:
    """The value keeps to its bound, and there are no more people than the certified most."""
    value, limit = matched.value, matched.upper_bound
    if value > limit:
        yield Violation("value_above_bound", f"The value {value} is above its bound {limit}.")
    if matched.people > matched.most_people:
        yield Violation("too_many_people", f"More people than the certified most, {matched.most_people}.")
