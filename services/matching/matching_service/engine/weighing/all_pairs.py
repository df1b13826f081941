"""Everybody against everybody, in threads: the sweeps of ``candidates`` over all blocks, and what they prove.

Prices here are for twice the worth, and may be below zero: a bonus for every pair is taken off the prices of both
sides in advance, so the same sweep serves with and without one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.core.graph import Graph, tie_breakers
from matching_service.engine.core.kernels import in_threads
from matching_service.engine.core.types import BoolArray, Int32Array, Int64Array
from matching_service.engine.problem.policy import Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.weighing.blocks import BLOCK, lay_out
from matching_service.engine.weighing.candidates import Lists, Sieve, enter_known, sweep
from matching_service.engine.weighing.profiles import RULES, Profiles, Terms
from matching_service.engine.weighing.scoring import all_pairs, alternatives, with_everybody

ReportShare = Callable[[float], None]
"""Called with the share of a sweep that is done; raises to end the sweep."""

_CHUNK: Final = 128
"""So many rows in a row see the same blocks when not all are looked at."""

_FREELY: Final = -(2**40)
"""A threshold anybody passes."""

_LOOKS: Final = 24
"""How many columns of a block are looked at for somebody whose list is not full yet."""


class Field:
    """The people of a population in an order in which those alike stand together, and the policy.

    ``order``: the position of the person in each place. ``active``: how many may have a partner at all; the others,
    who have no seat or share no language or hour with anybody, stand behind. ``juniors``: how many juniors stand before
    the seniors, where the policy distinguishes them.
    """

    def __init__(self, population: Population, policy: Policy, seed: int) -> None:
        self.population = population
        self.terms = Terms.of(policy, all_seated=bool(population.seats.all()))
        self.order, self.active = _alike_together(population, policy, seed)
        self.people = Profiles.of(population, policy, self.order)
        self.juniors = int((self.people.level[: self.active] <= self.terms.juniors_up_to).sum())
        self.skills = max(1, len(population.skill_names))
        self._sieve = Sieve.of(self.terms)
        everybody, halves = range(self.active), (range(self.juniors), range(self.juniors, self.active))
        # Whom with whom: the rows of a sweep and its columns; with roles, juniors with seniors and the other way round.
        self._sides = [(everybody, everybody)] if policy.juniors_up_to is None else [halves, halves[::-1]]

    def complete(self, report: ReportShare) -> Graph:
        """Every feasible pair of positive worth. Takes 16 bytes a pair."""
        report(0.0)
        found = in_threads(lambda part, parts: all_pairs(self.people, self.terms, self.skills, part, parts))
        report(1.0)
        u, v, weight = (np.concatenate(column) for column in zip(*found, strict=True))
        return Graph.empty(len(self.order)).merged(u, v, weight)

    def by_worth(self, size: int, seen: int, report: ReportShare) -> Lists:
        """For everybody the best partners out of some ``seen``, whole blocks of them."""
        return self.by_key(np.zeros(len(self.order), dtype=np.int64), None, size, seen, report)

    def by_key(self, price: Int64Array, known: Graph | None, size: int, seen: int, report: ReportShare) -> Lists:
        """For everybody the best partners at these prices, out of what is ``known`` and of some ``seen``."""
        lists = Lists.empty(len(self.order), size, np.full(len(self.order), _FREELY, dtype=np.int64))
        if known is not None:
            enter_known(lists, known.u, known.v, known.weight, price)
        for rows, columns in self._sides:
            stride = max(1, round(len(columns) / seen))
            shift = stride // 2 if known is not None else 0  # other blocks than the first time
            self._sweep(lists, price, rows, columns, report, stride=stride, shift=shift, most_looks=_LOOKS)
        return lists

    def join(self, price: Int64Array, margin: int, size: int, report: ReportShare, *, stride: int = 1, shift: int = 0) -> Lists:
        """For everybody the pairs with somebody behind them that are worth more than both prices less ``margin``.

        With roles every senior stands behind every junior.
        With ``stride`` 1 nothing is left out but what ``floors`` cover; else one of ``stride`` blocks is looked at,
        another one for another ``shift``.
        """
        lists = Lists.empty(len(self.order), size, price - margin)
        self._sweep(lists, price, *self._sides[0], report, stride=stride, shift=shift, upper=True)
        return lists

    def partners_of(self, rows: Int32Array, price: Int64Array, size: int, report: ReportShare) -> Lists:
        """The best partners of a few people, out of everybody."""
        lists = Lists.empty(len(self.order), size, np.full(len(self.order), _FREELY, dtype=np.int64))
        for side, columns in self._sides:
            self._sweep(lists, price, rows[(rows >= side.start) & (rows < side.stop)], columns, report)
        return lists

    def worths(self, place: int) -> Int64Array:
        """What the person in this place is worth with everybody: 0 where the two can be no pair."""
        return with_everybody(self.people, self.terms, self.skills, place)

    def can_meet(self, place: int, mate: Int32Array) -> BoolArray:
        """For everybody: whether they, their mate and this person share the hours and the language that the rules ask for."""
        people, rules = self.people, self.terms.rules
        shared = people.hours & people.hours[mate] & people.hours[place]
        enough: BoolArray = np.bitwise_count(shared).sum(axis=1) >= self.terms.min_common_hours
        if rules >> RULES.index("common_language") & 1:
            enough &= (people.languages & people.languages[mate] & people.languages[place]).any(axis=1)
        return enough

    def alternatives(self, rows: Int32Array) -> Int64Array:
        """For each of these people how many partners are possible; where none are, how many each rule removes.

        The last two columns: how many are worth nothing, and how many are possible. For those who can have no partner at
        all, only the rules that leave nobody are counted.
        """
        answer = np.zeros((len(rows), len(RULES) + 2), dtype=np.int64)
        alone = rows >= self.active
        everybody_else = len(self.order) - 1
        answer[alone, RULES.index("common_language")] = everybody_else * ~self.people.languages[rows[alone]].any(axis=1)
        answer[alone, RULES.index("common_hours")] = everybody_else * ~self.people.hours[rows[alone]].any(axis=1)
        answer[alone, RULES.index("no_seats")] = everybody_else * (self.people.seats[rows[alone]] == 0)
        for side, columns in self._sides:
            at = np.flatnonzero((rows >= side.start) & (rows < side.stop))
            found = in_threads(partial(self._alternatives, rows[at], columns))
            for part, of_part in enumerate(found):
                answer[at[part :: len(found)]] = of_part
        return answer

    def _alternatives(self, rows: Int32Array, columns: range, part: int, parts: int) -> Int64Array:
        some = np.ascontiguousarray(rows[part::parts])
        return alternatives(self.people, self.terms, self.skills, some, columns.start, columns.stop)

    def _sweep(
        self,
        lists: Lists,
        price: Int64Array,
        rows: Int32Array | range,
        columns: range,
        report: ReportShare,
        *,
        stride: int = 1,
        shift: int = 0,
        upper: bool = False,
        most_looks: int = 0,
    ) -> None:
        asking = np.asarray(rows, dtype=np.int32)
        blocks = columns[::BLOCK]
        ended = threading.Event()

        def report_or_end(share: float) -> None:
            try:
                report(share)
            except BaseException:
                ended.set()  # nobody waits for what the other threads would still find
                raise

        def work(part: int, parts: int) -> None:
            chunk = _CHUNK if len(asking) > parts * _CHUNK else 1
            mine = asking[(asking // chunk) % parts == part]
            for number, first in enumerate(blocks):
                if part == 0:
                    report_or_end(number / len(blocks))
                elif ended.is_set():
                    return
                seen = mine if stride == 1 else mine[(mine // _CHUNK + number + shift) % stride == 0]
                block = lay_out(self.people, self.skills, first, min(first + BLOCK, columns.stop))
                sweep(self.people, self.terms, self._sieve, block, seen, upper, price, lists, most_looks)

        in_threads(work)
        report(1.0)


def floors(lists: Lists, price: Int64Array, margin: int) -> Int64Array:
    """The least prices that still cover every pair a join left out.

    What row u left out is worth at most its last threshold t plus the price of v. So prices of at least p_v less half
    the margin, and of at least t_u plus half the margin, cover it, whoever of the two stood in front.
    """
    half = margin // 2
    return np.maximum(price - half, lists.threshold + half)


def edges_of(lists: Lists) -> tuple[Int32Array, Int32Array, Int64Array]:
    """Rows, columns and weights of what is listed."""
    listed = np.arange(lists.column.shape[1]) < lists.length[:, None]
    u = np.repeat(np.arange(len(lists.length), dtype=np.int32), lists.length)
    return u, lists.column[listed], lists.weight[listed].astype(np.int64)


def _alike_together(population: Population, policy: Policy, seed: int) -> tuple[Int64Array, int]:
    """An order by role, working day, what is sought, what is offered; and how many can have a partner at all."""
    count = len(population)
    words = np.ascontiguousarray(population.hours.astype("<u8"))
    hours: NDArray[np.uint8] = np.unpackbits(
        words.view(np.uint8).reshape(count, words.shape[1] * 8), axis=1, bitorder="little"
    )[:, :168]
    per_day = hours.reshape(count, 7, 24).max(axis=1) > 0
    begins = np.argmax(per_day & ~np.roll(per_day, 1, axis=1), axis=1)
    alone = population.seats == 0
    if policy.min_common_hours:
        alone |= ~per_day.any(axis=1)
    if policy.common_language:
        alone |= ~population.languages.any(axis=1)
    seeks = _first_of(population.seek_start, population.seek_skill)
    offers = _first_of(population.offer_start, population.offer_skill)
    senior = population.level > (-1 if policy.juniors_up_to is None else policy.juniors_up_to)
    order = np.lexsort((tie_breakers(count, seed), offers, seeks, begins, senior, alone))
    return order, count - int(alone.sum())


def _first_of(start: Int64Array, values: Int32Array) -> Int64Array:
    first = np.full(len(start) - 1, -1, dtype=np.int64)
    some = np.flatnonzero(np.diff(start))
    first[some] = values[start[some]]
    return first
