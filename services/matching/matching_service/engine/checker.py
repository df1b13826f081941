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
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.policy import MICRO, Policy
from matching_service.engine.population import Member, Population
from matching_service.engine.results import MatchedPopulation, Proof

ViolationCode = Literal[
    "other_population",
    "other_policy",
    "unknown_person",
    "person_twice",
    "person_missing",
    "rule_broken",
    "wrong_weight",
    "wrong_benefit",
    "value_above_bound",
    "too_many_pairs",
    "has_partners",
    "price_too_low",
    "bound_not_proven",
]

Ints = NDArray[np.int64]


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
        one, other = (population.member(population.index[person]) for person in people)
        for rule in _broken_rules(policy, one, other):
            found.append(Violation("rule_broken", f"The pair breaks the rule {rule}.", people))
        benefits = (_benefit(one, other), _benefit(other, one))
        if (pair.benefit_a, pair.benefit_b) != benefits:
            found.append(Violation("wrong_benefit", f"The benefits are {benefits}.", people))
        weight = _weight(policy, one, other)
        if pair.weight != weight or weight <= 0:
            found.append(Violation("wrong_weight", f"The pair is worth {weight}, not {pair.weight}.", people))
    everybody = _Everybody(population, policy)
    for person in matched.unmatched:
        if person.why == "no_feasible_partner" and person.person in population.index:
            found += _partners_overlooked(everybody, person.person)
    return [*found, *_totals(matched)]


def check_bound(
    population: Population, policy: Policy, matched: MatchedPopulation, people: int | None = None
) -> list[Violation]:
    """Whether the prices of a result prove its bounds; empty when they do.

    Over every pair of people there is, or over those of ``people`` people drawn by the population's hash with everybody.
    A bound that itself rests on a sample is checked against the mean of what the people looked at find uncovered.
    """
    n = len(population)
    for proof in matched.proofs:
        if len(proof.prices) != n or proof.prices.min(initial=0) < 0 or proof.bonus < 0 or proof.unit <= 0 or proof.excess < 0:
            return [Violation("bound_not_proven", "A proof needs one price, not negative, for each person.")]
    everybody = _Everybody(population, policy)
    rows = range(n) if people is None else _drawn(population, people)
    found: list[Violation] = []
    root = list(range(n))
    uncovered = [0.0] * len(matched.proofs)
    for row in rows:
        weight = everybody.weights(row)
        partners = np.flatnonzero(weight > 0)
        if people is None:
            for partner in partners[partners > row].tolist():
                root[_find(root, row)] = _find(root, partner)
        for number, proof in enumerate(matched.proofs):
            asked = (0 if proof.counts_pairs else weight[partners]) + proof.bonus
            missing = proof.unit * asked - proof.prices[row] - proof.prices[partners]
            worst = int(missing.max(initial=0))
            uncovered[number] += worst / (2 * proof.unit)
            if worst > 0 and not proof.excess:
                other = int(partners[missing.argmax()])
                concerned = population.id(row), population.id(other)
                found.append(Violation("price_too_low", f"The prices do not cover the worth {weight[other]}.", concerned))
    for proof, raised in zip(matched.proofs, uncovered, strict=True):
        if proof.excess and raised * n > proof.excess * len(rows):
            found.append(Violation("bound_not_proven", "The people looked at find more uncovered than the bound allows for."))
    if found:
        return found
    together = [0] * n
    closest = _bounds(matched, together if people is not None else [_find(root, person) for person in range(n)])
    loosest = _bounds(matched, together)
    claimed = matched.upper_bound, matched.most_pairs
    if not all(low <= claim <= high for low, claim, high in zip(closest, claimed, loosest, strict=True)):
        found.append(Violation("bound_not_proven", f"The prices prove {closest[0]} with at most {closest[1]} pairs."))
    return found


def _drawn(population: Population, people: int) -> list[int]:
    """Some people, whom nobody chose."""
    by_hash = sorted(range(len(population)), key=lambda person: hashlib.sha256(f"{population.hash} {person}".encode()).digest())
    return sorted(by_hash[:people])


def _bounds(matched: MatchedPopulation, part: list[int]) -> tuple[int, int]:
    """Upper bound and most pairs, when no pair is possible between different parts."""
    members: dict[int, list[int]] = {}
    for person, number in enumerate(part):
        members.setdefault(number, []).append(person)
    pairs_in = Counter(part[person] for person in matched.a.tolist())
    value = most_pairs = 0
    sampled = [proof.excess for proof in matched.proofs if not proof.counts_pairs]
    for number, of_part in members.items():
        most = min([len(of_part) // 2, *(_most_pairs(proof, of_part) for proof in matched.proofs)])
        worths = [_most_worth(p, of_part, pairs_in[number], most) for p in matched.proofs if not p.counts_pairs]
        value += min(worths, default=-1)
        most_pairs += most
    return value + (max(sampled) if any(sampled) else 0), most_pairs


def _most_pairs(proof: Proof, members: list[int]) -> int:
    if not proof.bonus or proof.excess:
        return len(members) // 2
    return int(proof.prices[members].sum()) // (proof.unit * proof.bonus)


def _most_worth(proof: Proof, members: list[int], pairs: int, most: int) -> int:
    """The most that from ``pairs`` to ``most`` pairs can be worth among these people."""
    highest = sorted((2 * price - proof.unit * proof.bonus for price in proof.prices[members].tolist()), reverse=True)
    covered = [0, *accumulate(highest)]
    return int(max(covered[2 * size] for size in range(pairs, max(pairs, most) + 1))) // (2 * proof.unit)


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
    for known in population.index:
        if known not in named:
            yield Violation("person_missing", "The person is neither paired nor unmatched.", (known,))


def _partners_overlooked(everybody: _Everybody, person: UUID) -> Iterator[Violation]:
    partners = np.flatnonzero(everybody.weights(everybody.population.index[person]) > 0)
    if len(partners):
        other = everybody.population.id(int(partners[0]))
        yield Violation("has_partners", "There is a feasible partner after all.", (person, other))


def _totals(matched: MatchedPopulation) -> Iterator[Violation]:
    value, limit = sum(pair.weight for pair in matched.pairs), matched.upper_bound
    if value > limit:
        yield Violation("value_above_bound", f"The value {value} is above its bound {limit}.")
    if len(matched.pairs) > matched.most_pairs:
        yield Violation("too_many_pairs", f"More pairs than the certified most, {matched.most_pairs}.")


def _broken_rules(policy: Policy, one: Member, other: Member) -> Iterator[str]:
    if _common_hours(one, other) < policy.min_common_hours:
        yield "common_hours"
    if policy.common_language and not set(one.languages) & set(other.languages):
        yield "common_language"
    depth = policy.reporting_line_depth
    line, other_line = one.line, other.line
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


def _weight(policy: Policy, one: Member, other: Member) -> int:
    gain, return_gain = _benefit(one, other), _benefit(other, one)
    both = gain + return_gain
    harmonic = 2 * gain * return_gain // both if both else 0
    shares = policy.context_shares
    full = policy.full_common_hours
    apart = abs(one.level - other.level) - policy.similar_level_within
    context = (
        shares.goals * _goals(one, other, policy)
        + shares.level * max(0, MICRO - max(0, apart) * 250_000)
        + shares.common_hours * (MICRO * min(full, _common_hours(one, other)) // full)
        + shares.complement * _complement(one, other)
        + shares.nearness * _nearness(policy, one, other)
    ) // MICRO
    return (policy.weaker_side * harmonic + policy.both_sides * (both // 2) + policy.context * context) // MICRO


def _benefit(learner: Member, teacher: Member) -> int:
    taught = {skill.name: skill.level for skill in teacher.offers}
    known = {skill.name: skill.level for skill in learner.offers}
    gained = possible = 0
    for seek in learner.seeks:
        own = max(seek.own, known.get(seek.skill, 0))
        possible += seek.priority * min(4, max(0, seek.wanted - own))
        gained += seek.priority * min(4, max(0, min(seek.wanted, taught.get(seek.skill, 0)) - own))
    return MICRO * gained // possible if possible else 0


def _goals(one: Member, other: Member, policy: Policy) -> int:
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


def _complement(one: Member, other: Member) -> int:
    here, there = {skill.name for skill in one.offers}, {skill.name for skill in other.offers}
    return MICRO * len(here ^ there) // len(here | there) if here | there else 0


def _nearness(policy: Policy, one: Member, other: Member) -> int:
    wishes = len(policy.prefer_same) + len(policy.prefer_different)
    granted = 0
    for attribute in ("department", "location"):
        here, there = getattr(one, attribute), getattr(other, attribute)
        if here is not None and there is not None:
            granted += attribute in (policy.prefer_same if here == there else policy.prefer_different)
    return MICRO * granted // wishes if wishes else 0


def _common_hours(one: Member, other: Member) -> int:
    return (one.hours & other.hours).bit_count()


class _Everybody:
    """One person against everybody, by NumPy: the same definitions once more, for many pairs."""

    def __init__(self, population: Population, policy: Policy) -> None:
        self.population, self._policy = population, policy

    def weights(self, row: int) -> Ints:
        """What the person is worth with everybody, in micro-units; 0 where a rule forbids it and for the person."""
        people, policy, shares = self.population, self._policy, self._policy.context_shares
        forbidden = self._forbidden(row)
        gain, return_gain = self._benefits(row)
        both = gain + return_gain
        harmonic = _divided(2 * gain * return_gain, both)
        apart = np.abs(people.level.astype(np.int64) - int(people.level[row])) - policy.similar_level_within
        hours = np.minimum(policy.full_common_hours, self._common_hours(row))
        context = (
            shares.goals * self._goals(row)
            + shares.level * np.maximum(0, MICRO - np.maximum(0, apart) * 250_000)
            + shares.common_hours * (MICRO * hours // policy.full_common_hours)
            + shares.complement * self._complement(row)
            + shares.nearness * self._nearness(row)
        ) // MICRO
        weights = (policy.weaker_side * harmonic + policy.both_sides * (both // 2) + policy.context * context) // MICRO
        return np.where(forbidden, 0, weights)

    @cached_property
    def _of_offer(self) -> Ints:
        return np.repeat(np.arange(len(self.population)), np.diff(self.population.offer_start))

    @cached_property
    def _of_seek(self) -> Ints:
        return np.repeat(np.arange(len(self.population)), np.diff(self.population.seek_start))

    @cached_property
    def _of_goal(self) -> Ints:
        return np.repeat(np.arange(len(self.population)), np.diff(self.population.goal_start))

    @cached_property
    def _levels(self) -> dict[tuple[int, int], int]:
        people = self.population
        return dict(
            zip(
                zip(self._of_offer.tolist(), people.offer_skill.tolist(), strict=True), people.offer_level.tolist(), strict=True
            )
        )

    @cached_property
    def _seek_own(self) -> Ints:
        """The level from which each sought skill is climbed."""
        people = self.population
        pairs = zip(self._of_seek.tolist(), people.seek_skill.tolist(), people.seek_own.tolist(), strict=True)
        return np.array([max(own, self._levels.get((who, skill), 0)) for who, skill, own in pairs], dtype=np.int64)

    @cached_property
    def _goal_level(self) -> Ints:
        pairs = zip(self._of_goal.tolist(), self.population.goal.tolist(), strict=True)
        return np.array([self._levels.get(pair, 0) for pair in pairs], dtype=np.int64)

    @cached_property
    def _possible(self) -> Ints:
        people = self.population
        climb = np.minimum(4, np.maximum(0, people.seek_wanted.astype(np.int64) - self._seek_own))
        return self._summed(self._of_seek, people.seek_priority * climb)

    def _summed(self, owner: Ints, values: NDArray[Any]) -> Ints:
        return np.bincount(owner, weights=values, minlength=len(self.population)).astype(np.int64)

    def _by_skill(self, positions: NDArray[Any], values: NDArray[Any]) -> Ints:
        table = np.zeros(len(self.population.skill_names), dtype=np.int64)
        table[positions] = values
        return table

    def _row_tables(self, row: int) -> tuple[Ints, Ints, Ints]:
        """By skill: the level the person offers, and from where and up to where they climb."""
        people = self.population
        offers, seeks = slice(*people.offer_start[row : row + 2]), slice(*people.seek_start[row : row + 2])
        skills = people.seek_skill[seeks]
        return (
            self._by_skill(people.offer_skill[offers], people.offer_level[offers]),
            self._by_skill(skills, self._seek_own[seeks]),
            self._by_skill(skills, people.seek_wanted[seeks]),
        )

    def _benefits(self, row: int) -> tuple[Ints, Ints]:
        people = self.population
        offered, own, wanted = self._row_tables(row)
        seeks = slice(*people.seek_start[row : row + 2])
        priority = self._by_skill(people.seek_skill[seeks], people.seek_priority[seeks])
        skill = people.offer_skill
        climbed = np.minimum(4, np.maximum(0, np.minimum(wanted[skill], people.offer_level) - own[skill]))
        gain = _divided(MICRO * self._summed(self._of_offer, priority[skill] * climbed), self._possible[row])
        taught = np.minimum(people.seek_wanted.astype(np.int64), offered[people.seek_skill])
        climbed = np.minimum(4, np.maximum(0, taught - self._seek_own))
        return gain, _divided(MICRO * self._summed(self._of_seek, people.seek_priority * climbed), self._possible)

    def _goals(self, row: int) -> Ints:
        people, policy = self.population, self._policy
        mine = slice(*people.goal_start[row : row + 2])
        offered, _, _ = self._row_tables(row)
        is_mine = self._by_skill(people.goal[mine], np.ones(mine.stop - mine.start))
        experienced = policy.experienced_level
        shared = policy.shared_goal_without_experience
        for_them = np.where(offered[people.goal] >= experienced, MICRO, shared * is_mine[people.goal])
        from_experience = is_mine[people.offer_skill] * (people.offer_level >= experienced) * MICRO
        from_company = is_mine[people.goal] * (self._goal_level < experienced) * shared
        support = (
            self._summed(self._of_goal, for_them)
            + self._summed(self._of_offer, from_experience)
            + self._summed(self._of_goal, from_company)
        )
        count = np.diff(people.goal_start)
        return _divided(support, count + count[row])

    def _complement(self, row: int) -> Ints:
        people = self.population
        offered, _, _ = self._row_tables(row)
        repeated = self._summed(self._of_offer, offered[people.offer_skill] > 0)
        count = np.diff(people.offer_start)
        skills = count + count[row] - repeated
        return _divided(MICRO * (skills - repeated), skills)

    def _nearness(self, row: int) -> Ints:
        policy, granted = self._policy, np.zeros(len(self.population), dtype=np.int64)
        for attribute in ("department", "location"):
            codes = getattr(self.population, attribute)
            known = (codes >= 0) & (codes[row] >= 0)
            granted += known & (codes == codes[row]) & (attribute in policy.prefer_same)
            granted += known & (codes != codes[row]) & (attribute in policy.prefer_different)
        return MICRO * granted // max(1, len(policy.prefer_same) + len(policy.prefer_different))

    def _common_hours(self, row: int) -> Ints:
        hours: Ints = np.bitwise_count(self.population.hours & self.population.hours[row]).sum(axis=1).astype(np.int64)
        return hours

    def _forbidden(self, row: int) -> NDArray[np.bool_]:
        people, policy = self.population, self._policy
        forbidden = self._common_hours(row) < policy.min_common_hours
        forbidden[row] = True
        if policy.common_language:
            forbidden |= ~(people.languages & people.languages[row]).any(axis=1)
        if policy.reporting_line_depth:
            line = people.line[slice(*people.line_start[row : row + 2])]
            above = line[: policy.reporting_line_depth]
            forbidden[above[above < len(people)]] = True
            depth = np.arange(len(people.line)) - np.repeat(people.line_start[:-1], np.diff(people.line_start))
            led = np.repeat(np.arange(len(people)), np.diff(people.line_start))
            forbidden[led[(people.line == row) & (depth < policy.reporting_line_depth)]] = True
            if len(line):
                forbidden[led[(depth == 0) & (people.line == line[0])]] = True
        forbidden[people.excluded[slice(*people.excluded_start[row : row + 2])]] = True
        if policy.level_rule == "require":
            forbidden |= np.abs(people.level.astype(np.int64) - int(people.level[row])) > policy.similar_level_within
        for attribute in ("department", "location"):
            codes = getattr(people, attribute)
            known = (codes >= 0) & (codes[row] >= 0)
            if attribute in policy.must_share:
                forbidden |= ~known | (codes != codes[row])
            if attribute in policy.must_differ:
                forbidden |= ~known | (codes == codes[row])
        return forbidden


def _divided(part: Ints, whole: Ints | np.int64) -> Ints:
    """Floor of part / whole; 0 where there is no whole."""
    quotient: Ints = part // np.maximum(whole, 1)
    return quotient
