"""Juniors and seniors: as many pairs as seats allow on either side, against brute force and an exact assignment."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from matching_service.engine import MatchedPopulation, Policy, Population, Skill, check_bound, check_matches, match_population
from matching_service.engine.checking import matches as checker
from matching_service.engine.checking.worths import Everybody
from matching_service.engine.searching import search
from matching_service.engine.searching import seats as seat_search
from tests.benchmarks.company import company
from tests.matching.engine.people import junior_senior, number, people_of, person, population, swapper
from tests.matching.engine.test_match_population import people as one_of_a_small_world
from tests.matching.engine.test_sparse_search import everybody_alike

COVERAGE_FIRST, VALUE_FIRST = junior_senior(4), junior_senior(4, coverage_first=False)
BOTH = pytest.mark.parametrize("policy", [COVERAGE_FIRST, VALUE_FIRST], ids=["coverage first", "value first"])
BOTH_SIDES_COUNT = {"weaker_side": 300_000, "both_sides": 200_000, "junior_side": 350_000}


@st.composite
def populations(draw: st.DrawFn) -> Population:
    """Up to eight people of a small world, each with up to three seats, or more than anybody could fill."""
    seats = st.sampled_from([0, 1, 1, 1, 2, 3, 2**31])
    return population(*(replace(draw(one_of_a_small_world(n)), seats=draw(seats)) for n in range(draw(st.integers(0, 8)))))


policies = st.builds(
    lambda up_to, coverage_first, shares, hours: junior_senior(
        up_to, coverage_first=coverage_first, min_common_hours=hours, **shares
    ),
    st.integers(0, 4),
    st.booleans(),
    st.sampled_from([{}, BOTH_SIDES_COUNT]),
    st.integers(0, 8),
)


def best_by_trying_everything(people: Population, policy: Policy) -> tuple[int, int]:
    """(pairs, value) of the best choice, weighed and ruled by the checker."""
    bonus = 10**9 if policy.coverage_first else 0
    members = [people.member(position) for position in range(len(people))]
    weights = {
        (a, b): checker.weight_of(policy, members[a], members[b])
        for a, b in combinations(range(len(people)), 2)
        if not any(checker.broken_rules(policy, members[a], members[b]))
    }
    possible = [pair for pair, weight in weights.items() if weight]

    @cache
    def best(at: int, free: tuple[int, ...]) -> tuple[int, int, int]:
        if at == len(possible):
            return 0, 0, 0
        options = [best(at + 1, free)]
        a, b = possible[at]
        if free[a] and free[b]:
            total, pairs, value = best(at + 1, tuple(seats - (p in (a, b)) for p, seats in enumerate(free)))
            options.append((total + weights[a, b] + bonus, pairs + 1, value + weights[a, b]))
        return max(options)

    return best(0, tuple(min(member.seats, len(people)) for member in members))[1:]


def with_seats(size: int, seed: int, most_juniors: int = 1) -> Population:
    """A made-up company whose seniors have up to five seats, and none now and then."""
    rng = random.Random(seed)
    return population(
        *(
            replace(one, seats=rng.randint(0, 5) if one.level > 4 else rng.randint(min(1, seed % 3), most_juniors))
            for one in people_of(size, seed)
        )
    )


def certified(people: Population, policy: Policy, matched: MatchedPopulation, rows: int | None = None) -> bool:
    """Whether the checker has nothing to say against it."""
    return check_matches(people, policy, matched) == check_bound(people, policy, matched, rows) == []


@settings(max_examples=200, deadline=None)
@given(people=populations(), policy=policies)
def test_any_small_population_gets_the_best_answer_there_is_and_its_proof(people: Population, policy: Policy) -> None:
    matched = match_population(people, policy, target_gap=0.0)

    assert certified(people, policy, matched)
    assert (len(matched.pairs), matched.value) == best_by_trying_everything(people, policy)
    assert matched.value == matched.upper_bound
    assert len(matched.pairs) == matched.most_pairs or not policy.coverage_first
    assert MatchedPopulation.from_bytes(matched.to_bytes()).to_bytes() == matched.to_bytes()
    assert Population.from_bytes(people.to_bytes()).to_bytes() == people.to_bytes()


@settings(max_examples=60, deadline=None)
@given(people=populations(), policy=policies)
def test_the_search_by_lists_is_as_good_where_few_are_left_out(people: Population, policy: Policy) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_ALL_PAIRS", -1)
        matched = match_population(people, policy, target_gap=0.0)

    assert certified(people, policy, matched)
    assert (len(matched.pairs), matched.value) == best_by_trying_everything(people, policy)


@pytest.mark.parametrize("size", [30, 90, 200])
def test_one_seat_for_every_place_makes_it_an_assignment(size: int) -> None:
    people = with_seats(size, seed=size)
    everybody = Everybody(people, VALUE_FIRST)
    juniors, seniors = np.flatnonzero(people.level <= 4), np.flatnonzero(people.level > 4)
    places = np.repeat(seniors, people.seats[seniors])
    weights = np.array([everybody.weights(junior)[places] for junior in juniors.tolist()])
    rows, columns = linear_sum_assignment(weights, maximize=True)

    matched = match_population(people, VALUE_FIRST, target_gap=0.0)

    assert matched.value == matched.upper_bound == weights[rows, columns].sum()
    assert certified(people, VALUE_FIRST, matched)


@BOTH
@pytest.mark.parametrize("most_juniors", [1, 3])
def test_the_search_by_lists_comes_close_to_what_all_pairs_give(policy: Policy, most_juniors: int) -> None:
    for seed in range(8):
        people = with_seats(150 + 40 * seed, seed, most_juniors)
        best = match_population(people, policy, target_gap=0.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search, "_ALL_PAIRS", 0)
            found = match_population(people, policy, target_gap=0.0)

        assert certified(people, policy, found)
        assert len(found.a) == len(best.a) == found.most_pairs or not policy.coverage_first
        assert found.value >= best.value * 0.999, f"seed {seed}"
        assert best.value <= found.upper_bound or len(best.a) < len(found.a)


def test_a_pair_is_a_junior_and_a_senior_and_a_senior_has_as_many_as_seats() -> None:
    senior = person(0, level=6, offers=(Skill("python", 5),), seats=2)
    learners = [swapper(n, "art", "python", level=n, seats=1) for n in (1, 2, 3)]

    matched = match_population(population(senior, *learners), COVERAGE_FIRST)

    assert len(matched.pairs) == matched.most_pairs == 2
    assert all(pair.a == number(0) for pair in matched.pairs)
    assert [(one.why, one.partners) for one in matched.unmatched] == [("better_pairs_elsewhere", 1)]


def test_what_the_junior_gains_counts_and_what_the_senior_gains_only_if_the_policy_says_so() -> None:
    def worth(policy: Policy, **senior: Any) -> int:
        junior = swapper(1, offers="art", seeks="python", level=2)
        return match_population(population(replace(junior, level=1), person(0, level=6, **senior)), policy).value

    teacher, learner = swapper(0, "python", "sales"), swapper(0, "law", "art")
    only_junior = junior_senior(4, junior_side=1_000_000, context=0)
    both = junior_senior(4, junior_side=0, both_sides=1_000_000, context=0)

    assert worth(only_junior, offers=teacher.offers, seeks=teacher.seeks) == 1_000_000
    assert worth(only_junior, offers=learner.offers, seeks=learner.seeks) == 0
    assert worth(both, offers=teacher.offers, seeks=learner.seeks) > worth(both, offers=teacher.offers, seeks=teacher.seeks)


def test_without_a_senior_nobody_is_matched_and_everybody_is_told_why() -> None:
    for people in (population(*(person(n) for n in range(5))), population(*(person(n, level=8) for n in range(5)))):
        for few in (3_000, 0):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(search, "_ALL_PAIRS", few)
                matched = match_population(people, COVERAGE_FIRST)

            assert certified(people, COVERAGE_FIRST, matched)
            assert (matched.pairs, matched.upper_bound, matched.most_pairs) == ((), 0, 0)
            assert {(one.why, one.rule) for one in matched.unmatched} == {("no_feasible_partner", "same_role")}


def test_who_has_no_seat_is_never_matched_and_told_so() -> None:
    seniors = person(0, level=6, seats=0), person(1, level=6, seats=3)
    juniors = [person(n, seats=n % 2) for n in range(2, 6)]

    matched = match_population(population(*seniors, *juniors), COVERAGE_FIRST)

    assert {(pair.a.int - 1, pair.b.int - 1) for pair in matched.pairs} == {(1, 3), (1, 5)}
    assert {one.person.int - 1: one.rule for one in matched.unmatched} == {0: "no_seats", 2: "no_seats", 4: "no_seats"}


def test_a_peer_without_a_seat_is_never_matched_and_one_with_many_is_in_one_pair() -> None:
    people = population(person(0, seats=0), person(1, seats=7), person(2), person(3))

    matched = match_population(people, Policy())

    assert certified(people, Policy(), matched)
    assert len(matched.pairs) == matched.most_pairs == 1
    left = {one.person: one for one in matched.unmatched}
    assert (left[number(0)].why, left[number(0)].rule) == ("no_feasible_partner", "no_seats")
    assert {one.why for who, one in left.items() if who != number(0)} == {"odd_one_out"}


@BOTH
def test_more_seats_than_anybody_could_fill_are_no_more_than_enough(policy: Policy) -> None:
    plenty = population(*(person(n, level=1 + n % 8, seats=2**31) for n in range(40)))

    matched = match_population(plenty, policy, target_gap=0.0)

    assert len(matched.pairs) == matched.most_pairs == 20 * 20
    assert matched.value == matched.upper_bound
    assert certified(plenty, policy, matched)


@BOTH
def test_thousands_are_matched_checked_and_certified(policy: Policy) -> None:
    people = company(3_500, most_seats=5)

    found = match_population(people, policy, target_gap=1e-3)

    assert certified(people, policy, found, rows=60)
    assert found.gap <= 1e-3
    assert len(found.a) == found.most_pairs or not policy.coverage_first


@pytest.mark.parametrize("few", [3_000, 0])
def test_where_places_are_short_on_neither_side_alone_it_is_proven_that_no_more_can_be_filled(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_ALL_PAIRS", few)
    french = [person(n, languages=("fr",), level=1 if n else 6, seats=2) for n in range(12)]
    others = [person(n, level=6 if n % 5 else 1, seats=3) for n in range(12, 40)]

    matched = match_population(population(*french, *others), COVERAGE_FIRST, target_gap=0.0)

    assert len(matched.pairs) == matched.most_pairs == 2 + 5 * 3
    assert matched.value == matched.upper_bound
    assert certified(population(*french, *others), COVERAGE_FIRST, matched)


def test_policies_that_count_both_sides_are_searched_as_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    people, policy = with_seats(400, seed=2), junior_senior(4, **BOTH_SIDES_COUNT)
    best = match_population(people, policy, target_gap=0.0)
    monkeypatch.setattr(search, "_ALL_PAIRS", 0)

    found = match_population(people, policy, target_gap=0.0)

    assert certified(people, policy, found)
    assert len(found.a) == len(best.a)
    assert best.value * 0.999 <= found.value <= best.value <= found.upper_bound


def test_more_juniors_than_seats_leave_juniors_over_and_no_seat_empty() -> None:
    people = company(3_200, most_seats=1)

    found = match_population(people, COVERAGE_FIRST)

    assert len(found.a) == found.most_pairs
    left = [(people.level[people.index[one.person]] > 4, one.why) for one in found.unmatched]
    assert {why for senior, why in left if senior} == {"no_feasible_partner"}
    assert (False, "better_pairs_elsewhere") in left


def test_a_storm_of_equals_is_matched_to_the_last_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_ALL_PAIRS", 0)
    levels = np.where(np.arange(600) % 4, 1, 6).astype(np.int32)
    equals = replace(everybody_alike(company(600)), level=levels, seats=np.where(levels > 4, 2, 1))

    found = match_population(equals, COVERAGE_FIRST)

    assert len(found.a) == found.most_pairs == 300
    assert found.value == found.upper_bound
    assert certified(equals, COVERAGE_FIRST, found)


@BOTH
def test_threads_do_not_show_in_the_answer(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    people = company(4_000, most_seats=5)
    monkeypatch.setattr(seat_search, "_COLUMNS_SEEN", 1_100)  # so that not everybody sees the same blocks

    answers = set()
    for threads in (1, 2):
        monkeypatch.setattr("matching_service.engine.core.kernels.THREADS", threads)
        answers.add(match_population(people, policy, seed=4).to_bytes())

    assert len(answers) == 1


def test_the_fast_mode_ends_with_the_first_proof() -> None:
    people = company(3_300, most_seats=5)

    found = match_population(people, COVERAGE_FIRST, target_gap=0.0, fast=True)

    assert certified(people, COVERAGE_FIRST, found, rows=40)
    assert 0 < found.gap < 0.05


def test_a_search_that_is_stopped_gives_the_best_so_far_with_what_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_ALL_PAIRS", 0)
    people, asked = company(2_000, most_seats=5), 0
    values = []
    for questions in (0, 3, 6, 9, 12, 1_000):
        asked = 0

        def stop(most: int = questions) -> bool:
            nonlocal asked
            asked += 1
            return asked > most

        found = match_population(people, COVERAGE_FIRST, stop=stop)

        assert certified(people, COVERAGE_FIRST, found, rows=20)
        assert found.value <= found.upper_bound
        values.append(found.value)
    assert values[0] == 0
    assert values == sorted(values)
    assert values[-1] > 0
