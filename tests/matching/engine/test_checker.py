"""The checker finds every kind of fault, each caused here on purpose; and it has nothing from the solvers."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from matching_service.engine import (
    MatchedPopulation,
    Pair,
    Policy,
    Unmatched,
    check_bound,
    check_matches,
    checker,
    match_population,
)
from matching_service.engine.checker import ViolationCode
from matching_service.engine.results import PriceProof
from tests.matching.engine.people import company, number

PEOPLE = company(41)
POLICY = Policy()
MATCHED = match_population(PEOPLE, POLICY, target_gap=0.0)
PAIR = MATCHED.pairs[0]

Corruption = Callable[[MatchedPopulation], MatchedPopulation]


def with_values(**values: object) -> Corruption:
    return lambda matched: matched.model_copy(update=values)


def with_first_pair(**values: Any) -> Corruption:
    """The first pair changed; the totals follow, so that nothing else is wrong."""
    return lambda matched: with_pairs((matched.pairs[0].model_copy(update=values), *matched.pairs[1:]))(matched)


def with_pairs(pairs: tuple[Pair, ...]) -> Corruption:
    value = sum(pair.weight for pair in pairs)
    bound = max(MATCHED.upper_bound, value)
    return with_values(pairs=pairs, value=value, upper_bound=bound, gap=(bound - value) / bound)


def with_partners_swapped(matched: MatchedPopulation) -> MatchedPopulation:
    """Two pairs exchange partners so that the first breaks a rule."""
    one = next(
        (first, second)
        for first in matched.pairs
        for second in matched.pairs
        if first is not second and any(checker._broken_rules(PEOPLE, POLICY, PEOPLE.index[first.a], PEOPLE.index[second.b]))
    )
    first, second = one
    swapped = (first.model_copy(update={"b": second.b}), second.model_copy(update={"b": first.b}))
    return with_pairs((*swapped, *(pair for pair in matched.pairs if pair not in one)))(matched)


def with_an_excuse(matched: MatchedPopulation) -> MatchedPopulation:
    """A pair is torn apart and one of the two said to be impossible."""
    torn = tuple(Unmatched(person=person, why="no_feasible_partner", partners=0, removed={}) for person in (PAIR.a, PAIR.b))
    rest = with_pairs(matched.pairs[1:])(matched)
    return rest.model_copy(update={"unmatched": (*matched.unmatched, *torn)})


def with_proof(change: Callable[[PriceProof], PriceProof]) -> Corruption:
    """The first proof changed."""
    return lambda matched: matched.model_copy(update={"proofs": (change(matched.proofs[0]), *matched.proofs[1:])})


def cheaper(proof: PriceProof) -> PriceProof:
    lower = tuple(max(0, price - 10_000) for price in proof.doubled_prices)
    return PriceProof(doubled_prices=lower, bonus=proof.bonus)


def without_the_first_price(proof: PriceProof) -> PriceProof:
    return PriceProof(doubled_prices=proof.doubled_prices[1:], bonus=proof.bonus)


def with_a_negative_price(proof: PriceProof) -> PriceProof:
    return PriceProof(doubled_prices=(-1, *proof.doubled_prices[1:]), bonus=proof.bonus)


CORRUPTIONS: dict[str, Corruption] = {
    "other_population": with_values(population_hash="0" * 64),
    "other_policy": with_values(policy_fingerprint="0" * 64),
    "unknown_person": with_first_pair(b=number(999)),
    "person_twice": with_pairs((*MATCHED.pairs, PAIR)),
    "person_missing": with_pairs(MATCHED.pairs[1:]),
    "rule_broken": with_partners_swapped,
    "wrong_weight": with_first_pair(weight=PAIR.weight - 1),
    "wrong_benefit": with_first_pair(benefit_b=PAIR.benefit_b + 1),
    "wrong_value": with_values(value=MATCHED.value - 1, gap=(MATCHED.upper_bound - MATCHED.value + 1) / MATCHED.upper_bound),
    "wrong_gap": with_values(gap=MATCHED.gap + 1e-6),
    "value_above_bound": with_values(upper_bound=MATCHED.value - 1, gap=-1 / (MATCHED.value - 1)),
    "too_many_pairs": with_values(most_pairs=len(MATCHED.pairs) - 1),
    "has_partners": with_an_excuse,
    "price_too_low": with_proof(cheaper),
    "bound_not_proven": with_values(upper_bound=MATCHED.upper_bound - 1),
}


def test_a_true_answer_passes() -> None:
    assert check_matches(PEOPLE, POLICY, MATCHED) == []
    assert check_bound(PEOPLE, POLICY, MATCHED) == []


def test_every_kind_of_violation_has_a_corruption_that_causes_it() -> None:
    assert set(CORRUPTIONS) == set(get_args(ViolationCode))


@pytest.mark.parametrize("code", CORRUPTIONS)
def test_a_corrupted_answer_is_found_out(code: str) -> None:
    corrupted = CORRUPTIONS[code](MATCHED)

    codes = {violation.code for violation in check_matches(PEOPLE, POLICY, corrupted)}
    if code in {"price_too_low", "bound_not_proven"}:
        codes = {violation.code for violation in check_bound(PEOPLE, POLICY, corrupted)}

    assert code in codes


@pytest.mark.parametrize(
    "corruption",
    [
        with_values(proofs=()),
        with_values(proofs=MATCHED.proofs[1:]),
        with_proof(without_the_first_price),
        with_proof(with_a_negative_price),
        with_proof(lambda proof: PriceProof(doubled_prices=proof.doubled_prices, bonus=-1)),
        with_values(most_pairs=MATCHED.most_pairs + 1),
        with_values(upper_bound=MATCHED.upper_bound + 1),
    ],
)
def test_a_proof_that_does_not_prove_is_found_out(corruption: Corruption) -> None:
    assert {violation.code for violation in check_bound(PEOPLE, POLICY, corruption(MATCHED))} == {"bound_not_proven"}


def test_a_person_paired_with_themselves_is_found_out() -> None:
    corrupted = with_first_pair(b=PAIR.a)(MATCHED)

    assert "person_twice" in {violation.code for violation in check_matches(PEOPLE, POLICY, corrupted)}


def test_the_checker_imports_nothing_that_matches_or_scores() -> None:
    tree = ast.parse(Path(checker.__file__).read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    ours = {module.rsplit(".", 1)[1] for module in imported if module.startswith("matching_service")}

    assert ours == {"policy", "population", "results"}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))
