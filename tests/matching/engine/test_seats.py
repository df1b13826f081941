"""Seats on both sides: against brute force and an integer program, on awkward markets, and with awkward input."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from scipy.sparse import coo_array

from matching_service.engine import SeatMatching, check_seats, match_seats


class Market(NamedTuple):
    left: list[int]
    right: list[int]
    edges: dict[tuple[int, int], int]


@st.composite
def markets(draw: st.DrawFn, most: int = 5) -> Market:
    """Small markets, sparse and dense, with up to three seats each, few distinct weights (ties) or many."""
    left, right = (draw(st.lists(st.integers(0, 3), max_size=most)) for _ in range(2))
    pairs = [(u, v) for u in range(len(left)) for v in range(len(right))]
    heaviest = draw(st.sampled_from([1, 3, 20, 1_000_000]))
    present = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    edges = {pair: draw(st.integers(1, heaviest)) for pair, there in zip(pairs, present, strict=True) if there}
    return Market(left, right, edges)


def random_market(seed: int, most: int = 5) -> Market:
    rng = random.Random(seed)
    left, right = ([rng.randint(0, 3) for _ in range(rng.randint(0, most))] for _ in range(2))
    density, heaviest = rng.random(), rng.choice([1, 3, 10, 1_000_000])
    pairs = [(u, v) for u in range(len(left)) for v in range(len(right)) if rng.random() < density]
    return Market(left, right, {pair: rng.randint(1, heaviest) for pair in pairs})


def arrays(market: Market) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    u, v = [u for u, _ in market.edges], [v for _, v in market.edges]
    return market.left, market.right, u, v, list(market.edges.values())


def match(market: Market, *, coverage_first: bool = False, seed: int = 0) -> SeatMatching:
    return match_seats(*arrays(market), coverage_first=coverage_first, seed=seed)


def optimum(market: Market, bonus: int) -> tuple[int, int]:
    """By trying everything: places and value of the best choice with ``bonus`` for each place."""

    @cache
    def best(u: int, free: tuple[int, ...]) -> tuple[int, int, int]:
        if u == len(market.left):
            return 0, 0, 0
        open_to = [v for v in range(len(free)) if free[v] and (u, v) in market.edges]
        options = []
        for size in range(min(market.left[u], len(open_to)) + 1):
            for partners in combinations(open_to, size):
                total, places, value = best(u + 1, tuple(seats - (v in partners) for v, seats in enumerate(free)))
                worth = sum(market.edges[u, v] for v in partners)
                options.append((total + worth + bonus * size, places + size, value + worth))
        return max(options)

    return best(0, tuple(market.right))[1:]


def by_integer_program(left: np.ndarray, right: np.ndarray, u: np.ndarray, v: np.ndarray, weight: np.ndarray) -> int:
    ends = np.concatenate((u, v + len(left)))
    touches = coo_array((np.ones(2 * len(u)), (ends, np.tile(np.arange(len(u)), 2))), shape=(len(left) + len(right), len(u)))
    seats = LinearConstraint(touches.tocsr(), ub=np.concatenate((left, right)))
    found = milp(-weight, constraints=seats, bounds=Bounds(0, 1), integrality=np.ones(len(u)))
    value: int = round(-found.fun)
    return value


def random_arrays(
    seed: int, left: int, right: int, each: int, heaviest: int = 1_000_000
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Everybody on the left knows some on the right."""
    rng = np.random.default_rng(seed)
    v = np.argsort(rng.random((left, right)), axis=1)[:, :each]
    u = np.repeat(np.arange(left), v.shape[1])
    seats = rng.integers(0, 4, left), rng.integers(0, 6, right)
    return *seats, u, v.ravel(), rng.integers(1, heaviest + 1, u.size)


@settings(max_examples=200, deadline=None)
@given(market=markets(), seed=st.integers(0, 2**64))
def test_the_answer_is_an_optimum_and_proves_it(market: Market, seed: int) -> None:
    matching = match(market, seed=seed)

    assert matching.value == matching.upper_bound == optimum(market, 0)[1]
    assert check_seats(*arrays(market), matching) == []


@settings(max_examples=200, deadline=None)
@given(market=markets(), seed=st.integers(0, 2**64))
def test_with_coverage_first_the_most_places_are_filled_and_that_is_proven_too(market: Market, seed: int) -> None:
    matching = match(market, coverage_first=True, seed=seed)

    assert (matching.places, matching.value) == optimum(market, 10**9)
    assert (matching.most_places, matching.upper_bound) == (matching.places, matching.value)
    assert check_seats(*arrays(market), matching) == []


@settings(max_examples=100, deadline=None)
@given(market=markets(), target_gap=st.floats(0.0, 0.9))
def test_a_target_gap_is_kept_and_its_bound_holds(market: Market, target_gap: float) -> None:
    matching = match_seats(*arrays(market), target_gap=target_gap)

    assert matching.value <= optimum(market, 0)[1] <= matching.upper_bound
    assert matching.gap <= target_gap
    assert check_seats(*arrays(market), matching) == []


def test_on_three_thousand_small_markets_the_optimum_is_always_found() -> None:
    for seed in range(3000):
        market = random_market(seed)
        assert match(market).value == optimum(market, 0)[1], seed
        everybody = match(market, coverage_first=True)
        assert (everybody.places, everybody.value) == optimum(market, 10**9), seed


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("heaviest", [1, 30, 1_000_000])
def test_hundreds_of_vertices_are_matched_as_well_as_by_an_integer_program(seed: int, heaviest: int) -> None:
    market = random_arrays(seed, 150 + 60 * seed, 80, 12, heaviest)

    matching = match_seats(*market, seed=seed)

    assert matching.value == matching.upper_bound == by_integer_program(*market)
    assert check_seats(*market, matching) == []


def test_with_one_seat_each_it_is_the_assignment_problem() -> None:
    weights = np.random.default_rng(3).integers(1, 1_000_000, (300, 200))
    u, v = np.indices(weights.shape)
    rows, columns = linear_sum_assignment(weights, maximize=True)

    matching = match_seats(np.ones(300, int), np.ones(200, int), u.ravel(), v.ravel(), weights.ravel())

    assert matching.value == matching.upper_bound == weights[rows, columns].sum()


def test_nobody_is_with_the_same_partner_twice_however_many_seats_there_are() -> None:
    matching = match_seats([10**12], [2**62, 1], [0, 0], [0, 1], [9, 5])

    assert (matching.u.tolist(), matching.v.tolist(), matching.value) == ([0, 0], [0, 1], 14)
    assert matching.upper_bound == 14
    assert check_seats([10**12], [2**62, 1], [0, 0], [0, 1], [9, 5], matching) == []


def test_who_has_several_seats_gets_the_best_partners_they_can() -> None:
    matching = match_seats([2, 1], [1, 1, 1], [0, 0, 0, 1, 1], [0, 1, 2, 0, 1], [10, 9, 4, 8, 2])

    assert list(zip(matching.u.tolist(), matching.v.tolist(), matching.weight.tolist(), strict=True)) == [
        (0, 1, 9),
        (0, 2, 4),
        (1, 0, 8),
    ]


def test_a_place_that_is_worth_less_is_filled_when_more_are_filled_so() -> None:
    path = Market([1, 1], [1, 1], {(0, 0): 1, (1, 0): 1000, (1, 1): 1})

    assert match(path).value == 1000
    everybody = match(path, coverage_first=True)
    assert (everybody.places, everybody.value, everybody.upper_bound, everybody.most_places) == (2, 2, 2, 2)


def test_a_small_bonus_that_does_not_fill_all_places_is_followed_by_a_larger_one() -> None:
    """One place more costs half a dozen of the heaviest edges, and then the weight of the others counts."""
    steps = 7
    edges = {(step, step): 1 for step in range(steps)} | {(step + 1, step): 10**6 for step in range(steps - 1)}

    everybody = match(Market([1] * steps, [1] * steps, edges), coverage_first=True)

    assert (everybody.places, everybody.value, everybody.upper_bound) == (steps, steps, steps)
    assert everybody.proofs[0].bonus > 10**6


@pytest.mark.parametrize("coverage_first", [False, True])
@pytest.mark.parametrize("weight", [1, 7, 700_000])
def test_a_storm_of_ties_is_solved_to_the_last_unit(weight: int, coverage_first: bool) -> None:
    left, right, u, v, _ = random_arrays(1, 2000, 500, 8)

    matching = match_seats(left, right, u, v, np.full(len(u), weight), coverage_first=coverage_first)

    assert matching.value == matching.upper_bound == weight * by_integer_program(left, right, u, v, np.ones(len(u)))


@pytest.mark.parametrize("coverage_first", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_where_ten_want_every_seat_no_useful_seat_stays_empty(turned: bool, coverage_first: bool) -> None:
    _, _, u, v, weight = random_arrays(2, 3000, 300, 10)
    market = (np.ones(3000, int), np.ones(300, int), u, v, weight)
    if turned:
        market = (market[1], market[0], v, u, weight)

    matching = match_seats(*market, coverage_first=coverage_first)

    assert matching.places == matching.most_places == 300
    assert matching.value == matching.upper_bound
    assert check_seats(*market, matching) == []


def test_everyone_wants_the_one_expert_and_as_many_get_them_as_there_are_seats() -> None:
    everyone = np.arange(500)

    matching = match_seats(np.ones(500, int), [3], everyone, np.zeros(500, int), 1000 + everyone)

    assert matching.u.tolist() == [497, 498, 499]
    assert matching.value == matching.upper_bound


def test_who_has_no_seat_gets_nobody_and_costs_nothing() -> None:
    market = ([0, 1], [1, 0], [0, 0, 1, 1], [0, 1, 0, 1], [9, 9, 2, 9])

    for coverage_first in (False, True):
        matching = match_seats(*market, coverage_first=coverage_first)
        assert (matching.u.tolist(), matching.v.tolist(), matching.value, matching.upper_bound) == ([1], [0], 2, 2)
        assert check_seats(*market, matching) == []


@pytest.mark.parametrize("coverage_first", [False, True])
@pytest.mark.parametrize(("left", "right"), [([], []), ([1, 2], []), ([], [3]), ([1], [1]), ([0], [0])])
def test_nobody_has_no_partners_and_no_gap(left: list[int], right: list[int], coverage_first: bool) -> None:
    matching = match_seats(left, right, [], [], [], coverage_first=coverage_first)

    assert (matching.places, matching.value, matching.upper_bound, matching.most_places, matching.gap) == (0, 0, 0, 0, 0.0)
    assert check_seats(left, right, [], [], [], matching) == []


def test_worthless_edges_do_not_exist_and_the_heaviest_of_parallel_edges_counts_once() -> None:
    matching = match_seats([2, 2], [2, 2], [0, 0, 1, 0], [0, 0, 1, 0], [4, 6, 0, 5], coverage_first=True)

    assert (matching.u.tolist(), matching.v.tolist(), matching.weight.tolist()) == ([0], [0], [6])
    assert matching.value == matching.upper_bound == 6


def test_the_order_of_vertices_and_edges_and_which_side_is_left_do_not_change_the_value() -> None:
    for seed in range(200):
        market = random_market(seed, most=9)
        rng = random.Random(seed)
        lefts, rights = (rng.sample(range(len(side)), len(side)) for side in market[:2])
        left, right = [market.left[u] for u in lefts], [market.right[v] for v in rights]
        edges = {(lefts.index(u), rights.index(v)): weight for (u, v), weight in reversed(market.edges.items())}
        for coverage_first in (False, True):
            one = match(market, coverage_first=coverage_first)
            for other in (Market(left, right, edges), Market(right, left, {(v, u): w for (u, v), w in edges.items()})):
                found = match(other, coverage_first=coverage_first)
                assert found.value == one.value
                assert found.places == one.places or not coverage_first


def test_the_order_of_edges_does_not_change_the_answer() -> None:
    left, right, u, v, weight = random_arrays(4, 200, 60, 9, heaviest=3)
    order = np.random.default_rng(4).permutation(len(u))

    one, other = match_seats(left, right, u, v, weight), match_seats(left, right, u[order], v[order], weight[order])

    assert (one.u.tolist(), one.v.tolist()) == (other.u.tolist(), other.v.tolist())


def test_the_seed_decides_who_of_equals_gets_the_seat() -> None:
    equals = Market([1] * 5, [1], {(u, 0): 3 for u in range(5)})

    assert {match(equals, seed=seed).u.tolist()[0] for seed in range(60)} == {0, 1, 2, 3, 4}
    assert match(equals, seed=8).u.tolist() == match(equals, seed=8).u.tolist()


_ANSWER_IN_BYTES = """
from tests.matching.engine.test_seats import answer_in_bytes
print(answer_in_bytes().hex())
"""


def answer_in_bytes() -> bytes:
    matching = match_seats(*random_arrays(5, 800, 200, 10, heaviest=50), coverage_first=True, seed=9)
    proofs = [price.tobytes() for proof in matching.proofs for price in (proof.left, proof.right)]
    return b"".join([matching.u.tobytes(), matching.v.tobytes(), *proofs])


def test_another_process_gives_the_same_bytes() -> None:
    other = subprocess.run([sys.executable, "-c", _ANSWER_IN_BYTES], check=True, capture_output=True, text=True)

    assert bytes.fromhex(other.stdout.strip()) == answer_in_bytes()


@pytest.mark.parametrize(
    ("u", "v", "weight", "sentence"),
    [
        ([0], [1], [1.5], "weight must hold whole numbers"),
        ([0], [1], [float("nan")], "weight must hold whole numbers"),
        ([0], [1], [True], "weight must hold whole numbers"),
        ([0], [1], [-1], "negative number -1"),
        ([0], [2], [1], "v holds a vertex outside 0 to 1"),
        ([3], [1], [1], "u holds a vertex outside 0 to 2"),
        ([-1], [1], [1], "u holds a vertex outside 0 to 2"),
        ([0], [1, 1], [1], "differ in length: 1, 2 and 1"),
        ([[0]], [[1]], [[1]], "one-dimensional"),
        ([0], [1], [2**70], "whole numbers"),
        ([0], [1], np.array([2**63], dtype=np.uint64), "does not fit"),
        ([0, 1], [1, 1], [2**59, 1], "divide all weights"),
    ],
)
def test_what_is_not_a_market_is_refused_in_a_sentence(u: object, v: object, weight: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        match_seats([1, 1, 1], [1, 1], u, v, weight)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "right", "sentence"),
    [
        ([1, -2], [1], "left_seats holds the negative number -2"),
        ([1], [-1], "right_seats holds the negative number -1"),
        ([1.0], [1], "left_seats must hold whole numbers"),
        ([1], [float("nan")], "right_seats must hold whole numbers"),
        ([[1]], [1], "left_seats must be a one-dimensional array"),
    ],
)
def test_what_is_no_number_of_seats_is_refused_in_a_sentence(left: object, right: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        match_seats(left, right, [], [], [])  # type: ignore[arg-type]


def test_a_target_gap_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="not a share"):
        match_seats([1], [1], [0], [0], [1], target_gap=float("nan"))


def test_weights_beyond_32_bits_are_added_exactly() -> None:
    heavy = 2**31 + 1

    matching = match_seats([2, 1], [1, 2], [0, 0, 1], [0, 1, 1], [heavy] * 3, coverage_first=True)

    assert matching.value == matching.upper_bound == 3 * heavy


def test_a_forged_answer_is_found_out() -> None:
    market = ([1, 2], [2, 1], [0, 0, 1, 1], [0, 1, 0, 1], [5, 9, 6, 7])
    true = match_seats(*market, coverage_first=True)
    proof, counting = true.proofs
    twice = np.array([0, 0, 1], dtype=np.int32)
    forged = {
        "more than once": replace(true, u=twice, v=np.array([1, 1, 0], dtype=np.int32), weight=np.array([9, 9, 6])),
        "There is no edge": replace(true, weight=true.weight + 1),
        "partners and 1 seats": replace(true, u=twice, v=np.array([0, 1, 1], dtype=np.int32), weight=np.array([5, 9, 7])),
        "not worth": replace(true, value=true.value - 1),
        "is the most": replace(true, upper_bound=true.upper_bound - 1),
        "places are the most": replace(true, most_places=true.most_places - 1),
        "exceeds its own bounds": replace(true, upper_bound=true.value - 1),
        "not negative": replace(true, proofs=(replace(proof, left=proof.left - proof.left.max() - 1), counting)),
        "too large": replace(true, proofs=(replace(proof, unit=2**60), counting)),
        "one price": replace(true, proofs=(replace(proof, right=proof.right[1:]), counting)),
    }

    assert check_seats(*market, true) == []
    for complaint, answer in forged.items():
        found = check_seats(*market, answer)
        assert any(complaint in sentence for sentence in found), (complaint, found)
    free = replace(true, proofs=(replace(proof, left=0 * proof.left, right=0 * proof.right), counting))
    assert any("is the most" in sentence for sentence in check_seats(*market, free))
