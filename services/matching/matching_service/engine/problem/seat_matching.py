"""What ``match_seats`` answers: the edges chosen, and prices that prove how good they are.

A choice of edges, each at most once and no more at a vertex than it has seats, is worth at most all seats at their
prices, plus what edges are worth beyond the prices of both their ends. That is linear programming duality, and it holds
whoever made the prices. A bipartite graph has no odd cycles, so there are always whole-number prices that prove the
optimum exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

from matching_service.engine.core.types import Int32Array, Int64Array


@dataclass(frozen=True)
class SeatProof:
    """A price, not negative, for every vertex; ``unit`` of them are one unit of weight.

    Whatever is chosen: ``unit`` times the sum of weight + ``bonus`` over the edges chosen is at most the sum of seats
    times price over all vertices, plus the sum of ``unit`` times (weight + ``bonus``) less both prices over all edges
    where that is positive. With ``counts_places`` the weight is left out; such a proof says nothing about the value.
    """

    left: Int64Array
    right: Int64Array
    unit: int = 1
    bonus: int = 0
    counts_places: bool = False


@dataclass(frozen=True)
class SeatMatching:
    """Who is with whom and the certificate; weights, value and bounds in the units of the weights given.

    ``u``, ``v``, ``weight``: the edges chosen, sorted. ``value``: the sum of their weights. ``upper_bound``: no choice
    is worth more; with coverage first, none that fills at least as many places. ``most_places``: none fills more; only
    with coverage first is that more than a count of seats. ``gap``: what may be missing, as a share of ``upper_bound``.

    ``proofs``: prices from which the bounds follow; ``check_seats`` shows how.
    """

    u: Int32Array
    v: Int32Array
    weight: Int64Array
    value: int
    upper_bound: int
    most_places: int
    proofs: tuple[SeatProof, ...]

    @property
    def places(self) -> int:
        """How many places are filled: one for every edge chosen."""
        return len(self.u)

    @property
    def gap(self) -> float:
        return (self.upper_bound - self.value) / self.upper_bound if self.upper_bound else 0.0
