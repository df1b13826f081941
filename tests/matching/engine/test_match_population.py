"""People in, checked pairs out: nobody is left behind without a reason."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from functools import cache
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_service.engine import (
    MatchedPopulation,
    Person,
    Policy,
    Population,
    Skill,
    SoughtSkill,
    WorkingHours,
    check_bound,
    check_matches,
    match_population,
)
from matching_service.engine.checking import matches as checker
from tests.matching.engine.people import A_MONDAY, company, number, people_of, person, population, swapper

COVERAGE_FIRST, VALUE_FIRST = Policy(), Policy(coverage_first=False)

skills = st.sampled_from(["sql", "law", "art"])


@st.composite
def populations(draw: st.DrawFn) -> Population:
    """Up to eight people of a small world, in which every rule bites now and then."""
    return population(*(draw(people(n)) for n in range(draw(st.integers(0, 8)))))


@st.composite
def people(draw: st.DrawFn, n: int) -> Person:
    offers = draw(st.dictionaries(skills, st.integers(1, 5), max_size=3))
    seeks = draw(st.dictionaries(skills, st.tuples(st.integers(1, 5), st.integers(0, 4), st.integers(1, 3)), max_size=3))
    return person(
        n,
        offers=tuple(Skill(name, level) for name, level in offers.items()),
        seeks=tuple(SoughtSkill(name, *facts) for name, facts in seeks.items()),
        goals=tuple(sorted(draw(st.sets(st.sampled_from(["sql", "lead"]))))),
        level=draw(st.integers(1, 4)),
        department=draw(st.sampled_from([None, "Law", "Art"])),
        time_zone=draw(st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"])),
        languages=tuple(sorted(draw(st.sets(st.sampled_from(["en", "de"]), min_size=1)))),
        manager_id=draw(st.none() | st.integers(0, 9).map(number)),
        excluded=draw(st.frozensets(st.integers(0, 9).map(number), max_size=1)),
    )


policies = st.builds(
    Policy,
    coverage_first=st.booleans(),
    reporting_line_depth=st.integers(0, 2),
    min_common_hours=st.integers(0, 10),
    level_rule=st.sampled_from(["prefer", "require"]),
    must_differ=st.sampled_from([frozenset(), frozenset({"department"})]),
)


def best_by_trying_everything(people: Population, policy: Policy) -> tuple[int, int]:
    """(pairs, value) of the best matching, weighed and ruled by the checker."""
    bonus = 10**9 if policy.coverage_first else 0
    members = [people.member(position) for position in range(len(people))]

    @cache
    def best(used: int) -> tuple[int, int, int]:
        first = next((x for x in range(len(people)) if not used >> x & 1), None)
        if first is None:
            return 0, 0, 0
        options = [best(used | 1 << first)]
        for other in range(first + 1, len(people)):
            if used >> other & 1 or any(checker.broken_rules(policy, members[first], members[other])):
                continue
            if weight := checker.weight_of(policy, members[first], members[other]):
                total, pairs, value = best(used | 1 << first | 1 << other)
                options.append((total + weight + bonus, pairs + 1, value + weight))
        return max(options)

    return best(0)[1:]


def names(matched: MatchedPopulation) -> set[tuple[int, int]]:
    return {(pair.a.int - 1, pair.b.int - 1) for pair in matched.pairs}


@settings(max_examples=150, deadline=None)
@given(people=populations(), policy=policies)
def test_any_small_population_gets_a_checked_answer_bounded_by_the_best(people: Population, policy: Policy) -> None:
    matched = match_population(people, policy, target_gap=0.0)

    assert check_matches(people, policy, matched) == []
    assert check_bound(people, policy, matched) == []
    pairs, value = best_by_trying_everything(people, policy)
    if policy.coverage_first:
        assert len(matched.pairs) <= pairs <= matched.most_pairs
        if len(matched.pairs) == pairs:
            assert matched.value <= value <= matched.upper_bound
    else:
        assert matched.value <= value <= matched.upper_bound
        assert 3 * matched.value >= 2 * matched.upper_bound


@pytest.mark.parametrize("policy", [COVERAGE_FIRST, VALUE_FIRST], ids=["coverage first", "value first"])
@pytest.mark.parametrize("size", [120, 121])
def test_a_company_is_matched_within_a_thousandth_of_its_bound(policy: Policy, size: int) -> None:
    people = company(size)

    matched = match_population(people, policy)

    assert check_matches(people, policy, matched) == []
    assert check_bound(people, policy, matched) == []
    assert matched.gap <= 1e-3
    assert len(matched.pairs) == matched.most_pairs == size // 2


def test_a_swap_is_found_among_many() -> None:
    matched = match_population(
        population(
            swapper(0, "python", "sales"),
            swapper(1, "law", "art"),
            swapper(2, "sales", "python"),
            swapper(3, "art", "law"),
        ),
        COVERAGE_FIRST,
    )

    assert names(matched) == {(0, 2), (1, 3)}
    assert {(pair.benefit_a, pair.benefit_b) for pair in matched.pairs} == {(1_000_000, 1_000_000)}
    assert matched.gap == 0.0


def test_nobody_at_all_is_an_empty_answer() -> None:
    matched = match_population(population(), COVERAGE_FIRST)

    assert (matched.pairs, matched.unmatched, matched.value, matched.upper_bound, matched.gap) == ((), (), 0, 0, 0.0)
    assert check_matches(population(), COVERAGE_FIRST, matched) == check_bound(population(), COVERAGE_FIRST, matched) == []


def test_one_person_alone_has_no_feasible_partner_and_no_rule_is_to_blame() -> None:
    (alone,) = match_population(population(person(0)), COVERAGE_FIRST).unmatched

    assert (alone.why, alone.partners, alone.removed, alone.rule) == ("no_feasible_partner", 0, {}, None)


def test_an_impossible_person_learns_which_rule_removed_most_people() -> None:
    team = [person(n, manager_id=number(0)) for n in range(1, 4)]
    outsiders = [person(n, languages=("fr",)) for n in range(4, 9)]

    matched = match_population(population(person(0), *team, *outsiders), COVERAGE_FIRST)

    reasons = {person.person: person for person in matched.unmatched}
    assert reasons[number(0)].why == "no_feasible_partner"
    assert reasons[number(0)].removed == {"common_language": 5, "reporting_line": 3}
    assert reasons[number(0)].rule == "common_language"


def test_somebody_nobody_can_give_anything_to_is_told_so() -> None:
    only_benefit = Policy(weaker_side=1_000_000, both_sides=0, context=0)

    (first, _) = match_population(population(person(0), person(1)), only_benefit).unmatched

    assert (first.why, first.rule) == ("no_feasible_partner", "no_worth")


def test_of_three_one_is_the_odd_one_out() -> None:
    matched = match_population(population(*(person(n) for n in range(3))), COVERAGE_FIRST)

    (left,) = matched.unmatched
    assert (left.why, left.partners) == ("odd_one_out", 2)


def test_who_shares_the_only_possible_partner_loses_to_the_better_pair() -> None:
    expert = swapper(0, "python", "sales")
    apart = {n: frozenset(number(other) for other in (1, 2, 3) if other != n) for n in (1, 2, 3)}
    rivals = (
        swapper(1, "art", "python", excluded=apart[1]),
        swapper(2, "sales", "python", excluded=apart[2]),
        swapper(3, "art", "law", excluded=apart[3]),
    )

    matched = match_population(population(expert, *rivals), COVERAGE_FIRST)

    assert names(matched) == {(0, 2)}
    assert {(person.why, person.partners) for person in matched.unmatched} == {("better_pairs_elsewhere", 1)}


def test_a_hub_skill_offered_by_most_does_not_stop_anybody() -> None:
    rng = random.Random(3)
    crowd = [
        swapper(n, "excel" if rng.random() < 0.6 else f"skill-{n % 7}", f"skill-{rng.randrange(7)}", level=rng.randint(1, 5))
        for n in range(150)
    ]

    matched = match_population(population(*crowd), COVERAGE_FIRST)

    assert check_matches(population(*crowd), COVERAGE_FIRST, matched) == []
    assert len(matched.pairs) == 75
    assert matched.gap <= 1e-3


def test_time_zones_without_common_hours_are_matched_within_themselves() -> None:
    zones = ("Europe/Berlin", "Asia/Singapore", "America/Los_Angeles")
    short_day = WorkingHours(10 * 60, 14 * 60)
    crowd = population(*(person(n, time_zone=zones[n % 3], working_hours=short_day) for n in range(33)))

    matched = match_population(crowd, COVERAGE_FIRST)

    assert all(a % 3 == b % 3 for a, b in names(matched))
    assert len(matched.pairs) == matched.most_pairs == 15
    assert [person.why for person in matched.unmatched] == ["odd_one_out"] * 3


def test_near_duplicates_are_matched_and_certified() -> None:
    crowd = population(*(swapper(n, "sql", "law" if n % 50 else "art") for n in range(100)))

    matched = match_population(crowd, COVERAGE_FIRST)

    assert check_bound(crowd, COVERAGE_FIRST, matched) == []
    assert len(matched.pairs) == 50
    assert matched.gap == 0.0


def test_one_percent_impossible_people_are_left_over_and_all_others_are_not() -> None:
    crowd = population(*(person(n, languages=() if n % 100 == 0 else ("en",)) for n in range(300)))

    matched = match_population(crowd, COVERAGE_FIRST)

    assert {person.why for person in matched.unmatched if person.person.int % 100 == 1} == {"no_feasible_partner"}
    assert {person.rule for person in matched.unmatched if person.person.int % 100 == 1} == {"common_language"}
    assert len(matched.pairs) == matched.most_pairs == 148


def test_the_same_people_give_the_same_bytes_whatever_order_they_come_in() -> None:
    people = company(60)
    shuffled = people_of(60)
    random.Random(1).shuffle(shuffled)
    again = Population.of(shuffled, A_MONDAY)

    one, other = match_population(people, COVERAGE_FIRST, seed=9), match_population(again, COVERAGE_FIRST, seed=9)

    assert again.hash == people.hash
    assert one.to_bytes() == other.to_bytes()
    assert MatchedPopulation.from_bytes(one.to_bytes()).to_bytes() == one.to_bytes()


def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    program = (
        "import hashlib; from matching_service.engine import Policy, match_population;"
        "from tests.matching.engine.people import company;"
        "print(hashlib.sha256(match_population(company(60), Policy()).to_bytes()).hexdigest())"
    )

    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path), "OMP_NUM_THREADS": threads},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, threads in (("1", "1"), ("2", "2"))
    }

    assert len(answers) == 1


def test_other_ids_for_the_same_people_give_the_same_value() -> None:
    people = company(60)
    new_ids = dict(zip(people.index, random.Random(2).sample(sorted(people.index), 60), strict=True))

    def renamed(somebody: Person) -> Person:
        return replace(
            somebody,
            id=new_ids[somebody.id],
            manager_id=new_ids[somebody.manager_id] if somebody.manager_id else None,
            excluded=frozenset(new_ids[other] for other in somebody.excluded),
        )

    one = match_population(people, COVERAGE_FIRST, target_gap=0.0)
    other = match_population(population(*map(renamed, people_of(60))), COVERAGE_FIRST, target_gap=0.0)

    assert one.population_hash != other.population_hash
    assert (len(one.pairs), one.value) == (len(other.pairs), other.value)


def test_what_was_proposed_once_is_never_proposed_again() -> None:
    people, met = people_of(40), set[frozenset[UUID]]()
    for _ in range(6):
        matched = match_population(population(*people), COVERAGE_FIRST)

        pairs = {frozenset((pair.a, pair.b)) for pair in matched.pairs}
        assert not pairs & met
        assert len(pairs) >= 19
        met |= pairs
        partner = {one: frozenset(pair) for pair in pairs for one in pair}
        people = [replace(p, excluded=p.excluded | partner.get(p.id, frozenset()) - {p.id}) for p in people]


def test_progress_goes_through_three_phases_and_reaches_each_end() -> None:
    reported: list[tuple[str, float, float | None]] = []

    matched = match_population(company(40), COVERAGE_FIRST, progress=lambda *report: reported.append(report))

    phases = ["scoring", "matching", "explaining"]
    assert list(dict.fromkeys(phase for phase, _, _ in reported)) == phases
    assert [phases.index(phase) for phase, _, _ in reported] == sorted(phases.index(phase) for phase, _, _ in reported)
    assert {phase: share for phase, share, _ in reported} == dict.fromkeys(phases, 1.0)
    assert reported[-1][2] == pytest.approx(matched.gap)
