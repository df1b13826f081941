"""Who is worth a closer look: the best partners of everybody, out of all pairs, a block of a thousand people at a time.

What a person (a *row*) gains from everybody in a block (*columns*), and they from that person, is a sum of bytes that is
never too low (``blocks``). So only pairs whose upper bound passes the threshold are ruled and weighed exactly.

``sweep`` keeps for every row its best columns by twice the worth minus the column's price. With thresholds taken from
prices it is an exact join: what it leaves out provably is not worth more than its *floor* (see ``floors``).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matching_service.engine.core.kernels import kernel, part
from matching_service.engine.core.types import Int32Array, Int64Array, UInt8Array
from matching_service.engine.problem.policy import MICRO
from matching_service.engine.weighing.blocks import BLOCK, SHARE, Block, gains
from matching_service.engine.weighing.profiles import Profiles, Terms
from matching_service.engine.weighing.scoring import (
    bring_in,
    broken_rules,
    context_at_most,
    focus_for,
    is_junior,
    take_out,
    worth,
)

_RANGE: Final = 120
"""How many units of toll a price may lie below the middle of its block before its column always passes."""

_WORTH_A_LOOK: Final = 32
"""How far, in units of the half bound, a column may lie behind the best of its block to be looked at for an empty list."""


class Lists(NamedTuple):
    """For every row its best columns, best first: ``key`` is twice the worth minus the column's price.

    ``length``: how many there are; ``threshold``: what a column must exceed to be listed.
    """

    length: Int32Array
    column: Int32Array
    weight: Int32Array
    key: Int64Array
    threshold: Int64Array

    @classmethod
    def empty(cls, rows: int, size: int, threshold: Int64Array) -> Lists:
        """Lists of up to ``size`` columns for every row."""
        return cls(
            length=np.zeros(rows, dtype=np.int32),
            column=np.zeros((rows, size), dtype=np.int32),
            weight=np.zeros((rows, size), dtype=np.int32),
            key=np.zeros((rows, size), dtype=np.int64),
            threshold=threshold.copy(),
        )


class Sieve(NamedTuple):
    """Two bounds on twice the worth of a pair beyond its context, for the bytes of the weaker and the stronger side.

    It is at most ``half`` (weaker + stronger / 2), and at most ``eighth`` (weaker + stronger / 8); ``context`` is
    twice what the context can add. The worth without context is concave and grows in proportion, so each of its
    tangent planes bounds it everywhere; these two touch where the sides differ little, and where they differ much.
    With roles the junior stands for the weaker side and the senior for the stronger one, whoever gains more.
    """

    half: float
    eighth: float
    context: int

    @classmethod
    def of(cls, terms: Terms) -> Sieve:
        """The bounds for a policy."""
        return cls(_plane(terms, 1 / 2), _plane(terms, 1 / 8), 2 * terms.context + 2)


def _plane(terms: Terms, ratio: float) -> float:
    """The steepness towards the weaker side of a tangent plane that is ``ratio`` as steep towards the stronger one."""

    def slopes(balance: float) -> tuple[float, float]:
        shared = terms.both_sides / 2
        return (
            2 * terms.weaker_side / (1 + balance) ** 2 + shared + terms.junior_side,
            2 * terms.weaker_side * (balance / (1 + balance)) ** 2 + shared,
        )

    low, high = 0.0, 1.0 if terms.juniors_up_to < 0 else 64.0
    for _ in range(40):
        middle = (low + high) / 2
        to_weaker, to_stronger = slopes(middle)
        low, high = (low, middle) if to_stronger >= ratio * to_weaker else (middle, high)
    to_weaker, to_stronger = slopes(high)
    return max(2 * max(to_weaker, to_stronger / ratio) / SHARE, 1e-9)


@kernel
def sweep(
    people: Profiles,
    terms: Terms,
    sieve: Sieve,
    block: Block,
    rows: Int32Array,
    upper: bool,
    price: Int64Array,
    lists: Lists,
    most_looks: int,
) -> int:
    """Enter the columns of a block into the lists of the rows; returns how many pairs were weighed exactly.

    ``upper``: only columns behind the row (each pair once). ``most_looks``: how many columns are looked at for a row
    whose list is not full yet; only good candidates are asked for then, not all of them. 0: everything above the
    threshold is listed.
    """
    width = block.last - block.first
    taken, given = np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.uint8)
    passes = np.zeros(BLOCK, np.uint8)
    eight = passes.view(np.uint64)
    half_toll, eighth_toll = np.zeros(BLOCK, np.uint8), np.zeros(BLOCK, np.uint8)
    always = np.zeros(BLOCK, np.uint8)
    cheapest = _tolls(price[block.first : block.last], sieve, half_toll, eighth_toll, always)
    size = lists.column.shape[1]
    roles = terms.juniors_up_to >= 0
    one_sided = roles and terms.weaker_side + terms.both_sides == 0  # what a senior gains counts nothing
    focus = focus_for(len(block.has_row))
    weighed = 0
    for row in rows:
        if upper and row >= block.last - 1:
            continue
        if _never_meet(people, terms, block, row):
            continue
        junior = is_junior(people, terms, row)
        gains(people, block, row, taken, given, not one_sided or junior, not one_sided or not junior)
        one, other = (taken, given) if junior or not roles else (given, taken)
        beyond = lists.threshold[row] + cheapest - sieve.context
        half_need, eighth_need = _need(beyond, sieve.half), _need(beyond, sieve.eighth)
        looks = most_looks if lists.length[row] < size else 0
        if looks:
            half_need = max(half_need, _best(one, other, roles, half_toll, always) - _WORTH_A_LOOK)
        _sift(one, other, roles, half_need, half_toll, eighth_need, eighth_toll, always, passes)
        in_focus = False
        for word in range(BLOCK // 8):
            if eight[word] == 0:
                continue
            for column in range(8 * word, min(8 * word + 8, width)):
                if not passes[column]:
                    continue
                partner = np.int32(block.first + column)
                if partner == row or (upper and partner < row):
                    continue
                bar = lists.threshold[row] + price[partner]
                if broken_rules(people, terms, row, partner, False):
                    continue
                context = context_at_most(people, terms, row, partner)
                if 2 * _ceiling(terms, one[column], other[column], context) <= bar:
                    continue
                if not in_focus:
                    bring_in(people, focus, row)
                    in_focus = True
                weighed += 1
                weight = worth(people, terms, focus, row, partner)
                if weight > 0 and 2 * weight > bar:
                    _enter(lists, row, partner, weight, 2 * weight - price[partner])
                if looks:
                    looks -= 1
                    if not looks:
                        break
            if most_looks and not looks and lists.length[row] < size:
                break
        if in_focus:
            take_out(people, focus, row)
    return weighed


@part
def _tolls(price: Int64Array, sieve: Sieve, half_toll: UInt8Array, eighth_toll: UInt8Array, always: UInt8Array) -> int:
    """What each column's price asks beyond the price returned, which is as low as a byte of toll lets it be.

    A column far cheaper than most of its block always passes: one of them must not make the others free.
    """
    base = np.sort(price)[len(price) // 2] - np.int64(_RANGE * sieve.half)
    cheapest = max(base, price.min())
    for column in range(len(price)):
        dearer = max(0, price[column] - cheapest)
        half_toll[column] = min(255.0, dearer / sieve.half)
        eighth_toll[column] = min(255.0, dearer / sieve.eighth)
        always[column] = price[column] < cheapest
    return cheapest


@part
def _never_meet(people: Profiles, terms: Terms, block: Block, row: int) -> bool:
    """Whether the row has no hour in common with anybody in the block, and the policy asks for one."""
    if terms.min_common_hours == 0:
        return False
    shared = np.uint64(0)
    for word in range(people.hours.shape[1]):
        shared |= people.hours[row, word] & block.hours[word]
    return shared == 0


@part
def _need(beyond: int, steepness: float) -> int:
    """What the bytes of both sides must add up to, rounded in favour of the pair."""
    return int(min(255.0, max(-255.0, np.floor(beyond / steepness) - 1)))


@part
def _best(taken: UInt8Array, given: UInt8Array, roles: bool, half_toll: UInt8Array, always: UInt8Array) -> int:
    """The best column's weaker side plus half its stronger side, beyond its toll; who always passes is no measure."""
    best = np.int16(-255)
    for column in range(np.uint64(BLOCK)):
        one, other = np.int16(taken[column]), np.int16(given[column])
        weaker = one if roles or one < other else other
        stronger = other if roles or one < other else one
        beyond = np.int16(
            weaker + np.int16(stronger >> 1) - np.int16(half_toll[column]) - np.int16(255) * np.int16(always[column])
        )
        best = max(best, beyond)
    return int(best)


@part
def _sift(
    taken: UInt8Array,
    given: UInt8Array,
    roles: bool,
    half_need: int,
    half_toll: UInt8Array,
    eighth_need: int,
    eighth_toll: UInt8Array,
    always: UInt8Array,
    passes: UInt8Array,
) -> None:
    """Which columns reach both needs plus their tolls, or pass always; a need below zero is taken off the tolls."""
    half_base, half_relief = np.uint8(max(half_need, 0)), np.uint8(max(-half_need, 0))
    eighth_base, eighth_relief = np.uint8(max(eighth_need, 0)), np.uint8(max(-eighth_need, 0))
    for column in range(np.uint64(BLOCK)):
        one, other = taken[column], given[column]
        weaker = one if roles or one < other else other
        stronger = other if roles or one < other else one
        half = np.uint8(weaker + (stronger >> np.uint8(1)))
        half = half if half >= weaker else np.uint8(255)
        eighth = np.uint8(weaker + (stronger >> np.uint8(3)))
        eighth = eighth if eighth >= weaker else np.uint8(255)
        half_asked = np.uint8(half_toll[column] - half_relief) if half_toll[column] > half_relief else np.uint8(0)
        half_asked = np.uint8(half_asked + half_base) if np.uint8(half_asked + half_base) >= half_asked else np.uint8(255)
        asked = np.uint8(eighth_toll[column] - eighth_relief) if eighth_toll[column] > eighth_relief else np.uint8(0)
        asked = np.uint8(asked + eighth_base) if np.uint8(asked + eighth_base) >= asked else np.uint8(255)
        passes[column] = np.uint8(half >= half_asked) & np.uint8(eighth >= asked) | always[column]


@part
def _ceiling(terms: Terms, taken: np.uint8, given: np.uint8, context: int) -> int:
    """What a pair is worth at most, in micro-units, if the context is worth at most ``context``; a junior comes first."""
    one, other = min(1.0, taken / SHARE), min(1.0, given / SHARE)
    both = one + other
    weaker = 2.0 * one * other / both if both > 0 else 0.0
    sides = terms.weaker_side * weaker + terms.both_sides * both / 2 + terms.junior_side * one
    return np.int64(sides + terms.context * (context / MICRO)) + 2


@part
def _enter(lists: Lists, row: int, column: int, weight: int, key: int) -> None:
    """Put a column into a row's list, best first, ties by place; the last one falls out of a full list."""
    size = lists.column.shape[1]
    at = lists.length[row]
    if at == size:
        at -= 1
        if (lists.key[row, at], -lists.column[row, at]) >= (key, -column):
            return
    else:
        lists.length[row] += 1
    while at > 0 and (lists.key[row, at - 1], -lists.column[row, at - 1]) < (key, -column):
        lists.column[row, at] = lists.column[row, at - 1]
        lists.weight[row, at] = lists.weight[row, at - 1]
        lists.key[row, at] = lists.key[row, at - 1]
        at -= 1
    lists.column[row, at], lists.weight[row, at], lists.key[row, at] = column, weight, key
    if lists.length[row] == size:
        lists.threshold[row] = max(lists.threshold[row], lists.key[row, size - 1])


@kernel
def enter_known(lists: Lists, u: Int32Array, v: Int32Array, weight: Int64Array, price: Int64Array) -> None:
    """Enter edges that are known already, at both their ends."""
    for edge in range(len(u)):
        one, other = u[edge], v[edge]
        _enter(lists, one, other, weight[edge], 2 * weight[edge] - price[other])
        _enter(lists, other, one, weight[edge], 2 * weight[edge] - price[one])
