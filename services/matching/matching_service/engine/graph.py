"""A graph of whole-number weights, checked once and cut into its connected parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
Float64Array = NDArray[np.float64]

MAX_VERTICES = 10_000
"""The solver holds a square matrix of the people: 800 MB at this size."""

_EXACT = 2**53
"""Up to here every whole number is a double, and sums of whole numbers are exact."""


class PopulationTooLarge(ValueError):
    """More people than the engine can match in one run."""

    def __init__(self, n: int) -> None:
        super().__init__(
            f"{n:,} people are more than the {MAX_VERTICES:,} this engine matches in one run; "
            "split the audience, for instance by region."
        )


@dataclass(frozen=True)
class Part:
    """One connected part of a graph. ``u``, ``v``: positions in ``vertices``; each edge once."""

    vertices: Int64Array
    u: Int32Array
    v: Int32Array
    weight: Int64Array

    def matrix(self, bonus: int) -> Float64Array:
        """The weights plus ``bonus`` as a symmetric matrix; 0 where there is no edge."""
        worth = np.zeros((len(self.vertices), len(self.vertices)), dtype=np.float64)
        worth[self.u, self.v] = worth[self.v, self.u] = self.weight + bonus
        return worth


@dataclass(frozen=True)
class Graph:
    """``n`` vertices and edges ``u < v``, sorted, each once, of positive weight."""

    n: int
    u: Int32Array
    v: Int32Array
    weight: Int64Array

    @classmethod
    def of(cls, n: int, u: ArrayLike, v: ArrayLike, weight: ArrayLike) -> Graph:
        """A graph from any edge list. Raises: PopulationTooLarge, ValueError (see ``match_graph``)."""
        if n < 0:
            raise ValueError(f"A graph cannot have {n} vertices.")
        if n > MAX_VERTICES:
            raise PopulationTooLarge(n)
        one, other = _whole("u", u), _whole("v", v)
        weights = _whole("weight", weight)
        if not one.shape == other.shape == weights.shape:
            raise ValueError(f"u, v and weight differ in length: {one.size}, {other.size} and {weights.size}.")
        for name, ends in (("u", one), ("v", other)):
            if ends.size and (ends.min() < 0 or ends.max() >= n):
                raise ValueError(f"{name} holds a vertex outside 0 to {n - 1}.")
        if weights.size and weights.min() < 0:
            raise ValueError(f"weight holds the negative number {weights.min()}; leave such an edge out.")
        keys = np.minimum(one, other) * max(n, 1) + np.maximum(one, other)
        edges = (one != other) & (weights > 0)
        if not edges.all():
            keys, weights = keys[edges], weights[edges]
        if not (keys[1:] > keys[:-1]).all():
            order = np.lexsort((weights, keys))
            keys, weights = keys[order], weights[order]
            heaviest = np.append(keys[1:] != keys[:-1], True)
            keys, weights = keys[heaviest], weights[heaviest]
        lower, higher = np.divmod(keys, max(n, 1))
        return cls(n, lower.astype(np.int32), higher.astype(np.int32), weights)

    @cached_property
    def part(self) -> Int32Array:
        """The number of the connected part of every vertex."""
        if not self.n:
            return np.zeros(0, dtype=np.int32)
        present = np.ones(len(self.u), dtype=np.bool_)
        matrix = coo_array((present, (self.u, self.v)), shape=(self.n, self.n)).tocsr()
        return np.asarray(connected_components(matrix, directed=False)[1], dtype=np.int32)

    def parts(self, seed: int) -> Iterator[Part]:
        """The connected parts that have an edge, the vertices of each in an order drawn from ``seed``."""
        if not self.n:
            return
        by_part = np.lexsort((_lots(self.n, seed), self.part))
        position = np.zeros(self.n, dtype=np.int32)
        sizes = np.bincount(self.part)
        ends = np.cumsum(sizes)
        (u, v, weight), begins = self._edges_by_part(len(sizes))
        for number in np.flatnonzero(sizes > 1).tolist():
            vertices = by_part[ends[number] - sizes[number] : ends[number]]
            position[vertices] = np.arange(len(vertices), dtype=np.int32)
            edges = slice(begins[number], begins[number + 1])
            yield Part(vertices, position[u[edges]], position[v[edges]], weight[edges])

    def _edges_by_part(self, parts: int) -> tuple[tuple[Int32Array, Int32Array, Int64Array], Int64Array]:
        """The edges in the order of their parts, and where each part begins; not copied when they are all in one."""
        edge_part = self.part[self.u]
        begins = np.concatenate(([0], np.cumsum(np.bincount(edge_part, minlength=parts))))
        if (edge_part[1:] >= edge_part[:-1]).all():
            return (self.u, self.v, self.weight), begins
        order = np.argsort(edge_part, kind="stable")
        return (self.u[order], self.v[order], self.weight[order]), begins

    def coverage_bonus(self) -> int:
        """More than twice what any matching of one connected part can be worth, be it in halves.

        So one pair more always counts for more than all weights, and half a pair more still shows in the sum of prices.
        """
        return self._largest_part * self._heaviest + 1

    def refuse_inexact_sums(self, bonus: int) -> None:
        """Raises: ValueError when weights, with ``bonus``, could add up beyond what a double holds exactly."""
        if 4 * (self._largest_part + 1) * (self._heaviest + bonus) >= _EXACT:
            raise ValueError(
                f"Weights up to {self._heaviest:,} are too large to be added exactly among {self._largest_part:,} "
                "connected people; divide all weights by a common factor."
            )

    @property
    def _heaviest(self) -> int:
        return int(self.weight.max(initial=0))

    @cached_property
    def _largest_part(self) -> int:
        return int(np.bincount(self.part).max(initial=0))


def _whole(name: str, values: ArrayLike) -> Int64Array:
    """The values as 64-bit whole numbers. Raises: ValueError when they are not."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a one-dimensional array, not one of {array.ndim} dimensions.")
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold whole numbers (integers), not {array.dtype}; NaN and fractions have none.")
    if array.dtype.kind == "u" and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} holds {array.max()}, which does not fit into 64 bits with a sign.")
    return array.astype(np.int64, copy=False)


def _lots(n: int, seed: int) -> NDArray[np.uint64]:
    """A lot for each vertex, from the seed alone: the splitmix64 sequence, the same on every machine and version."""
    step, one, two = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
    start = np.uint64(seed * step & 0xFFFFFFFFFFFFFFFF)
    lots = start + (np.arange(1, n + 1, dtype=np.uint64)) * np.uint64(step)
    lots = (lots ^ (lots >> np.uint64(30))) * np.uint64(one)
    lots = (lots ^ (lots >> np.uint64(27))) * np.uint64(two)
    mixed: NDArray[np.uint64] = lots ^ (lots >> np.uint64(31))
    return mixed
