"""Cycles and paths become pairs without losing more than they must."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.engine.rounding import heaviest_on_cycle, heaviest_on_path, round_to_pairs

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
def test_a_path_gives_its_heaviest_pairs(edges: list[int]) -> None:
    chosen = heaviest_on_path(edges)

    assert sum(edges[position] for position in chosen) == best(edges, closed=False)


@given(edges=st.lists(weights, min_size=3, max_size=9))
def test_a_cycle_gives_its_heaviest_pairs(edges: list[int]) -> None:
    chosen = heaviest_on_cycle(edges)

    assert sum(edges[position] for position in chosen) == best(edges, closed=True)
    assert len({(position + step) % len(edges) for position in chosen for step in (0, 1)}) == 2 * len(chosen)


@pytest.mark.parametrize(
    ("successor", "worth", "mate"),
    [
        ([1, 0], [5, 5], [1, 0]),
        ([0, 1], [0, 0], [-1, -1]),
        ([1, 2, 0], [5, 9, 7], [-1, 2, 1]),
        ([1, 2, 3, 0], [1, 5, 1, 5], [3, 2, 1, 0]),
        ([1, 2, 3, 3], [2, 9, 2, 0], [-1, 2, 1, -1]),
        ([2, 3, 0, 1], [4, 1, 4, 1], [2, 3, 0, 1]),
        ([2, 0, 2], [5, 6, 0], [1, 0, -1]),
    ],
)
def test_an_assignment_falls_into_pairs_cycles_and_paths(successor: list[int], worth: list[int], mate: list[int]) -> None:
    assert round_to_pairs(successor, worth) == mate
