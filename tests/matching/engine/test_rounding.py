"""Cycles and paths become pairs without losing more than they must."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_service.engine.solvers.auction import adjacency
from matching_service.engine.solvers.rounding import round_to_pairs

weights = st.integers(1, 50)


def best(edges: list[int], *, closed: bool) -> int:
    """The heaviest choice of edges of which no two touch, by trying every choice."""
    last = len(edges) - 1
    return max(
        sum(edges[position] for position in chosen)
        for size in range(len(edges) + 1)
        for chosen in combinations(range(len(edges)), size)
        if all(after - before > 1 for before, after in pairwise(chosen))
        and not (closed and size > 1 and chosen[0] == 0 and chosen[-1] == last)
    )


@given(edges=st.lists(weights, max_size=9))
@settings(deadline=None)  # the first example may compile kernels
def test_a_path_gives_its_heaviest_pairs(edges: list[int]) -> None:
    vertices = len(edges) + 1
    follows = [*range(1, vertices), -1]

    mate = rounded(follows, [*edges, 0])

    assert value(mate, edges) == best(edges, closed=False)


@given(edges=st.lists(weights, min_size=3, max_size=9))
@settings(deadline=None)  # the first example may compile kernels
def test_a_cycle_gives_its_heaviest_pairs(edges: list[int]) -> None:
    follows = [*range(1, len(edges)), 0]

    mate = rounded(follows, edges)

    assert value(mate, edges) == best(edges, closed=True)


def rounded(follows: list[int], worth: list[int]) -> list[int]:
    """The mates that come of an assignment in which each vertex gets ``follows``, an edge worth ``worth``; -1: nobody."""
    ends = [(vertex, other, weight) for vertex, (other, weight) in enumerate(zip(follows, worth, strict=True)) if other >= 0]
    u, v = (np.array([end[side] for end in ends], dtype=np.int32) for side in (0, 1))
    graph = adjacency(len(follows), u, v, np.array([end[2] for end in ends], dtype=np.int64), 1, 0)
    return round_to_pairs(graph, np.array(follows, dtype=np.int32)).tolist()


def value(mate: list[int], edges: list[int]) -> int:
    """What the pairs are worth, of which each is two neighbours; checks that they are pairs."""
    pairs = {(vertex, other) for vertex, other in enumerate(mate) if other >= 0}
    assert {(other, vertex) for vertex, other in pairs} == pairs
    steps = [(vertex, (vertex + 1) % len(mate)) for vertex in range(len(mate))]
    assert pairs <= {*steps, *((other, vertex) for vertex, other in steps)}
    return sum(edges[vertex] for vertex, other in steps if (vertex, other) in pairs and vertex < len(edges))


@pytest.mark.parametrize(
    ("successor", "worth", "mate"),
    [
        ([1, 0], [5, 5], [1, 0]),
        ([-1, -1], [0, 0], [-1, -1]),
        ([1, 2, 0], [5, 9, 7], [-1, 2, 1]),
        ([1, 2, 3, 0], [1, 5, 1, 5], [3, 2, 1, 0]),
        ([1, 2, 3, -1], [2, 9, 2, 0], [-1, 2, 1, -1]),
        ([2, 3, 0, 1], [4, 1, 4, 1], [2, 3, 0, 1]),
        ([2, 0, -1], [5, 6, 0], [1, 0, -1]),
    ],
)
def test_an_assignment_falls_into_pairs_cycles_and_paths(successor: list[int], worth: list[int], mate: list[int]) -> None:
    assert rounded(successor, worth) == mate
