"""Whoever is left over joins a pair where all three can be with each other; the bound holds for trios too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, reduce
from itertools import combinations
from operator import and_

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_service.engine import (
    MatchedPopulation,
    Policy,
    Population,
    WorkingHours,
    check_bound,
    check_matches,
    match_population,
)
from matching_service.engine.checking import matches as checker
from matching_service.engine.checking.worths import Everybody
from matching_service.engine.problem.certificate import Proof, bound
from matching_service.engine.searching import search
from matching_service.engine.searching import trios as engine_trios
from tests.benchmarks.company import company as large_company
from tests.matching.engine.people import A_MONDAY, company, number, people_of, person, population, swapper
from tests.matching.engine.test_match_population import people as any_person
from tests.matching.engine.test_match_population import policies

COVERAGE_FIRST, VALUE_FIRST = Policy(trios=True), Policy(coverage_first=False, trios=True)
BOTH = pytest.mark.parametrize("policy", [COVERAGE_FIRST, VALUE_FIRST], ids=["coverage first", "value first"])
NO_LINE = Policy(trios=True, reporting_line_depth=0)


@st.composite
def populations(draw: st.DrawFn) -> Population:
    return population(*(draw(any_person(n)) for n in range(draw(st.integers(0, 9)))))


def worths(people: Population, policy: Policy) -> dict[tuple[int, int], int]:
    """What every pair is worth that no rule forbids, weighed and ruled by the checker."""
    members = [people.member(position) for position in range(len(people))]
    return {
        (one, other): checker.weight_of(policy, members[one], members[other])
        for one, other in combinations(range(len(people)), 2)
        if not any(checker.broken_rules(policy, members[one], members[other]))
    }


def best_by_trying_everything(people: Population, policy: Policy) -> tuple[int, int]:
    """(people, value) of the best matching of pairs and trios."""
    bonus = 10**9 if policy.coverage_first else 0
    weight = {pair: worth for pair, worth in worths(people, policy).items() if worth > 0}

    members = [people.member(position) for position in range(len(people))]

    def worth_of(match: tuple[int, ...]) -> int:
        met = [members[position] for position in match]
        if reduce(and_, (person.hours for person in met)).bit_count() < policy.min_common_hours:
            return 0
        if policy.common_language and not reduce(and_, (set(person.languages) for person in met)):
            return 0
        pairs = [weight.get(pair, 0) for pair in combinations(match, 2)]
        return sum(pairs) // (len(match) - 1) if all(pairs) else 0

    @cache
    def best(used: int) -> tuple[int, int, int]:
        free = [x for x in range(len(people)) if not used >> x & 1]
        if not free:
            return 0, 0, 0
        options = [best(used | 1 << free[0])]
        for others in (*combinations(free[1:], 1), *combinations(free[1:], 2)):
            match = (free[0], *others)
            if worth := worth_of(match):
                total, matched, value = best(used | sum(1 << x for x in match))
                options.append((total + worth + bonus * len(match), matched + len(match), value + worth))
        return max(options)

    return best(0)[1:]


@dataclass
class Rows:
    """People of whom only is known what some are worth with everybody."""

    rows: dict[int, np.ndarray]

    def worths(self, place: int) -> np.ndarray:
        return self.rows[place]

    def can_meet(self, place: int, mate: np.ndarray) -> np.ndarray:
        return np.ones(len(mate), dtype=np.bool_)


def names(matched: MatchedPopulation) -> list[set[int]]:
    return [{one.int - 1 for one in (trio.a, trio.b, trio.c)} for trio in matched.trios]


def without_a_partner(people: Population, policy: Policy) -> int:
    everybody = Everybody(people, policy)
    return sum(not everybody.weights(row).any() for row in range(len(people)))


@settings(max_examples=200, deadline=None)
@given(people=populations(), policy=policies)
def test_no_matching_of_pairs_and_trios_is_worth_more_than_the_bound(people: Population, policy: Policy) -> None:
    policy = policy.model_copy(update={"trios": True})

    matched = match_population(people, policy, target_gap=0.0)

    assert check_matches(people, policy, matched) == []  # rules among all three, worths, nobody left who could have joined
    assert check_bound(people, policy, matched) == []
    most, value = best_by_trying_everything(people, policy)
    if policy.coverage_first:
        assert matched.people <= most <= matched.most_people
        if matched.people == most:
            assert matched.value <= value <= matched.upper_bound
    else:
        assert matched.value <= value <= matched.upper_bound


@settings(max_examples=300, deadline=None)
@given(data=st.data(), unit=st.sampled_from([1, 2, 4]), bonus=st.sampled_from([0, 7, 30]))
def test_whatever_prices_cover_all_pairs_bound_every_matching_of_pairs_and_trios(
    data: st.DataObject, unit: int, bonus: int
) -> None:
    """In two parts that nothing connects, for every matching that covers as many people in each of them as is said."""
    n, part = 7, np.array([0, 0, 0, 0, 1, 1, 1], dtype=np.int32)
    weight = {
        (u, v): data.draw(st.integers(0, 20), label=f"{u}-{v}") if part[u] == part[v] else 0
        for u, v in combinations(range(n), 2)
    }
    edges = {pair: worth for pair, worth in weight.items() if worth > 0}
    prices = np.array(data.draw(st.lists(st.integers(0, 60 * unit), min_size=n, max_size=n)))
    for (u, v), worth in edges.items():
        prices[v] += max(0, unit * (worth + bonus) - prices[u] - prices[v])
    covered = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))

    proven = bound([Proof(prices, unit, bonus)], part, covered, trios=True)

    least = np.bincount(part[covered], minlength=2)
    for matching in matchings(frozenset(range(n)), edges):
        sizes = np.bincount(part[[one for match in matching for one in match]], minlength=2)
        assert sizes.sum() <= proven.people
        assert len(matching) <= proven.pairs
        if (sizes >= least).all():
            pairs = (sum(edges[pair] for pair in combinations(match, 2)) // (len(match) - 1) for match in matching)
            assert sum(pairs) <= proven.value


def matchings(people: frozenset[int], edges: dict[tuple[int, int], int]) -> Iterator[list[tuple[int, ...]]]:
    """Every way to make pairs and trios of these people."""
    if not people:
        yield []
        return
    first, rest = min(people), people - {min(people)}
    yield from matchings(rest, edges)
    for others in (*combinations(sorted(rest), 1), *combinations(sorted(rest), 2)):
        if all(pair in edges for pair in combinations((first, *others), 2)):
            yield from ([(first, *others), *matching] for matching in matchings(rest - {*others}, edges))


def test_nearly_everybody_who_can_be_matched_is_and_for_nearly_all_there_is_to_win() -> None:
    missing = short = 0
    for seed in range(40):
        people = company(9, seed)
        matched = match_population(people, NO_LINE, target_gap=0.0)
        most, value = best_by_trying_everything(people, NO_LINE)
        missing += matched.people < most
        if matched.people == most:
            short += matched.value < 0.99 * value

    assert missing <= 2
    assert short <= 8


@settings(max_examples=50, deadline=None)
@given(people=populations(), policy=policies)
def test_without_trios_they_change_nothing(people: Population, policy: Policy) -> None:
    """The pairs with trios off are pairs alone; with them on, and nobody left over who could join, they are the same."""
    alone = match_population(people, policy)
    together = match_population(people, policy.model_copy(update={"trios": True}))

    assert alone.trios == ()
    if not together.trios:
        assert [pair.weight for pair in together.pairs] == [pair.weight for pair in alone.pairs]


@BOTH
def test_of_three_who_can_all_be_together_nobody_is_left(policy: Policy) -> None:
    people = population(swapper(0, "sql", "law"), swapper(1, "law", "art"), swapper(2, "art", "sql"))

    matched = match_population(people, policy)

    assert (matched.pairs, matched.unmatched, names(matched)) == ((), (), [{0, 1, 2}])
    assert matched.value == sum(worths(people, policy).values()) // 2
    assert matched.trios[0].mean_weight == matched.trios[0].weight * 2 // 3 <= 1_000_000
    assert (matched.gap < 1e-4, matched.most_people) == (True, 3)
    assert check_matches(people, policy, matched) == check_bound(people, policy, matched) == []


def test_three_alike_are_worth_one_and_a_half_pairs_of_them() -> None:
    people = population(*(person(n) for n in range(3)))

    (trio,) = match_population(people, COVERAGE_FIRST).trios

    (weight,) = set(worths(people, COVERAGE_FIRST).values())
    assert (trio.weight, trio.mean_weight) == (3 * weight // 2, weight)


def test_who_may_not_be_with_one_of_a_pair_does_not_join_it() -> None:
    """Two and three are never together; whoever is left over stays so."""
    apart = person(2, excluded=frozenset({number(1)}))
    matched = match_population(population(person(0), person(1), apart), COVERAGE_FIRST)

    assert (len(matched.pairs), matched.trios) == (1, ())
    assert [one.why for one in matched.unmatched] == ["odd_one_out"]


def test_three_need_a_language_and_hours_that_all_of_them_share() -> None:
    languages = (("en", "de"), ("de", "fr"), ("fr", "en"))
    weekdays = ((0, 1), (1, 2), (2, 0))
    speakers = population(*(person(n, languages=languages[n]) for n in range(3)))
    workers = population(*(person(n, working_hours=WorkingHours(weekdays=frozenset(weekdays[n]))) for n in range(3)))

    for people in (speakers, workers):
        matched = match_population(people, COVERAGE_FIRST)

        assert len(worths(people, COVERAGE_FIRST)) == 3
        assert (len(matched.pairs), matched.trios, len(matched.unmatched)) == (1, (), 1)
        assert check_matches(people, COVERAGE_FIRST, matched) == []


def test_somebody_else_is_left_over_where_only_they_can_join_a_pair() -> None:
    """The last one can only be with the first; so the first one's partner joins another pair."""
    people = [*(person(n) for n in range(6)), person(6, excluded=frozenset(number(n) for n in range(1, 6)))]

    matched = match_population(population(*people), COVERAGE_FIRST)

    assert matched.unmatched == ()
    assert {number(0), number(6)} in [{pair.a, pair.b} for pair in matched.pairs]
    assert len(matched.trios) == 1


def test_parts_that_cannot_meet_have_a_trio_each() -> None:
    languages = ("de", "fr", "en")
    people = population(*(person(n, languages=(languages[n % 3],)) for n in range(33)))

    matched = match_population(people, COVERAGE_FIRST)

    assert matched.unmatched == ()
    assert sorted(len({n % 3 for n in trio}) for trio in names(matched)) == [1, 1, 1]
    assert (matched.people, matched.most_people) == (33, 33)
    assert check_bound(people, COVERAGE_FIRST, matched) == []


def test_a_pair_is_joined_by_one_at_most_and_the_best_are_chosen_together() -> None:
    """Three left over, three pairs that all of them could join: every way is tried and the best is the assignment's."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        row = rng.integers(1, 1_000_000, (3, 9))
        row[:, 6:] = 0
        mate = np.array([1, 0, 3, 2, 5, 4, -1, -1, -1], dtype=np.int32)
        paired = np.append(np.repeat(rng.integers(1, 1_000_000, 3), 2), [0, 0, 0])

        people = Rows({6 + who: row[who] for who in range(3)})
        pairs = engine_trios._Pairs(people, mate, paired, (6, 7, 8), 0, 2_000_000)
        seated = pairs.joined(seed=0)

        def gain(who: int, pair: int, row: np.ndarray = row, paired: np.ndarray = paired) -> int:
            return int((row[who, 2 * pair] + row[who, 2 * pair + 1] + paired[2 * pair]) // 2 - paired[2 * pair])

        orders = [(x, y, z) for x in range(3) for y in range(3) for z in range(3) if {x, y, z} == {0, 1, 2}]
        assert seated.added == max(sum(gain(who, pair) for who, pair in enumerate(order)) for order in orders)
        assert len(seated.trios) == 3


def test_more_people_than_choose_at_a_time_all_find_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_trios, "_CHOICES", 1)
    mate = np.array([1, 0, 3, 2, 5, 4, -1, -1, -1], dtype=np.int32)
    people = Rows(dict.fromkeys(range(9), np.array([9, 9, 5, 5, 2, 2, 0, 0, 0])))
    paired, unmatched = np.array([1] * 6 + [0] * 3), np.array([6, 7, 8], dtype=np.int32)

    seated = engine_trios.add_to_pairs(people, mate, paired, unmatched, coverage_first=True, seed=0)

    assert sorted(seated.trios[:, 2].tolist()) == [6, 7, 8]


def test_where_worth_comes_first_nobody_joins_at_a_loss() -> None:
    """Two who serve each other perfectly, and a third who has nothing to give."""
    people = population(swapper(0, "sql", "law"), swapper(1, "law", "sql"), person(2))

    matched, covering = (match_population(people, policy, target_gap=0.0) for policy in (VALUE_FIRST, COVERAGE_FIRST))

    assert (len(matched.pairs), matched.trios, len(matched.unmatched)) == (1, (), 1)
    assert (len(covering.trios), covering.unmatched) == (1, ())
    assert covering.value < matched.value
    assert check_matches(people, VALUE_FIRST, matched) == check_matches(people, COVERAGE_FIRST, covering) == []


@BOTH
@pytest.mark.parametrize("size", [101, 301])
def test_an_odd_company_is_matched_to_the_last_and_certified(policy: Policy, size: int) -> None:
    for seed in range(4):
        people = company(size, seed)

        matched = match_population(people, policy, target_gap=0.0)

        assert check_matches(people, policy, matched) == []
        assert check_bound(people, policy, matched) == []
        assert matched.gap <= 0.01
        if policy.coverage_first:
            assert matched.people == matched.most_people == size - without_a_partner(people, policy)
            assert len(matched.trios) == matched.people % 2


@BOTH
def test_thousands_of_people_are_matched_in_pairs_and_a_trio(policy: Policy) -> None:
    people = large_company(4_501, seed=2)  # an odd number of them have possible partners

    matched = match_population(people, policy)

    assert check_matches(people, policy, matched) == []
    assert check_bound(people, policy, matched, people=60) == []
    assert matched.gap <= 1e-3
    if policy.coverage_first:
        assert len(matched.trios) == 1
        assert matched.people == matched.most_people == 4_501 - len(matched.unmatched)
        assert {one.why for one in matched.unmatched} == {"no_feasible_partner"}


@BOTH
def test_the_search_by_lists_gives_trios_with_a_bound_that_all_pairs_keep(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(8):
        people = company(61 + 8 * seed, seed)
        best = match_population(people, policy, target_gap=0.0)
        with monkeypatch.context() as patch:
            patch.setattr(search, "_ALL_PAIRS", 0)
            found = match_population(people, policy, target_gap=0.0)

        assert check_matches(people, policy, found) == []
        assert check_bound(people, policy, found) == []
        assert best.people <= found.most_people
        if found.people <= best.people:
            assert best.value <= found.upper_bound


def test_the_same_people_give_the_same_bytes_and_come_back_from_them() -> None:
    people, shuffled = company(101), Population.of(reversed(people_of(101)), A_MONDAY)

    one, other = match_population(people, COVERAGE_FIRST, seed=3), match_population(shuffled, COVERAGE_FIRST, seed=3)

    assert one.trios
    assert one.to_bytes() == other.to_bytes()
    again = MatchedPopulation.from_bytes(one.to_bytes())
    assert (again.trios, again.pairs, again.to_bytes()) == (one.trios, one.pairs, one.to_bytes())


def test_threads_do_not_show_in_trios(monkeypatch: pytest.MonkeyPatch) -> None:
    people, answers = large_company(3_201, seed=2), set()
    for threads in (1, 2, 3):
        monkeypatch.setattr("matching_service.engine.core.kernels.THREADS", threads)
        answers.add(match_population(people, COVERAGE_FIRST, seed=4).to_bytes())

    assert len(answers) == 1


def test_a_search_that_is_stopped_has_its_trios_too() -> None:
    people = large_company(3_201, seed=2)
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 14

    found = match_population(people, COVERAGE_FIRST, stop=stop)

    assert found.trios
    assert check_matches(people, COVERAGE_FIRST, found) == []
    assert check_bound(people, COVERAGE_FIRST, found, people=20) == []


def test_what_progress_tells_last_counts_the_trio() -> None:
    reported: list[float | None] = []

    matched = match_population(company(101), COVERAGE_FIRST, progress=lambda _, __, gap: reported.append(gap))

    assert matched.trios
    assert reported[-1] == pytest.approx(matched.gap)
    assert matched.value == sum(pair.weight for pair in matched.pairs) + sum(trio.weight for trio in matched.trios)
