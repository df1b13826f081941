"""A graph of whole-number weights, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching_service.engine.core.kernels import kernel, part
from matching_service.engine.core.types import Int32Array, Int64Array

_MOST_VERTICES = 2**31 - 1
_MOST_SUM = 2**60
"""Sums of all prices stay below this, so that 64 bits hold twice of them."""

FINENESS = 500_000
"""Weights are refined until the heaviest is at least this much, so that small whole numbers leave room for prices."""


Edges = tuple[Int32Array, Int32Array, Int64Array]
"""Both ends and the weight of every edge."""


@dataclass(frozen=True)
class Graph:
    """``n`` vertices and edges ``u < v``, sorted, each once, of positive weight."""

    n: int
    u: Int32Array
    v: Int32Array
    weight: Int64Array

    @classmethod
    def empty(cls, n: int) -> Graph:
        """No edges yet."""
        return cls(n, np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))

    @classmethod
    def of(cls, n: int, u: ArrayLike, v: ArrayLike, weight: ArrayLike) -> Graph:
        """A graph from any edge list. Raises: ValueError (see ``match_graph``)."""
        if not 0 <= n <= _MOST_VERTICES:
            raise ValueError(f"A graph cannot have {n} vertices.")
        return cls(n, *_each_once(n, *edge_list(u, v, weight, n, n)))

    def merged(self, u: Int32Array, v: Int32Array, weight: Int64Array) -> Graph:
        """This graph and more edges of its vertices."""
        return Graph(self.n, *_merged(self.n, (self.u, self.v, self.weight), (u, v, weight)))

    def uncovered(self, bonus: int, least: Int64Array) -> Graph:
        """The edges worth more than both prices in ``least``, and by how much; these are for twice the worth with ``bonus``."""
        return Graph(self.n, *_uncovered(self.u, self.v, self.weight, bonus, least))

    @cached_property
    def part(self) -> Int32Array:
        """The number of the connected part of every vertex, in the order of their first vertices."""
        return connected_parts(self.n, self.u, self.v)

    @cached_property
    def heaviest(self) -> int:
        """The weight of the heaviest edge; 0 when there is none."""
        return int(self.weight.max(initial=0))

    @property
    def unit(self) -> int:
        """How many units of price make one unit of weight: even, so that halves are whole."""
        return 2 * max(1, -(-FINENESS // max(1, self.heaviest)))

    @property
    def coverage_bonus(self) -> int:
        """More than twice what any matching of one connected part can be worth: one pair more outweighs all weights."""
        return int(np.bincount(self.part).max(initial=0)) * self.heaviest + 1

    @property
    def largest_bonus(self) -> int:
        """The greatest bonus with which prices can still be added exactly."""
        return _MOST_SUM // (2 * (self.n + 1) * self.unit) - self.heaviest - 1

    def refuse_inexact_sums(self, bonus: int) -> None:
        """Raises: ValueError when prices, with ``bonus``, could add up to more than 64 bits hold."""
        refuse_inexact_sums(self.heaviest, self.n, self.unit, bonus)


def edge_list(
    u: ArrayLike, v: ArrayLike, weight: ArrayLike, u_vertices: int, v_vertices: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """The arrays of an edge list, checked. Raises: ValueError (see ``match_graph``)."""
    one, other, weights = whole("u", u), whole("v", v), whole("weight", weight)
    if not one.shape == other.shape == weights.shape:
        raise ValueError(f"u, v and weight differ in length: {one.size}, {other.size} and {weights.size}.")
    for name, ends, vertices in (("u", one, u_vertices), ("v", other, v_vertices)):
        if ends.size and (ends.min() < 0 or ends.max() >= vertices):
            raise ValueError(f"{name} holds a vertex outside 0 to {vertices - 1}.")
    if weights.size and weights.min() < 0:
        raise ValueError(f"weight holds the negative number {weights.min()}; leave such an edge out.")
    return one, other, weights


def refuse_inexact_sums(heaviest: int, places: int, unit: int, bonus: int) -> None:
    """Raises: ValueError when prices of so many places, with ``bonus``, could add up to more than 64 bits hold."""
    if 2 * (places + 1) * unit * (heaviest + bonus) >= _MOST_SUM:
        raise ValueError(
            f"Weights up to {heaviest:,} are too large for {places:,} of them to be added exactly; "
            "divide all weights by a common factor."
        )


def _each_once(n: int, one: Int64Array, other: Int64Array, weight: Int64Array) -> Edges:
    """Edges from the lower to the higher vertex, sorted, without loops and worthless ones; of parallel ones the heaviest."""
    lower, higher = np.minimum(one, other), np.maximum(one, other)
    edges = (one != other) & (weight > 0)
    if not edges.all():
        lower, higher, weight = lower[edges], higher[edges], weight[edges]
    keys = lower * max(n, 1) + higher
    if not (keys[1:] > keys[:-1]).all():
        order = np.argsort(keys, kind="stable")
        first = np.flatnonzero(np.append(True, np.diff(keys[order]) > 0))
        weight = np.maximum.reduceat(weight[order], first)
        lower, higher = lower[order[first]], higher[order[first]]
    return lower.astype(np.int32), higher.astype(np.int32), weight


# Asked for every answer: scipy's connected_components took a fifth of the whole time, and as long to import as all the rest.
@kernel
def connected_parts(n: int, u: Int32Array, v: Int32Array) -> Int32Array:
    """The number of the connected part of every vertex, in the order of their first vertices: by disjoint sets."""
    leader = np.arange(n, dtype=np.int32)
    for edge in range(len(u)):
        one, other = _led_by(leader, u[edge]), _led_by(leader, v[edge])
        leader[max(one, other)] = min(one, other)
    number = np.empty(n, np.int32)
    parts = 0
    for vertex in range(n):
        if leader[vertex] == vertex:
            number[vertex] = parts
            parts += 1
        else:
            number[vertex] = number[leader[vertex]]
    return number


@part
def _led_by(leader: Int32Array, vertex: int) -> int:
    while leader[vertex] != vertex:
        leader[vertex] = leader[leader[vertex]]
        vertex = leader[vertex]
    return vertex


@kernel
def _merged(n: int, known: Edges, more: Edges) -> Edges:
    """Both, from the lower to the higher vertex, sorted, each edge once at its heaviest; in little more than their room."""
    start = np.zeros(n + 1, np.int64)
    for u, v, _ in (known, more):
        for edge in range(len(u)):
            start[min(u[edge], v[edge]) + 1] += 1
    for vertex in range(n):
        start[vertex + 1] += start[vertex]
    higher, weight = np.empty(start[n], np.int32), np.empty(start[n], np.int64)
    length = np.zeros(n, np.int32)
    for u, v, worth in (known, more):
        for edge in range(len(u)):
            low, high = min(u[edge], v[edge]), max(u[edge], v[edge])
            first = start[low]
            at = first + length[low]
            while at > first and higher[at - 1] > high:
                at -= 1
            if at > first and higher[at - 1] == high:
                weight[at - 1] = max(weight[at - 1], worth[edge])
                continue
            for place in range(first + length[low], at, -1):
                higher[place], weight[place] = higher[place - 1], weight[place - 1]
            higher[at], weight[at] = high, worth[edge]
            length[low] += 1
    total = 0
    lower = np.empty(length.sum(), np.int32)
    for low in range(n):
        for at in range(start[low], start[low] + length[low]):
            lower[total], higher[total], weight[total] = low, higher[at], weight[at]
            total += 1
    return lower, higher[:total], weight[:total]


@kernel
def _uncovered(u: Int32Array, v: Int32Array, weight: Int64Array, bonus: int, least: Int64Array) -> Edges:
    """A kernel for the sake of memory: expressions of arrays would hold several numbers of eight bytes for every edge."""
    count = 0
    for edge in range(len(u)):
        count += 2 * (weight[edge] + bonus) > least[u[edge]] + least[v[edge]]
    one, other, missing = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int64)
    at = 0
    for edge in range(len(u)):
        more = 2 * (weight[edge] + bonus) - least[u[edge]] - least[v[edge]]
        if more > 0:
            one[at], other[at], missing[at] = u[edge], v[edge], more
            at += 1
    return one, other, missing


def whole(name: str, values: ArrayLike) -> Int64Array:
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


def tie_breakers(n: int, seed: int) -> NDArray[np.uint64]:
    """A lot for each vertex, from the seed alone: the splitmix64 sequence, the same on every machine and version."""
    step, one, two = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
    start = np.uint64(seed * step & 0xFFFFFFFFFFFFFFFF)
    drawn = start + (np.arange(1, n + 1, dtype=np.uint64)) * np.uint64(step)
    drawn = (drawn ^ (drawn >> np.uint64(30))) * np.uint64(one)
    drawn = (drawn ^ (drawn >> np.uint64(27))) * np.uint64(two)
    mixed: NDArray[np.uint64] = drawn ^ (drawn >> np.uint64(31))
    return mixed
