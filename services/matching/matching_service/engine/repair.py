"""Better pairs by alternating paths, guided by the prices.

A path that alternates between edges outside and inside the matching can be flipped: what was outside comes in, and
the other way round. Its gain is exact arithmetic. The search starts at every vertex that is free, or whose pair is
worth less than its two prices, and looks at the paths with the least slack first (Dijkstra on a dense graph; slack is
how far the prices of an edge exceed its worth). It is a heuristic in one respect: it does not shrink odd cycles, so a
better path that passes one of them twice is not seen. The bound tells what that can cost.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.rounding import FREE

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]

_MAX_PASSES = 20
"""How often all loose vertices are tried; two or three are enough as a rule, this only limits the worst case."""

_MAX_SETTLED = 256
"""How many vertices one search may settle; each costs O(n)."""


class Repair:
    """A matching that can be improved in place: ``mate`` holds the partner of every vertex, ``FREE`` for none.

    ``worth``: the matrix given to ``double_cover.assign``; ``doubled_prices``: of its vertices.
    """

    def __init__(self, worth: Float64Array, doubled_prices: Int64Array, mate: Int64Array) -> None:
        self.mate = mate
        self._worth = worth
        self._prices = doubled_prices.astype(np.float64)

    def improve(self, good_enough: Callable[[], bool]) -> None:
        """Flip paths until none is found that gains anything, the passes are used up, or ``good_enough`` says so."""
        for _ in range(_MAX_PASSES):
            gained = False
            for start in self._loose():
                if good_enough():
                    return
                gained |= self._improve_from(int(start))
            if not gained:
                return

    def _loose(self) -> Int64Array:
        """Free vertices and those in a pair with slack, the highest price first."""
        loose = np.flatnonzero(np.where(self.mate == FREE, self._prices, self._pair_slack()) > 0)
        return loose[np.argsort(-self._prices[loose], kind="stable")]

    def _pair_slack(self) -> Float64Array:
        """How far the prices of each matched vertex and its mate exceed twice the worth of their pair; 0 if free."""
        worth = self._worth[np.arange(len(self.mate)), self.mate]
        return np.where(self.mate == FREE, 0.0, self._prices + self._prices[self.mate] - 2 * worth)

    def _improve_from(self, start: int) -> bool:
        """Find and flip the best alternating path from ``start`` that gains; its own pair, if any, is given up."""
        partner = int(self.mate[start])
        given_up = 0.0
        if partner != FREE:
            given_up = 2 * self._worth[start, partner]
            self.mate[start] = self.mate[partner] = FREE
        gain, path = self._best_path(start)
        if gain <= given_up:
            if partner != FREE:
                self.mate[start], self.mate[partner] = partner, start
            return False
        for one, other in zip(path[::2], path[1::2], strict=False):
            self.mate[one], self.mate[other] = other, one
        if len(path) % 2:
            self.mate[path[-1]] = FREE
        return True

    def _best_path(self, start: int) -> tuple[float, list[int]]:
        """Twice the gain of the best path found from the free vertex ``start``, and its vertices in order.

        Every second vertex of a path is *outer*: the start, and the mates of the vertices reached. A path ends at an
        outer vertex, which is left free, or at a free vertex, which is paired with the last outer one.
        """
        prices, mate = self._prices, self.mate
        free = mate == FREE
        free[start] = False
        pair_slack = self._pair_slack()
        reward = float(prices[start])
        at_most = reward + max(0.0, float(prices[free].max(initial=0.0)))
        cost = np.full(len(mate), np.inf)
        cost[start] = 0.0
        open_cost = cost.copy()
        previous = np.full(len(mate), FREE, dtype=np.int64)
        best_gain, best_path = 0.0, [start]
        for _ in range(_MAX_SETTLED):
            outer = int(open_cost.argmin())
            if at_most - open_cost[outer] <= best_gain:
                break
            open_cost[outer] = np.inf
            trail = self._trail(outer, previous)
            if reward - prices[outer] - cost[outer] > best_gain:
                best_gain, best_path = float(reward - prices[outer] - cost[outer]), trail
            worth = self._worth[outer]
            reached = prices + (cost[outer] + prices[outer]) - 2 * worth
            reached[worth <= 0] = np.inf
            reached[trail] = np.inf
            gains = np.where(free, reward + prices - reached, -np.inf)
            end = int(gains.argmax())
            if gains[end] > best_gain:
                best_gain, best_path = float(gains[end]), [*trail, end]
            inner = np.flatnonzero(~free & (reached < np.inf))
            onward = reached[inner] - pair_slack[inner]
            beyond = mate[inner]
            nearer = onward < np.where((cost[beyond] < np.inf) & (open_cost[beyond] == np.inf), -np.inf, cost[beyond])
            beyond, onward = beyond[nearer], onward[nearer]
            cost[beyond] = open_cost[beyond] = onward
            previous[beyond] = outer
        return best_gain, best_path

    def _trail(self, outer: int, previous: Int64Array) -> list[int]:
        """The vertices from the start to ``outer``: outer, inner, outer, and so on."""
        backwards = [outer]
        while previous[outer] != FREE:
            backwards += (int(self.mate[outer]), int(previous[outer]))
            outer = int(previous[outer])
        return backwards[::-1]
