"""What everybody in a block of a thousand people (*columns*) gains from one person (a *row*), and the row from them.

For one block two tables are laid out in bytes: for every skill at which level each column *has* it, and for every skill and
level what each column *gains* from a partner at that level. What the row gains from all columns, and all columns from the row,
is then a sum of a dozen table rows, some thirty columns an instruction. Shares are rounded up to 1/240, so the sums are
never too low.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matching_service.engine.core.kernels import kernel, part
from matching_service.engine.core.types import Int32Array, UInt8Array, UInt64Array
from matching_service.engine.weighing.profiles import Profiles

BLOCK: Final = 1024
"""Columns of a block: its tables stay in the second-level cache."""

SHARE: Final = 240
"""One whole, in the bytes of the tables; sums saturate at 255, which is more than a whole and so still no lie."""

_LEVELS: Final = 5
_NO_ROW: Final = -1


class Block(NamedTuple):
    """The tables of the columns from ``first`` up to ``last``; ``has_row`` finds the row of a skill, ``gain_row`` that of a
    skill and level (-1: there is none). ``hours``: when anybody of them works.
    """

    first: int
    last: int
    has_row: Int32Array
    has: UInt8Array
    gain_row: Int32Array
    gain: UInt8Array
    hours: UInt64Array


def lay_out(people: Profiles, skills: int, first: int, last: int) -> Block:
    """The tables of a block of people."""
    has_row, gain_row = np.full(skills, _NO_ROW, np.int32), np.full(skills * _LEVELS, _NO_ROW, np.int32)
    has_rows, gain_rows = _number_rows(people, first, last, has_row, gain_row)
    has = np.zeros((has_rows, BLOCK), dtype=np.uint8)
    gain = np.zeros((gain_rows, BLOCK), dtype=np.uint8)
    _fill(people, first, last, has_row, has, gain_row, gain)
    return Block(first, last, has_row, has, gain_row, gain, np.bitwise_or.reduce(people.hours[first:last], axis=0))


@kernel
def _number_rows(people: Profiles, first: int, last: int, has_row: Int32Array, gain_row: Int32Array) -> tuple[int, int]:
    """Give a row to every skill that somebody has, and to every level from which somebody gains."""
    has_rows = gain_rows = 0
    for person in range(first, last):
        for offer in range(people.offer_start[person], people.offer_start[person + 1]):
            skill = people.offer_skill[offer]
            if has_row[skill] == _NO_ROW:
                has_row[skill] = has_rows
                has_rows += 1
        for want in range(people.want_start[person], people.want_start[person + 1]):
            for step in range(people.want_own[want], _LEVELS):
                at = people.want_skill[want] * _LEVELS + step
                if gain_row[at] == _NO_ROW:
                    gain_row[at] = gain_rows
                    gain_rows += 1
    return has_rows, gain_rows


@kernel
def _fill(
    people: Profiles, first: int, last: int, has_row: Int32Array, has: UInt8Array, gain_row: Int32Array, gain: UInt8Array
) -> None:
    for person in range(first, last):
        column = person - first
        for offer in range(people.offer_start[person], people.offer_start[person + 1]):
            has[has_row[people.offer_skill[offer]], column] = people.offer_level[offer]
        for want in range(people.want_start[person], people.want_start[person + 1]):
            for step in range(people.want_own[want], _LEVELS):
                steps = min(step + 1, people.want_top[want]) - people.want_own[want]
                share = _rounded_up(people.want_priority[want] * steps, people.wanted[person])
                gain[gain_row[people.want_skill[want] * _LEVELS + step], column] = share


@part
def _rounded_up(part: int, whole: int) -> int:
    return min(255, (SHARE * part + whole - 1) // whole)


@part
def gains(people: Profiles, block: Block, row: int, taken: UInt8Array, given: UInt8Array, takes: bool, gives: bool) -> None:
    """What the row gains from every column, and every column from the row: shares of 240, never too low; 0 if not asked."""
    taken[:] = 0
    given[:] = 0
    for want in range(people.want_start[row], people.want_start[row + 1] if takes else 0):
        at = block.has_row[people.want_skill[want]]
        if at != _NO_ROW:
            share = np.uint8(_rounded_up(people.want_priority[want], people.wanted[row]))
            _add_climb(taken, block.has, np.uint64(at), people.want_own[want], people.want_top[want], share)
    for offer in range(people.offer_start[row], people.offer_start[row + 1] if gives else 0):
        at = block.gain_row[people.offer_skill[offer] * _LEVELS + people.offer_level[offer] - 1]
        if at != _NO_ROW:
            _add_row(given, block.gain, np.uint64(at))


@part
def _add_climb(total: UInt8Array, table: UInt8Array, row: np.uint64, own: np.uint8, top: np.uint8, share: np.uint8) -> None:
    for column in range(np.uint64(BLOCK)):
        level = table[row, column]
        reached = min(top, level)
        steps = np.uint8(reached - own) if reached > own else np.uint8(0)
        before = total[column]
        after = np.uint8(before + np.uint8(steps * share))
        total[column] = after if after >= before else np.uint8(255)


@part
def _add_row(total: UInt8Array, table: UInt8Array, row: np.uint64) -> None:
    for column in range(np.uint64(BLOCK)):
        before = total[column]
        after = np.uint8(before + table[row, column])
        total[column] = after if after >= before else np.uint8(255)
