"""What serves a company of thousands, made to serve small ones, where every answer can be compared with the best."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from matching_service.engine import Policy, Population, check_bound, check_matches, match_population
from matching_service.engine.searching import answer, peers, search
from matching_service.engine.weighing.all_pairs import Field, edges_of, floors
from matching_service.engine.weighing.profiles import Profiles, Terms
from matching_service.engine.weighing.scoring import all_pairs
from tests.benchmarks.company import company
from tests.matching.engine.people import company as small_company
from tests.matching.engine.people import junior_senior

COVERAGE_FIRST, VALUE_FIRST = Policy(), Policy(coverage_first=False)
BOTH = pytest.mark.parametrize("policy", [COVERAGE_FIRST, VALUE_FIRST], ids=["coverage first", "value first"])


@pytest.fixture
def sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is few enough for all pairs to be held."""
    monkeypatch.setattr(search, "_ALL_PAIRS", 0)


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch, sparse: None) -> None:
    """Everybody is so many that all pairs are compared but once, after some of them."""
    monkeypatch.setattr(peers, "_MANY", 0)


def ignore(_: float) -> None:
    """Nobody listens."""


@BOTH
def test_the_search_comes_within_a_hundredth_of_what_all_pairs_give_and_never_passes_its_bound(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(25):
        people = small_company(40 + 8 * seed, seed)
        best = match_population(people, policy, target_gap=0.0)
        with monkeypatch.context() as patch:
            patch.setattr(search, "_ALL_PAIRS", 0)
            found = match_population(people, policy, target_gap=0.0)

        assert check_matches(people, policy, found) == []
        assert check_bound(people, policy, found) == []
        assert len(best.a) <= found.most_pairs
        assert len(found.a) == len(best.a) or not policy.coverage_first
        if len(found.a) <= len(best.a):
            assert best.value <= found.upper_bound
        assert found.value >= best.value * 0.99, f"seed {seed}"


@pytest.mark.parametrize(
    "policy",
    [
        COVERAGE_FIRST,
        VALUE_FIRST,
        junior_senior(3),
        junior_senior(3, junior_side=350_000, weaker_side=300_000, both_sides=200_000),
    ],
    ids=["coverage first", "value first", "juniors", "juniors and seniors, who gain too"],
)
@pytest.mark.parametrize("margin", [0, 40_000])
def test_a_join_lists_or_covers_by_its_floors_every_pair_there_is(policy: Policy, margin: int) -> None:
    people = small_company(300, 3)
    field = Field(people, policy, seed=5)
    u, v, weight = all_pairs(Profiles.of(people, policy, field.order), Terms.of(policy), len(people.skill_names), 0, 1)
    rng = np.random.default_rng(1)
    for scale in (0, 100_000, 300_000, 600_000, 2_000_000):
        price = rng.integers(-scale // 4, scale + 1, 300)
        for size in (1, 4, 64):
            lists = field.join(price, margin, size, ignore)
            least = floors(lists, price, margin)

            listed = set(zip(*(ends.tolist() for ends in edges_of(lists)[:2]), strict=True))
            left_out = np.array([pair not in listed for pair in zip(u.tolist(), v.tolist(), strict=True)])
            assert (2 * weight[left_out] <= least[u[left_out]] + least[v[left_out]]).all(), f"prices up to {scale}"
            assert all(one < other for one, other in listed)


def test_a_join_with_room_lists_exactly_what_exceeds_the_prices() -> None:
    people = small_company(200, 4)
    field = Field(people, COVERAGE_FIRST, seed=0)
    u, v, weight = all_pairs(field.people, field.terms, field.skills, 0, 1)
    price = np.random.default_rng(2).integers(0, 500_000, 200)

    lists = field.join(price, 0, 200, ignore)

    expected = 2 * weight > price[u] + price[v]
    found = edges_of(lists)
    assert set(zip(*(column.tolist() for column in found), strict=True)) == set(
        zip(u[expected].tolist(), v[expected].tolist(), weight[expected].tolist(), strict=True)
    )
    assert expected.sum() > 100


@BOTH
def test_one_comparison_of_all_pairs_is_a_proof(policy: Policy, once: None) -> None:
    for seed in range(6):
        people = small_company(300, seed)

        found = match_population(people, policy, seed=seed)

        assert check_matches(people, policy, found) == []
        assert check_bound(people, policy, found) == []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search, "_ALL_PAIRS", 10_000)
            best = match_population(people, policy, target_gap=0.0)
        assert best.value <= found.upper_bound or len(found.a) > len(best.a)


def test_thousands_of_people_are_matched_checked_and_certified() -> None:
    people = company(3_500)

    found = match_population(people, COVERAGE_FIRST, target_gap=1e-3)

    assert check_matches(people, COVERAGE_FIRST, found) == []
    assert check_bound(people, COVERAGE_FIRST, found, people=60) == []
    assert found.gap <= 1e-3
    assert len(found.a) == found.most_pairs
    assert {one.why for one in found.unmatched} <= {"no_feasible_partner", "odd_one_out"}


VARIANTS: dict[str, dict[str, Any]] = {
    "a thin market": {"skills_in_family": 200},
    "a hub skill offered by 60 %": {"hub": 0.6},
    "1 % impossible people": {"impossible": 0.01},
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_awkward_companies_are_matched_and_certified(variant: dict[str, Any]) -> None:
    people = company(3_201, seed=2, **variant)

    found = match_population(people, COVERAGE_FIRST, target_gap=1e-3)

    assert check_bound(people, COVERAGE_FIRST, found, people=30) == []
    assert found.gap <= 1e-3
    assert len(found.a) == found.most_pairs


def test_a_storm_of_equals_is_matched_to_the_last_unit(sparse: None) -> None:
    equals = everybody_alike(company(601))

    found = match_population(equals, COVERAGE_FIRST)

    assert len(found.a) == 300
    assert found.value == found.upper_bound


def everybody_alike(people: Population) -> Population:
    """The same company, but all are the first of them, and no rule keeps any two apart."""
    count = len(people)
    first = people.member(0)
    offers, seeks, goals = len(first.offers), len(first.seeks), len(first.goals)

    def repeated(values: np.ndarray, entries: int) -> np.ndarray:
        return np.tile(values[:entries], count)

    nothing = np.zeros(count + 1, dtype=np.int64)
    return replace(
        people,
        offer_start=np.arange(count + 1) * offers,
        offer_skill=repeated(people.offer_skill, offers),
        offer_level=repeated(people.offer_level, offers),
        seek_start=np.arange(count + 1) * seeks,
        seek_skill=repeated(people.seek_skill, seeks),
        seek_wanted=repeated(people.seek_wanted, seeks),
        seek_own=repeated(people.seek_own, seeks),
        seek_priority=repeated(people.seek_priority, seeks),
        goal_start=np.arange(count + 1) * goals,
        goal=repeated(people.goal, goals),
        level=np.full(count, people.level[0]),
        hours=np.tile(people.hours[0], (count, 1)),
        languages=np.tile(people.languages[0] | np.uint64(1), (count, 1)),
        line_start=nothing,
        line=people.line[:0],
        excluded_start=nothing,
        excluded=people.excluded[:0],
    )


@BOTH
def test_threads_do_not_show_in_the_answer(policy: Policy, sparse: None, monkeypatch: pytest.MonkeyPatch) -> None:
    people = company(4_500)
    monkeypatch.setattr(peers, "_COLUMNS_SEEN", 1_100)  # so that not everybody sees the same blocks

    answers = set()
    for threads in (1, 2, 3):
        monkeypatch.setattr("matching_service.engine.core.kernels.THREADS", threads)
        answers.add(match_population(people, policy, seed=4).to_bytes())

    assert len(answers) == 1


def test_a_search_that_is_stopped_gives_the_best_so_far_with_what_is_proven(sparse: None) -> None:
    people, asked = company(2_000), 0

    def stop_after(questions: int) -> Any:
        def stop() -> bool:
            nonlocal asked
            asked += 1
            return asked > questions

        return stop

    whole = match_population(people, COVERAGE_FIRST)
    values = []
    for questions in (0, 3, 6, 10, 14):
        asked = 0
        found = match_population(people, COVERAGE_FIRST, stop=stop_after(questions))

        assert check_matches(people, COVERAGE_FIRST, found) == []
        assert check_bound(people, COVERAGE_FIRST, found, people=20) == []
        assert found.value <= found.upper_bound
        values.append(found.value)
    assert values[0] == 0
    assert values == sorted(values)
    assert 0 < values[-1] <= whole.value


def test_a_sweep_that_is_ended_in_one_thread_ends_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matching_service.engine.core.kernels.THREADS", 2)
    field, swept = Field(company(4_200), COVERAGE_FIRST, seed=0), 0

    def slow_sweep(*_: Any) -> None:
        nonlocal swept
        swept += 1
        time.sleep(0.2)

    def ends(_: float) -> None:
        raise InterruptedError

    monkeypatch.setattr("matching_service.engine.weighing.all_pairs.sweep", slow_sweep)

    with pytest.raises(InterruptedError):
        field.by_worth(8, 1, ends)
    assert swept <= 1, "the other thread went on for nobody"


def test_a_search_that_is_stopped_does_not_look_for_reasons_longer_than_it_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    people = company(400)
    monkeypatch.setattr(answer, "_LOOKED_UP", 400 * 400 - 1)

    stopped, whole = (match_population(people, COVERAGE_FIRST, stop=lambda at_once=now: at_once) for now in (True, False))

    assert check_matches(people, COVERAGE_FIRST, stopped) == []
    assert {one.why for one in stopped.unmatched} == {"search_ended"}
    assert len(stopped.unmatched) == 400
    assert "search_ended" not in {one.why for one in whole.unmatched}
