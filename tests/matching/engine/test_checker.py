"""The checker finds every kind of fault, each caused here on purpose; and it has nothing from the solvers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from matching_service.engine import MatchedPopulation, Policy, Unmatched, check_bound, check_matches, match_population
from matching_service.engine.checking import definitions
from matching_service.engine.checking import matches as checker
from matching_service.engine.checking import worths as everybody
from matching_service.engine.checking.matches import ViolationCode
from matching_service.engine.problem.population import Member
from matching_service.engine.problem.results import Proof
from tests.matching.engine.people import company, junior_senior, people_of, population

PEOPLE = company(41)
POLICY = Policy()
MATCHED = match_population(PEOPLE, POLICY, target_gap=0.0)
PAIR = MATCHED.pairs[0]

ODD_PEOPLE = company(101)
TRIOS = Policy(trios=True)
ODD_MATCHED = match_population(ODD_PEOPLE, TRIOS, target_gap=0.0)

Corruption = Callable[[MatchedPopulation], MatchedPopulation]


def with_values(**values: object) -> Corruption:
    return lambda matched: replace(matched, **values)


def with_first_pair(**values: int) -> Corruption:
    """The first pair changed; the bound follows, so that nothing else is wrong."""

    def changed(matched: MatchedPopulation) -> MatchedPopulation:
        columns = {name: getattr(matched, name).copy() for name in values}
        for name, value in values.items():
            columns[name][0] = value
        return bounded(replace(matched, **columns))

    return changed


def bounded(matched: MatchedPopulation) -> MatchedPopulation:
    return replace(matched, upper_bound=max(matched.upper_bound, matched.value))


def with_pairs(rows: Sequence[int]) -> Corruption:
    columns = {name: getattr(MATCHED, name)[list(rows)] for name in ("a", "b", "weight", "benefit_a", "benefit_b")}
    return lambda matched: bounded(replace(matched, **columns))


def with_partners_swapped(matched: MatchedPopulation) -> MatchedPopulation:
    """Two pairs exchange partners so that the first breaks a rule."""
    first, second = next(
        (first, second)
        for first in range(len(matched.a))
        for second in range(len(matched.a))
        if first != second and any(checker.broken_rules(POLICY, member(matched.a[first]), member(matched.b[second])))
    )
    b = matched.b.copy()
    b[[first, second]] = b[[second, first]]
    return replace(matched, b=b)


def member(position: int) -> Member:
    return PEOPLE.member(int(position))


def with_an_excuse(matched: MatchedPopulation) -> MatchedPopulation:
    """A pair is torn apart and one of the two said to be impossible."""
    torn = tuple(Unmatched(person=person, why="no_feasible_partner", partners=0, removed={}) for person in (PAIR.a, PAIR.b))
    rest = with_pairs(range(1, len(matched.a)))(matched)
    return replace(rest, unmatched=(*matched.unmatched, *torn))


def with_proof(change: Callable[[Proof], Proof]) -> Corruption:
    """Every proof changed."""
    return lambda matched: replace(matched, proofs=tuple(change(proof) for proof in matched.proofs))


def cheaper(proof: Proof) -> Proof:
    return replace(proof, prices=np.maximum(0, proof.prices - 10_000))


def without_the_first_price(proof: Proof) -> Proof:
    return replace(proof, prices=proof.prices[1:])


def with_a_negative_price(proof: Proof) -> Proof:
    return replace(proof, prices=np.append(-1, proof.prices[1:]))


CORRUPTIONS: dict[str, Corruption] = {
    "other_population": with_values(population_hash="0" * 64),
    "other_policy": with_values(policy_fingerprint="0" * 64),
    "unknown_person": with_values(ids=np.vstack((MATCHED.ids[1:], np.full((1, 16), 255, np.uint8)))),
    "person_twice": with_pairs([*range(len(MATCHED.a)), 0]),
    "pair_twice": with_pairs([*range(len(MATCHED.a)), 0]),
    "person_missing": with_pairs(range(1, len(MATCHED.a))),
    "rule_broken": with_partners_swapped,
    "wrong_weight": with_first_pair(weight=PAIR.weight - 1),
    "wrong_benefit": with_first_pair(benefit_b=PAIR.benefit_b + 1),
    "value_above_bound": with_values(upper_bound=MATCHED.value - 1),
    "too_many_people": with_values(most_people=MATCHED.people - 1),
    "has_partners": with_an_excuse,
    "price_too_low": with_proof(cheaper),
    "bound_not_proven": with_values(upper_bound=MATCHED.upper_bound - 1),
}


def with_somebody_else_as_third(matched: MatchedPopulation) -> MatchedPopulation:
    """The third person goes, and one comes with whom one of the two breaks a rule."""
    first = ODD_PEOPLE.member(int(matched.trio[0, 0]))
    broken = (n for n in range(len(ODD_PEOPLE)) if any(checker.broken_rules(TRIOS, first, ODD_PEOPLE.member(n))))
    return replace(matched, trio=np.array([[*matched.trio[0, :2], next(n for n in broken if n not in matched.trio)]]))


def without_the_third(matched: MatchedPopulation) -> MatchedPopulation:
    """Two of the trio are a pair, and the third one is said to be the odd one out, and to have nobody at all."""
    a, b, c = matched.trio[0].tolist()
    one, other = ODD_PEOPLE.member(a), ODD_PEOPLE.member(b)
    values = {
        "a": a,
        "b": b,
        "weight": checker.weight_of(TRIOS, one, other),
        "benefit_a": definitions.benefit(one, other),
        "benefit_b": definitions.benefit(other, one),
    }
    columns = {name: np.append(getattr(matched, name), value) for name, value in values.items()}
    left = Unmatched(person=ODD_PEOPLE.id(c), why="odd_one_out", partners=1, removed={})
    return replace(matched, **columns, trio=matched.trio[:0], trio_weight=matched.trio_weight[:0], unmatched=(left,))


TRIO_CORRUPTIONS: dict[str, Corruption] = {
    "unknown_person": with_values(ids=np.vstack((ODD_MATCHED.ids[1:], np.full((1, 16), 255, np.uint8)))),
    "person_twice": with_values(trio=ODD_MATCHED.trio[:, [0, 1, 1]]),
    "person_missing": with_values(trio=ODD_MATCHED.trio[:0], trio_weight=ODD_MATCHED.trio_weight[:0]),
    "rule_broken": with_somebody_else_as_third,
    "wrong_weight": with_values(trio_weight=ODD_MATCHED.trio_weight - 1),
    "value_above_bound": with_values(upper_bound=ODD_MATCHED.value - 1),
    "too_many_people": with_values(most_people=ODD_MATCHED.people - 1),
    "could_join": without_the_third,
}


def test_a_true_answer_passes() -> None:
    assert check_matches(PEOPLE, POLICY, MATCHED) == []
    assert check_bound(PEOPLE, POLICY, MATCHED) == []


def test_a_true_answer_with_a_trio_passes() -> None:
    assert len(ODD_MATCHED.trios) == 1
    assert check_matches(ODD_PEOPLE, TRIOS, ODD_MATCHED) == []
    assert check_bound(ODD_PEOPLE, TRIOS, ODD_MATCHED) == []


def test_every_kind_of_violation_has_a_corruption_that_causes_it() -> None:
    assert {*CORRUPTIONS, *TRIO_CORRUPTIONS, "trio_not_allowed", "too_many_partners"} == set(get_args(ViolationCode))


@pytest.mark.parametrize("code", TRIO_CORRUPTIONS)
def test_a_corrupted_trio_is_found_out(code: str) -> None:
    corrupted = TRIO_CORRUPTIONS[code](ODD_MATCHED)

    assert code in {violation.code for violation in check_matches(ODD_PEOPLE, TRIOS, corrupted)}


def test_only_the_one_who_could_join_is_found_out_where_nothing_else_is_wrong() -> None:
    violations = check_matches(ODD_PEOPLE, TRIOS, without_the_third(ODD_MATCHED))

    assert [violation.code for violation in violations] == ["could_join"]


def test_a_trio_that_the_policy_does_not_have_is_found_out() -> None:
    without = replace(ODD_MATCHED, policy=POLICY.label, policy_fingerprint=POLICY.fingerprint)

    assert [violation.code for violation in check_matches(ODD_PEOPLE, POLICY, without)] == ["trio_not_allowed"]


@pytest.mark.parametrize("corruption", [with_values(most_people=102), with_values(upper_bound=ODD_MATCHED.upper_bound - 1)])
def test_a_bound_with_trios_that_the_prices_do_not_prove_is_found_out(corruption: Corruption) -> None:
    violations = check_bound(ODD_PEOPLE, TRIOS, corruption(ODD_MATCHED))

    assert {violation.code for violation in violations} == {"bound_not_proven"}


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
        with_proof(without_the_first_price),
        with_proof(with_a_negative_price),
        with_proof(lambda proof: replace(proof, bonus=-1)),
        with_proof(lambda proof: replace(proof, unit=0)),
        with_proof(lambda proof: replace(proof, beyond=1)),
        with_proof(lambda proof: replace(proof, beyond=-1)),
        with_values(most_people=MATCHED.most_people + 2),
        with_values(upper_bound=MATCHED.upper_bound + 1),
    ],
)
def test_a_proof_that_does_not_prove_is_found_out(corruption: Corruption) -> None:
    assert {violation.code for violation in check_bound(PEOPLE, POLICY, corruption(MATCHED))} == {"bound_not_proven"}


SEATED_POLICY = junior_senior(3, coverage_first=False)
SEATED_PEOPLE = population(*(replace(one, seats=1 + n % 3) for n, one in enumerate(people_of(41))))
SEATED = match_population(SEATED_PEOPLE, SEATED_POLICY, target_gap=0.0)


def test_a_senior_with_more_partners_than_seats_is_found_out() -> None:
    ends = np.concatenate((SEATED.a, SEATED.b))
    full = next(p for p in ends if SEATED_PEOPLE.level[p] > 3 and (ends == p).sum() == SEATED_PEOPLE.seats[p])
    a, b = SEATED.a.copy(), SEATED.b.copy()
    other = next(n for n in range(len(a)) if full not in (a[n], b[n]))
    (a if SEATED_PEOPLE.level[a[other]] > 3 else b)[other] = full

    found = check_matches(SEATED_PEOPLE, SEATED_POLICY, replace(SEATED, a=a, b=b))

    assert check_matches(SEATED_PEOPLE, SEATED_POLICY, SEATED) == []
    assert "too_many_partners" in {violation.code for violation in found}


@pytest.mark.parametrize(
    ("corruption", "code"),
    [
        (with_proof(cheaper), "price_too_low"),
        (with_proof(lambda proof: replace(proof, beyond=proof.beyond - 1)), "price_too_low"),
        (with_proof(lambda proof: replace(proof, beyond=proof.beyond + 1_000_000)), "bound_not_proven"),
        (with_values(upper_bound=SEATED.upper_bound - 1), "bound_not_proven"),
        (with_values(most_people=SEATED.most_people + 2), "bound_not_proven"),
        (with_values(proofs=()), "bound_not_proven"),
    ],
)
def test_a_proof_about_seats_that_does_not_prove_is_found_out(corruption: Corruption, code: str) -> None:
    assert SEATED.proofs[0].beyond > 0
    assert check_bound(SEATED_PEOPLE, SEATED_POLICY, SEATED) == []
    assert {violation.code for violation in check_bound(SEATED_PEOPLE, SEATED_POLICY, corruption(SEATED))} == {code}


def test_a_person_paired_with_themselves_is_found_out() -> None:
    corrupted = with_first_pair(b=int(MATCHED.a[0]))(MATCHED)

    assert "person_twice" in {violation.code for violation in check_matches(PEOPLE, POLICY, corrupted)}


def test_the_checker_imports_nothing_that_matches_or_scores() -> None:
    tree = ast.parse("".join(Path(module.__file__).read_text() for module in (checker, definitions, everybody)))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    ours = {module.rsplit(".", 1)[1] for module in imported if module.startswith("matching_service")}

    assert ours == {"definitions", "worths", "policy", "population", "results"}
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert plain == {"hashlib", "numpy"}
