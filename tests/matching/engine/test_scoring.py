"""What a pair is worth, by hand for single facts and by a second implementation for a whole company."""

from __future__ import annotations

from typing import Any

import pytest

from matching_service.engine import Context, Person, Policy, Skill, SoughtSkill, WorkingHours, match_population
from matching_service.engine.checking import matches as checker
from matching_service.engine.checking.worths import Everybody
from matching_service.engine.problem.population import Population
from matching_service.engine.weighing.profiles import Profiles, Terms
from matching_service.engine.weighing.scoring import all_pairs
from tests.matching.engine.people import company, junior_senior, number, person, population, swapper

ONLY_WEAKER_SIDE = Policy(weaker_side=1_000_000, both_sides=0, context=0)
ONLY_MEAN = Policy(weaker_side=0, both_sides=1_000_000, context=0)

POLICIES = {
    "the defaults": Policy(),
    "departments must differ": Policy(must_differ=frozenset({"department"}), reporting_line_depth=1),
    "same location, similar level": Policy(must_share=frozenset({"location"}), level_rule="require", common_language=False),
    "no rules": Policy(reporting_line_depth=0, min_common_hours=0, common_language=False),
    "near in one thing, far in another": Policy(
        context_shares=Context(goals=0, nearness=400_000),
        prefer_same=frozenset({"location"}),
        prefer_different=frozenset({"department"}),
    ),
    "juniors and seniors": junior_senior(4),
    "juniors and seniors, who gain too": junior_senior(3, junior_side=350_000, weaker_side=300_000, both_sides=200_000),
    "strict": Policy(min_common_hours=10, reporting_line_depth=5, experienced_level=5, similar_level_within=0),
}


def only(part: str, **preferences: Any) -> Policy:
    """A policy for which one part of the context is everything."""
    shares = {name: 1_000_000 if name == part else 0 for name in Context.model_fields}
    return Policy(weaker_side=0, both_sides=0, context=1_000_000, context_shares=Context(**shares), **preferences)


def feasible_pairs(people: Population, policy: Policy) -> list[tuple[tuple[int, int], int]]:
    """Every pair the kernels find possible, with what it is worth."""
    u, v, weight = all_pairs(Profiles.of(people, policy), Terms.of(policy), max(1, len(people.skill_names)), 0, 1)
    return list(zip(zip(u.tolist(), v.tolist(), strict=True), weight.tolist(), strict=True))


def worth(one: Person, other: Person, policy: Policy) -> int:
    """What the pair is worth; 0 when it may not or should not be."""
    pairs = match_population(population(one, other), policy).pairs
    return pairs[0].weight if pairs else 0


def benefits(one: Person, other: Person) -> tuple[int, int]:
    pair = match_population(population(one, other), Policy()).pairs[0]
    return pair.benefit_a, pair.benefit_b


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_every_pair_of_a_company_is_scored_and_ruled_as_the_checker_does(policy: Policy) -> None:
    people = company(90, seed=4)

    by_kernel = dict(feasible_pairs(people, policy))
    members = [people.member(position) for position in range(90)]
    by_hand = {
        (a, b): weight
        for a in range(90)
        for b in range(a + 1, 90)
        if not any(checker.broken_rules(policy, members[a], members[b]))
        and (weight := checker.weight_of(policy, members[a], members[b]))
    }
    assert by_kernel == by_hand
    assert len(by_hand) > 100


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_the_checkers_two_ways_to_weigh_agree(policy: Policy) -> None:
    people = company(40, seed=5)

    everybody = Everybody(people, policy)
    by_rows = {(a, b): weight for a in range(40) for b, weight in enumerate(everybody.weights(a).tolist()) if b > a and weight}

    assert by_rows == dict(feasible_pairs(people, policy))


def test_a_benefit_is_the_share_of_what_is_sought() -> None:
    learner = person(0, seeks=(SoughtSkill("sql", wanted=4, own=1, priority=3), SoughtSkill("law", wanted=1, priority=1)))

    assert benefits(learner, person(1, offers=(Skill("sql", 3),)))[0] == 1_000_000 * (3 * 2) // (3 * 3 + 1 * 1)
    assert benefits(learner, person(1, offers=(Skill("sql", 5), Skill("law", 2))))[0] == 1_000_000
    assert benefits(learner, person(1, offers=(Skill("sql", 1),)))[0] == 0


def test_what_somebody_offers_is_what_they_have_already() -> None:
    teacher = person(1, offers=(Skill("sql", 4),))

    assert benefits(person(0, offers=(Skill("sql", 4),), seeks=(SoughtSkill("sql"),)), teacher)[0] == 0
    assert benefits(person(0, offers=(Skill("sql", 3),), seeks=(SoughtSkill("sql"),)), teacher)[0] == 500_000


def test_a_pair_is_as_good_as_its_weaker_side() -> None:
    ana = swapper(0, offers="python", seeks="sales")
    mutual, one_sided = swapper(1, offers="sales", seeks="python"), swapper(1, offers="sales", seeks="law")

    assert worth(ana, mutual, ONLY_WEAKER_SIDE) == 1_000_000
    assert worth(ana, one_sided, ONLY_WEAKER_SIDE) == 0
    assert worth(ana, one_sided, ONLY_MEAN) == 500_000


def test_a_goal_counts_in_full_with_experience_and_half_without() -> None:
    beginner = person(0, goals=("python",))

    assert worth(beginner, person(1, goals=("python",)), only("goals")) == 500_000
    assert worth(beginner, person(1, offers=(Skill("python", 3),)), only("goals")) == 1_000_000
    assert worth(beginner, person(1, offers=(Skill("python", 2),)), only("goals")) == 0
    assert worth(beginner, person(1, goals=("python",), offers=(Skill("python", 3),)), only("goals")) == 750_000


def test_similar_levels_are_preferred_or_required() -> None:
    def apart(levels: int, policy: Policy) -> int:
        return worth(person(0, level=3), person(1, level=3 + levels), policy)

    assert [apart(levels, only("level")) for levels in range(7)] == [1_000_000, 1_000_000, 750_000, 500_000, 250_000, 0, 0]
    required = Policy(level_rule="require")
    assert [apart(levels, required) > 0 for levels in range(4)] == [True, True, False, False]


def test_common_hours_count_up_to_enough() -> None:
    def with_hours(hours: int) -> int:
        short_week = WorkingHours(9 * 60, 9 * 60 + hours * 60, frozenset({0}))
        return worth(person(0), person(1, working_hours=short_week), only("common_hours"))

    assert [with_hours(hours) for hours in (1, 5, 8)] == [100_000, 500_000, 800_000]
    assert worth(person(0), person(1), only("common_hours")) == 1_000_000


def test_strengths_that_repeat_are_worth_less_than_strengths_that_complement() -> None:
    ana = person(0, offers=(Skill("sql", 3), Skill("law", 3)))

    assert worth(ana, person(1, offers=(Skill("art", 3),)), only("complement")) == 1_000_000
    assert worth(ana, person(1, offers=(Skill("sql", 1),)), only("complement")) == 500_000
    assert worth(ana, person(1, offers=(Skill("law", 3), Skill("sql", 3))), only("complement")) == 0


def test_departments_and_locations_can_be_wished_the_same_or_different() -> None:
    preferred = only("nearness", prefer_same=frozenset({"location"}), prefer_different=frozenset({"department"}))
    ana = person(0, department="Law", location="Oslo")

    assert worth(ana, person(1, department="Art", location="Oslo"), preferred) == 1_000_000
    assert worth(ana, person(1, department="Law", location="Oslo"), preferred) == 500_000
    assert worth(ana, person(1, location="Oslo"), preferred) == 500_000
    assert worth(ana, person(1, department="Law", location="Bonn"), preferred) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"languages": ("de",)}, {"languages": ("fr",)}),
        ({"languages": ()}, {}),
        ({"manager_id": number(1)}, {}),
        ({}, {"manager_id": number(0)}),
        ({"manager_id": number(7)}, {"manager_id": number(7)}),
        ({"excluded": frozenset({number(1)})}, {}),
        ({}, {"excluded": frozenset({number(0)})}),
        ({"time_zone": "Europe/Berlin"}, {"time_zone": "Pacific/Auckland"}),
    ],
    ids=str,
)
def test_a_broken_rule_forbids_a_pair_however_good_it_is(one: dict[str, Any], other: dict[str, Any]) -> None:
    ana, bo = swapper(0, "python", "sales", **one), swapper(1, "sales", "python", **other)

    assert worth(ana, bo, Policy()) == 0
    assert worth(swapper(0, "python", "sales"), swapper(1, "sales", "python"), Policy()) > 0


def test_the_managers_manager_is_in_the_reporting_line_and_further_up_only_if_the_policy_says() -> None:
    line = [person(0), person(1, manager_id=number(0)), person(2, manager_id=number(1)), person(3, manager_id=number(2))]

    def may_meet(depth: int) -> set[tuple[int, int]]:
        return {pair for pair, _ in feasible_pairs(population(*line), Policy(reporting_line_depth=depth))}

    assert may_meet(1) == {(0, 2), (0, 3), (1, 3)}
    assert may_meet(2) == {(0, 3)}
    assert may_meet(3) == set()
    assert len(may_meet(0)) == 6


def test_an_unknown_department_is_neither_the_same_nor_a_different_one() -> None:
    for rule in (Policy(must_share=frozenset({"department"})), Policy(must_differ=frozenset({"department"}))):
        assert worth(person(0), person(1), rule) == 0
        assert worth(person(0, department="Law"), person(1), rule) == 0
    assert worth(person(0, department="Law"), person(1, department="Law"), Policy(must_share=frozenset({"department"}))) > 0
    assert worth(person(0, department="Law"), person(1, department="Art"), Policy(must_differ=frozenset({"department"}))) > 0


def test_more_than_sixty_four_languages_are_told_apart() -> None:
    everyone = [person(n, languages=(f"language-{n // 2}",)) for n in range(200)]

    found = feasible_pairs(population(*everyone), Policy())

    assert [pair for pair, _ in found] == [(n, n + 1) for n in range(0, 200, 2)]
