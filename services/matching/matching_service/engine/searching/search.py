"""What every search for pairs has: the edges worth keeping, the proofs, and a caller who may follow and stop it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from matching_service.engine.core.graph import Graph
from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array
from matching_service.engine.problem.certificate import Bound, Proof
from matching_service.engine.problem.policy import MICRO, Policy
from matching_service.engine.weighing.all_pairs import Field, edges_of
from matching_service.engine.weighing.candidates import Lists
from matching_service.engine.weighing.scoring import weigh

Progress = Callable[[str, float, float | None], None]
"""Called with the phase, the share of it that is done (0 to 1), and the gap certified so far."""

_ALL_PAIRS: Final = 3_000
"""Up to so many people every feasible pair is held in memory."""


class Stopped(Exception):
    """The caller has had enough."""


@dataclass
class Search(ABC):
    """What is known so far; vertices are the places of the field. ``few``: every feasible pair can be held in memory.

    ``one_match_each``: nobody is in more than one match, so that an odd one may be left over. ``groups_only``: whether matches
    are groups. ``by_blocks``: many people are searched by blocks; otherwise all pairs are held at once, and people are limited.
    """

    method: ClassVar[str]
    one_match_each: ClassVar[bool]
    groups_only: ClassVar[bool] = False
    by_blocks: ClassVar[bool] = True

    field: Field
    policy: Policy
    target_gap: float
    seed: int
    progress: Progress
    stop: Callable[[], bool]

    def __post_init__(self) -> None:
        self.few = self.field.active <= _ALL_PAIRS
        self.bonus = MICRO if self.policy.coverage_first else 0
        self.graph = Graph.empty(len(self.field.order))
        self.trios = np.empty((0, 3), dtype=np.int32)
        self.proofs: list[Proof] = []
        self.gap: float | None = None
        self.stopped = self.exhaustive = False
        self.phase = "scoring"

    @abstractmethod
    def run(self, fast: bool) -> None:
        """Search until the gap is closed, as far as the mode asks for."""

    @abstractmethod
    def take_best_so_far(self) -> None:
        """After a stop: the pairs of the edges known if none were made of them yet, and a bound that needs no search."""

    @abstractmethod
    def pairs(self) -> tuple[Int32Array, Int32Array]:
        """The best pairs found: the places of both people, the lower one first."""

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The places of the members of every group; formats of pairs have none."""
        return ()

    @property
    def rounds(self) -> Int32Array:
        """The round of each of ``pairs``, where there are several; of length 0 else."""
        return np.zeros(0, dtype=np.int32)

    def pair_worths(self, a: Int32Array, b: Int32Array) -> Int64Array:
        """What each two are worth, who stand in these places."""
        return weigh(self.field.people, self.field.terms, self.field.skills, a, b)[0]

    def trio_worths(self, trios: Int32Array) -> Int64Array:
        """What each trio of places is worth: half of what its three pairs are."""
        a, b, c = (np.ascontiguousarray(column) for column in trios.T)
        worths: Int64Array = (self.pair_worths(a, b) + self.pair_worths(a, c) + self.pair_worths(b, c)) // 2
        return worths

    @abstractmethod
    def form_trios(self) -> None:
        """Where the policy has trios, whoever is left over joins a pair."""

    @property
    def matched(self) -> BoolArray:
        """Who is in a pair or trio."""
        matched = np.zeros(self.graph.n, dtype=np.bool_)
        for places in (*self.pairs(), self.trios):
            matched[places] = True
        return matched

    @abstractmethod
    def proven(self) -> Bound:
        """What all proofs together say about the best pairs found."""

    @abstractmethod
    def bound_by(self, proof: Proof) -> int:
        """What the value is at most, by this proof alone."""

    @abstractmethod
    def assess(self) -> None:
        """Find out the gap that is proven now."""

    def keep(self, proof: Proof) -> None:
        """The better of this proof of the value and the one before."""
        values = [known for known in self.proofs if not known.counts_pairs]
        self.proofs = [min([*values, proof], key=self.bound_by), *(known for known in self.proofs if known.counts_pairs)]
        self.assess()

    def add_edges(self, lists: Lists) -> None:
        """Keep the edges listed."""
        edges = edges_of(lists)
        del lists  # they are larger than the edges in them
        self.graph = self.graph.merged(*edges)

    def report_progress(self, share: float) -> None:
        """Report the share of the phase that is done. Raises: Stopped once the caller has asked for it."""
        if self.stop():
            raise Stopped
        self.notify(self.phase, share)

    def notify(self, phase: str, share: float) -> None:
        """Call the caller's ``progress``."""
        self.progress(phase, share, self.gap)
