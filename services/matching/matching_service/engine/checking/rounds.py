"""An independent check of rounds of pairs: everybody once a round and nobody twice with the same, worths, and the bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from matching_service.engine.checking.matches import Violation, check_pairs, drawn, other_question, totals
from matching_service.engine.checking.worths import Everybody
from matching_service.engine.problem.policy import Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.problem.results import MatchedPopulation


def check_rounds(
    population: Population, policy: Policy, matched: MatchedPopulation, people: int | None = None
) -> list[Violation]:
    """What is wrong with rounds; empty when nothing is. ``people``: for so many people prices are compared with everybody."""
    everybody = Everybody(population, policy)
    found = [
        *other_question(population, policy, matched),
        *_attendance(population, policy, matched),
        *check_pairs(everybody, policy, matched),
    ]
    return found or [*totals(matched), *_bound(everybody, policy, matched, people)]


def _attendance(population: Population, policy: Policy, matched: MatchedPopulation) -> Iterator[Violation]:
    """Everybody is in one pair a round at most, in no more rounds than they have seats, or unmatched."""
    rounds: Counter[tuple[object, int]] = Counter()
    met: Counter[tuple[object, object]] = Counter()
    for pair in matched.pairs:
        met[pair.people] += 1
        rounds.update((person, pair.round) for person in pair.people)
        if not 1 <= pair.round <= policy.rounds:
            yield Violation("rule_broken", f"There is no round {pair.round}.", pair.people)
    if any(times > 1 for times in met.values()):
        yield Violation("pair_twice", "Two people meet twice.")
    if any(times > 1 for times in rounds.values()):
        yield Violation("person_twice", "Somebody is in two pairs of a round.")
    taken = Counter(person for person, _ in rounds)
    unmatched = {one.person for one in matched.unmatched}
    for person, position in population.index.items():
        if taken[person] > min(int(population.seats[position]), policy.rounds):
            yield Violation("too_many_partners", f"The person is in {taken[person]} rounds and has fewer seats.", (person,))
        if (person in unmatched) == (taken[person] > 0):
            yield Violation("person_missing", "The person is neither matched nor unmatched, or both.", (person,))


def _bound(everybody: Everybody, policy: Policy, matched: MatchedPopulation, people: int | None) -> Iterator[Violation]:
    """All seats at their prices, and what pairs are worth beyond both prices, are at least what any rounds are worth."""
    population = everybody.population
    count = len(population)
    if len(matched.proofs) != 1 or len(matched.proofs[0].prices) != count:
        yield Violation("bound_not_proven", "Rounds have one proof, with a price for each person.")
        return
    (proof,) = matched.proofs
    if proof.unit < 1 or proof.bonus or min(proof.prices.min(initial=0), proof.beyond) < 0:
        yield Violation("bound_not_proven", "Prices are not negative, and a unit is at least 1.")
        return
    seats = np.minimum(population.seats, policy.rounds)
    proven = (int((seats * proof.prices).sum()) + proof.beyond) // proof.unit
    if matched.upper_bound != max(proven, matched.value):
        yield Violation("bound_not_proven", f"The prices prove {proven}, not {matched.upper_bound}.")
    seen, beyond = np.zeros(count, dtype=np.bool_), 0
    for row in range(count) if people is None else drawn(population, people):
        weight = everybody.weights(row)
        seen[row] = True
        missing = np.where(seen | (weight == 0), 0, proof.unit * weight - proof.prices[row] - proof.prices)
        beyond += int(np.maximum(0, missing).sum())
    if beyond > proof.beyond:
        yield Violation("price_too_low", "Pairs are worth more beyond the prices than the proof says.")
