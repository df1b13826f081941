"""Anyone with anyone, in pairs: against brute force, on awkward graphs, and with awkward input."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_service.engine import Matching, match_graph

Edges = dict[tuple[int, int], int]


@st.composite
def graphs(draw: st.DrawFn, most: int = 8) -> tuple[int, Edges]:
    """Small graphs, sparse and dense, with few distinct weights (ties) or many."""
    n = draw(st.integers(0, most))
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    heaviest = draw(st.sampled_from([1, 3, 20, 1_000_000]))
    present = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    return n, {pair: draw(st.integers(1, heaviest)) for pair, there in zip(pairs, present, strict=True) if there}


def random_graph(seed: int, most: int = 10) -> tuple[int, Edges]:
    rng = random.Random(seed)
    n, density, heaviest = rng.randint(0, most), rng.random(), rng.choice([1, 3, 10, 1_000_000])
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    return n, {pair: rng.randint(1, heaviest) for pair in pairs if rng.random() < density}


def match(graph: tuple[int, Edges], *, coverage_first: bool = False, seed: int = 0) -> Matching:
    n, edges = graph
    ends = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
    weights = np.array(list(edges.values()), dtype=np.int64)
    return match_graph(n, ends[:, 0], ends[:, 1], weights, coverage_first=coverage_first, seed=seed)


def optima(graph: tuple[int, Edges]) -> tuple[int, tuple[int, int]]:
    """By trying everything: the greatest value, and (most pairs, the greatest value among those)."""
    return optimum(graph, 0)[1], optimum(graph, 10**9)


def optimum(graph: tuple[int, Edges], bonus: int) -> tuple[int, int]:
    """Pairs and value of the matching of greatest value plus ``bonus`` for each pair."""
    n, edges = graph

    @cache
    def best(used: int) -> tuple[int, int, int]:
        first = next((x for x in range(n) if not used >> x & 1), n)
        if first == n:
            return 0, 0, 0
        options = [best(used | 1 << first)]
        for other in range(first + 1, n):
            weight = edges.get((first, other), 0)
            if weight and not used >> other & 1:
                total, pairs, value = best(used | 1 << first | 1 << other)
                options.append((total + weight + bonus, pairs + 1, value + weight))
        return max(options)

    return best(0)[1:]


def assert_is_a_matching(matching: Matching, graph: tuple[int, Edges]) -> None:
    n, edges = graph
    mate = matching.mate.tolist()
    assert len(mate) == n
    chosen = [(a, b) for a, b in enumerate(mate) if a < b]
    assert all(mate[b] == a for a, b in enumerate(mate) if b != -1)
    assert matching.value == sum(edges[pair] for pair in chosen)
    assert matching.pairs == len(chosen)


@settings(max_examples=250, deadline=None)
@given(graph=graphs(), seed=st.integers(0, 2**64))
def test_the_best_value_lies_between_the_answer_and_its_bound(graph: tuple[int, Edges], seed: int) -> None:
    matching = match(graph, seed=seed)

    best, (most_pairs, _) = optima(graph)
    assert_is_a_matching(matching, graph)
    assert matching.value <= best <= matching.upper_bound
    assert 3 * matching.value >= 2 * matching.upper_bound, "rounding may lose a third, never more"
    assert matching.most_pairs >= most_pairs


@settings(max_examples=250, deadline=None)
@given(graph=graphs(), seed=st.integers(0, 2**64))
def test_with_coverage_first_the_answer_is_bounded_in_pairs_and_in_value(graph: tuple[int, Edges], seed: int) -> None:
    matching = match(graph, coverage_first=True, seed=seed)

    _, (most_pairs, best_value) = optima(graph)
    assert_is_a_matching(matching, graph)
    assert matching.pairs <= most_pairs <= matching.most_pairs
    assert matching.value <= matching.upper_bound
    if matching.pairs == most_pairs:
        assert matching.value <= best_value <= matching.upper_bound


@settings(max_examples=150, deadline=None)
@given(graph=graphs(), coverage_first=st.booleans())
def test_the_prices_cover_every_edge(graph: tuple[int, Edges], coverage_first: bool) -> None:
    matching = match(graph, coverage_first=coverage_first)

    assert matching.proofs
    for proof in matching.proofs:
        prices = proof.prices.tolist()
        assert min(prices, default=0) >= 0
        for (a, b), weight in graph[1].items():
            assert prices[a] + prices[b] >= proof.unit * (weight + proof.bonus)


def test_on_two_thousand_small_graphs_the_optimum_is_found_nearly_always() -> None:
    graphs_tried = [random_graph(seed) for seed in range(2000)]

    by_value = [match(graph).value == optimum(graph, 0)[1] for graph in graphs_tried]
    by_coverage = [
        (found.pairs, found.value) == optimum(graph, 10**9)
        for graph in graphs_tried
        for found in [match(graph, coverage_first=True)]
    ]

    assert sum(by_value) >= 1998, f"{2000 - sum(by_value)} graphs below the optimum"
    assert sum(by_coverage) >= 1998, f"{2000 - sum(by_coverage)} graphs below the optimum with coverage first"


def test_a_pair_that_is_worth_less_is_made_when_it_leaves_nobody_behind() -> None:
    path_of_four = (4, {(0, 1): 1, (1, 2): 100, (2, 3): 1})

    assert match(path_of_four).value == 100
    everybody = match(path_of_four, coverage_first=True)
    assert (everybody.pairs, everybody.most_pairs, everybody.value, everybody.upper_bound) == (2, 2, 2, 2)


def test_of_an_odd_number_the_one_stays_out_who_costs_least() -> None:
    triangle = (3, {(0, 1): 5, (1, 2): 9, (0, 2): 7})

    for coverage_first in (False, True):
        matching = match(triangle, coverage_first=coverage_first)
        assert matching.mate.tolist() == [-1, 2, 1]
        assert matching.gap <= 1 / 3


def test_parts_that_are_not_connected_are_matched_as_if_alone() -> None:
    two_triangles = (6, {(0, 1): 4, (1, 2): 4, (0, 2): 4, (3, 4): 6, (4, 5): 6, (3, 5): 6})

    matching = match(two_triangles, coverage_first=True)

    assert (matching.pairs, matching.most_pairs, matching.value) == (2, 2, 10)
    assert len(set(matching.part.tolist())) == 2


@pytest.mark.parametrize("coverage_first", [False, True])
@pytest.mark.parametrize("n", [200, 201])
def test_a_storm_of_ties_is_solved_to_the_last_unit(n: int, coverage_first: bool) -> None:
    u, v = np.triu_indices(n, 1)

    matching = match_graph(n, u, v, np.full(len(u), 7), coverage_first=coverage_first)

    assert matching.value == matching.upper_bound == n // 2 * 7


def test_everyone_wants_the_one_expert_and_one_gets_them() -> None:
    weights = np.arange(1, 100)

    matching = match_graph(100, np.zeros(99, dtype=int), np.arange(1, 100), weights, coverage_first=True)

    assert matching.mate[0] == 99
    assert matching.pairs == matching.most_pairs == 1
    assert matching.value == matching.upper_bound == 99


def test_the_bound_stays_close_where_two_must_stay_out_for_different_reasons() -> None:
    """Two people can only be paired with the same third, and an odd number of others can be paired freely."""
    rng = np.random.default_rng(7)
    u, v = np.triu_indices(98, 1)
    ends = np.concatenate((u, [98, 99])), np.concatenate((v, [0, 0]))

    matching = match_graph(100, *ends, rng.integers(500_000, 1_000_000, len(u) + 2), coverage_first=True)

    assert matching.pairs == matching.most_pairs == 49
    assert matching.gap < 0.02


def test_random_company_sized_graphs_come_within_a_thousandth() -> None:
    rng = np.random.default_rng(5)
    n = 400
    u, v = np.triu_indices(n, 1)
    dense = rng.random(len(u)) < 0.3
    weights = rng.integers(1, 1_000_000, dense.sum())

    for coverage_first in (False, True):
        matching = match_graph(n, u[dense], v[dense], weights, coverage_first=coverage_first)
        assert matching.gap < 1e-3
        assert matching.pairs == n // 2


def test_a_target_gap_stops_the_work_early_and_is_kept() -> None:
    rng = np.random.default_rng(6)
    u, v = np.triu_indices(151, 1)
    weights = rng.integers(1, 1_000_000, len(u))

    rough = match_graph(151, u, v, weights, target_gap=0.2)
    fine = match_graph(151, u, v, weights)

    assert fine.value > rough.value
    assert rough.gap <= 0.2


def test_the_order_of_vertices_and_edges_does_not_change_the_value() -> None:
    for seed in range(60):
        n, edges = random_graph(seed)
        names = random.Random(seed).sample(range(n), n)
        renamed = {tuple(sorted((names[a], names[b]))): weight for (a, b), weight in reversed(edges.items())}
        for coverage_first in (False, True):
            one = match((n, edges), coverage_first=coverage_first)
            other = match((n, renamed), coverage_first=coverage_first)  # type: ignore[arg-type]
            assert (one.pairs, one.value) == (other.pairs, other.value)


def test_the_seed_decides_who_of_equals_stays_out() -> None:
    equals = (5, {(a, b): 3 for a in range(5) for b in range(a + 1, 5)})

    left_out = {match(equals, seed=seed).mate.tolist().index(-1) for seed in range(40)}

    assert left_out == {0, 1, 2, 3, 4}
    assert match(equals, seed=8).mate.tolist() == match(equals, seed=8).mate.tolist()


def test_nobody_and_one_person_have_no_pairs_and_no_gap() -> None:
    for n in (0, 1):
        matching = match_graph(n, [], [], [], coverage_first=True)
        assert (matching.mate.tolist(), matching.value, matching.upper_bound, matching.gap) == ([-1] * n, 0, 0, 0.0)


def test_self_loops_and_worthless_edges_do_not_exist_and_the_heaviest_of_parallel_edges_counts() -> None:
    matching = match_graph(3, [0, 1, 1, 0, 2], [0, 0, 0, 1, 0], [99, 4, 6, 5, 0])

    assert matching.mate.tolist() == [1, 0, -1]
    assert matching.value == matching.upper_bound == 6


@pytest.mark.parametrize(
    ("u", "v", "weight", "sentence"),
    [
        ([0], [1], [1.5], "whole numbers"),
        ([0], [1], [float("nan")], "whole numbers"),
        ([0], [1], [True], "whole numbers"),
        ([0], [1], [-1], "negative number -1"),
        ([0], [3], [1], "v holds a vertex outside 0 to 2"),
        ([-1], [1], [1], "u holds a vertex outside 0 to 2"),
        ([0], [1, 2], [1], "differ in length: 1, 2 and 1"),
        ([[0]], [[1]], [[1]], "one-dimensional"),
        ([0], [1], [2**70], "whole numbers"),
        ([0], [1], np.array([2**63], dtype=np.uint64), "does not fit"),
        ([0, 1], [1, 2], [2**58, 1], "divide all weights"),
    ],
)
def test_what_is_not_a_graph_is_refused_in_a_sentence(u: object, v: object, weight: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        match_graph(3, u, v, weight)  # type: ignore[arg-type]


def test_weights_beyond_32_bits_are_added_exactly() -> None:
    heavy = 2**31 + 1

    matching = match_graph(6, [0, 2, 4], [1, 3, 5], [heavy] * 3, coverage_first=True)

    assert matching.value == matching.upper_bound == 3 * heavy


def test_weights_whose_bonus_could_not_be_added_exactly_are_refused_with_coverage_first_only() -> None:
    u, v = np.arange(99), np.arange(1, 100)
    weights = np.full(99, 2**48)

    assert match_graph(100, u, v, weights).value == 50 * 2**48
    with pytest.raises(ValueError, match="divide all weights"):
        match_graph(100, u, v, weights, coverage_first=True)


def test_a_target_gap_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="not a share"):
        match_graph(2, [0], [1], [1], target_gap=float("nan"))
