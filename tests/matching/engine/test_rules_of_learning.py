"""What a program may ask of its pairs: that somebody learns, levels are near, somebody is experienced; and exchanges."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from matching_service.engine import (
    MatchedPopulation,
    Policy,
    Population,
    Skill,
    check_bound,
    check_matches,
    format_of,
    match_population,
    report_of,
)
from tests.matching.engine.people import company, person, population, swapper

NO_LINE: dict[str, Any] = {"reporting_line": "off", "same_manager": True}


def matched_by(people: Population, **values: Any) -> MatchedPopulation:
    policy = Policy(**NO_LINE, **values)
    found = match_population(people, policy, target_gap=0.0)
    assert check_matches(people, policy, found) == []
    assert check_bound(people, policy, found) == []
    return found


def test_two_who_share_a_goal_need_somebody_experienced_in_it() -> None:
    beginners = [person(n, goals=("sql",)) for n in range(2)]
    guide = person(2, goals=("sql",), offers=(Skill("sql", 4),))

    apart = matched_by(population(*beginners), experience="require")
    guided = matched_by(population(beginners[0], guide), experience="require")

    assert (len(apart.pairs), apart.unmatched[0].rule, len(guided.pairs)) == (0, "experience", 1)


def test_levels_are_near_where_enough_people_are_and_further_only_for_who_has_nobody_near() -> None:
    people = population(*(person(n, level=1 + n // 8) for n in range(16)), person(16, level=9), person(17, level=2))

    report = report_of(people, Policy(**NO_LINE, levels_apart=0), matched_by(people, levels_apart=0))

    assert (report.matches, report.beyond_levels, report.most_levels_apart) == (9, 1, 7)


def test_a_pair_in_which_nobody_learns_is_the_last_resort_or_never_made() -> None:
    idle = [person(n) for n in range(2)]
    people = population(*idle, swapper(2, "sql", "law"), swapper(3, "law", "sql"))

    usual, preferred, never = (matched_by(people, nobody_learns=counts) for counts in (1_000_000, 100_000, 0))

    assert len(usual.pairs) == len(preferred.pairs) == 2
    assert min(preferred.weight) * 9 < min(usual.weight)
    assert [report_of(people, Policy(**NO_LINE), one).nobody_learns for one in (usual, preferred, never)] == [1, 1, 0]


@pytest.mark.parametrize("seed", range(12))
def test_every_rule_together_is_kept_and_the_bound_holds(seed: int) -> None:
    people = company(24, seed)

    matched_by(people, experience="require", levels_apart=1, nobody_learns=100_000, trios=seed % 2 == 0)


def practice(people: Population, **options: Any) -> MatchedPopulation:
    format_ = format_of("skills-practice")
    policy = format_.policy(format_.options(options))
    found = match_population(people, policy, target_gap=0.0)
    assert format_.check(people, policy, found) == []
    return found


def test_three_of_whom_no_two_could_teach_each_other_are_a_ring() -> None:
    people = population(swapper(0, "sql", "law"), swapper(1, "law", "art"), swapper(2, "art", "sql"))

    assert (len(practice(people).trios), practice(people).unmatched) == (1, ())
    assert practice(people, rings_of_three=False).people == 0


def test_two_who_seek_the_same_practise_it_and_whoever_could_be_taught_is() -> None:
    people = population(swapper(0, "chess", "sql"), swapper(1, "law", "sql"))
    assert len(practice(people).pairs) == 1
    assert practice(people, practice_together=False).people == 0


@pytest.mark.parametrize("seed", range(8))
def test_an_exchange_is_worth_more_than_its_prices_nowhere(seed: int) -> None:
    found = practice(company(18, seed))

    assert found.value <= found.upper_bound
    assert all(len(set(one.people) & set(other.people)) == 0 for one, other in combinations(found.matches, 2))
