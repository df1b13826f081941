"""Trios: whoever has no partner joins a pair where all three can be with each other.

A trio is worth half of what its three pairs are worth together, rounded down; ``certificate.py`` shows that the prices which
bound matchings of pairs bound those with trios as well. So trios begin where the pairs are done. No rule may forbid any of
the three pairs; and as three people meet all together, the hours and the language that two must share, all three must.

Whoever is left over is weighed with everybody, exactly. Of k people nobody needs more than the k pairs that gain most,
since the others take no more than k - 1 of those away; who joins which is a small assignment, and solved exactly. But who
is left over was decided when only pairs counted. Where one of a pair could be with a person left over, and the other one
join another pair, that may leave fewer behind or be worth more; the cheapest such exchanges are tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

import numpy as np

from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array
from matching_service.engine.problem.certificate import FREE
from matching_service.engine.problem.policy import MICRO
from matching_service.engine.solvers.seats import match_seats


class People(Protocol):
    """Whoever is matched, by place."""

    def worths(self, place: int) -> Int64Array:
        """What somebody is worth with everybody; 0 where the two can be no pair."""

    def can_meet(self, place: int, mate: Int32Array) -> BoolArray:
        """With whom, and with their mate, somebody has enough hours and a language in common, as the rules ask of three."""


_JOINING: Final = 2 * MICRO
"""What it counts that somebody joins a pair, where coverage comes first: more than any exchange costs."""

_CHOICES: Final = 1_000
"""Among how many pairs somebody chooses at a time, when there are more people left over than that."""

_EXCHANGES: Final = 32
_WEIGHED: Final = 2**25
"""How many exchanges are tried for one person, and how many people may be weighed for them all."""


@dataclass(frozen=True)
class Seated:
    """The partner of everybody in a pair, who joined them, and what that adds to the worth of all pairs. -1 is nobody.

    Who joined a pair has no mate: ``third`` of both of the pair says who that is.
    """

    mate: Int32Array
    third: Int32Array
    added: int

    @property
    def trios(self) -> Int32Array:
        """The places of every trio in a row: both of the pair, and who joined them."""
        first = np.flatnonzero((self.third != FREE) & (self.mate > np.arange(len(self.mate))))
        return np.column_stack((first, self.mate[first], self.third[first])).astype(np.int32)


def add_to_pairs(
    people: People, mate: Int32Array, paired: Int64Array, unmatched: Int32Array, *, coverage_first: bool, seed: int
) -> Seated:
    """Have people without a mate join pairs: as many as possible, for the greatest worth; or for worth alone.

    ``paired``: what the pair of everybody in one is worth. ``unmatched``: who may join. Ties go by place, and by ``seed``
    where several want the same.
    """
    candidates = tuple(place for place in unmatched.tolist() if people.worths(place).any())
    pairs = _Pairs(people, mate, paired, candidates, 0, _JOINING if coverage_first else 0)

    def merit(seated: Seated) -> tuple[int, int]:
        joined = int((seated.third != FREE).sum()) // 2
        return (joined, seated.added) if coverage_first else (seated.added, joined)

    return max((some.joined(seed) for some in (pairs, pairs.exchanged())), key=merit)


@dataclass(frozen=True)
class _Pairs:
    """Pairs, who is left over, and what it added to the worth of all pairs that others were left over before."""

    people: People
    mate: Int32Array
    paired: Int64Array
    unmatched: tuple[int, ...]
    added: int
    joining: int

    def gains(self, place: int) -> Int64Array:
        """What it counts that the person joins a pair, at the lower place of each pair; 0 where that cannot be."""
        row = self.people.worths(place)
        possible = (self.mate > np.arange(len(self.mate))) & (row > 0) & (row[self.mate] > 0)
        possible &= self.people.can_meet(place, self.mate)
        gains = (row + row[self.mate] + self.paired) // 2 - self.paired + self.joining
        return np.where(possible, np.maximum(gains, 0), 0)

    def joined(self, seed: int) -> Seated:
        """Who joins which pair, so that it counts most in all."""
        third, added, waiting = np.full(len(self.mate), FREE, dtype=np.int32), self.added, list(self.unmatched)
        while waiting:
            choices = [self._choices(place, third, min(len(waiting), _CHOICES)) for place in waiting]
            who = np.repeat(np.arange(len(waiting)), [len(pairs) for pairs, _ in choices])
            pair, chosen = np.unique(np.concatenate([pairs for pairs, _ in choices]), return_inverse=True)
            seats = np.ones(len(waiting), dtype=np.int64), np.ones(len(pair), dtype=np.int64)
            gains = np.concatenate([gains for _, gains in choices])
            joins = match_seats(*seats, who, chosen, gains, coverage_first=self.joining > 0, seed=seed)
            first = pair[joins.v]
            third[first] = third[self.mate[first]] = np.array(waiting, dtype=np.int32)[joins.u]
            added += joins.value - self.joining * joins.places
            left = np.setdiff1d(np.arange(len(waiting)), joins.u)
            waiting = [waiting[number] for number in left if len(choices[number][0]) == _CHOICES]
        return Seated(self.mate, third, added)

    def _choices(self, place: int, third: Int32Array, most: int) -> tuple[Int64Array, Int64Array]:
        """The pairs that the person gains most by joining, by their lower place, and what each counts."""
        gains = np.where(third == FREE, self.gains(place), 0)
        possible = np.flatnonzero(gains)
        best = possible[np.argsort(-gains[possible], kind="stable")[:most]]
        return best, gains[best]

    def exchanged(self) -> _Pairs:
        """The same with others left over, one after the other, where their joining counts for more than it costs."""
        now = replace(self, mate=self.mate.copy(), paired=self.paired.copy())
        joined = np.zeros(len(self.mate), dtype=np.bool_)
        tries = min(_EXCHANGES, _WEIGHED // max(1, len(self.mate) * len(self.unmatched)))
        unmatched, added = [], 0
        for place in self.unmatched:
            row = self.people.worths(place)
            best = max((now.counted(one, joined) for one in now.exchanges(place, row, tries, joined)), key=attrgetter("counts"))
            if best.counts > 0:
                joined[[best.joins, now.mate[best.joins]]] = True
                if best.leaves != place:
                    now.mate[[place, best.partner, best.leaves]] = best.partner, place, FREE
                    now.paired[[place, best.partner, best.leaves]] = row[best.partner], row[best.partner], 0
            unmatched.append(best.leaves)
            added += best.more
        return replace(now, unmatched=tuple(unmatched), added=added)

    def exchanges(self, place: int, row: Int64Array, tries: int, joined: BoolArray) -> list[_Exchange]:
        """That the person stays left over, and the cheapest ways to have them paired and somebody else left over."""
        more = np.where((self.mate != FREE) & (row > 0) & ~joined, row - self.paired, -_JOINING)
        partners = [int(one) for one in np.argsort(-more, kind="stable")[:tries] if more[one] > -_JOINING]
        return [_Exchange(place, place), *(_Exchange(int(self.mate[one]), one, int(more[one])) for one in partners)]

    def counted(self, exchange: _Exchange, joined: BoolArray) -> _Exchange:
        """The exchange with the pair that is best joined then; pairs that are ``joined`` already are not."""
        gains = self.gains(exchange.leaves)
        gains[joined] = 0
        gains[[exchange.leaves, exchange.partner]] = 0
        joins = int(gains.argmax())
        return exchange._replace(joins=joins, counts=int(gains[joins]) + exchange.more if gains[joins] else 0)


class _Exchange(NamedTuple):
    """Who is left over then, whose partner they were, and what the new pair is worth more; whom they join, and what it counts.

    Who stays left over is noted as their own partner.
    """

    leaves: int
    partner: int
    more: int = 0
    joins: int = FREE
    counts: int = 0
