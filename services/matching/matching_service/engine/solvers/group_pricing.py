"""All groups that are worth more than the prices of their members, by depth-first search with a bound.

A group grows member by member, in the order of numbers, through people who can be with all it holds and share what all must.
What k more could add is at most what the k most promising candidates add to those inside, and half of their best k - 1 pairs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.core.kernels import kernel, part
from matching_service.engine.problem.grouping import GroupRules

BoolArray = NDArray[np.bool_]
Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
UInt64Array = NDArray[np.uint64]

_NEVER = -(2**61)


class Laws(NamedTuple):
    """Rules as arrays. ``masks``: a row for each person, all shared things side by side; ``first[k]`` to ``first[k + 1]``: the
    words of thing k, of which ``least[k]`` bits must be left when all of a group are combined.
    """

    smallest: int
    largest: int
    masks: UInt64Array
    first: Int64Array
    least: Int64Array
    roles: UInt64Array
    required: np.uint64

    @classmethod
    def of(cls, rules: GroupRules, n: int) -> Laws:
        """The rules for ``n`` people. Raises: ValueError where masks or roles are of another number of people."""
        columns = [np.ascontiguousarray(one.masks, dtype=np.uint64).reshape(len(one.masks), -1) for one in rules.shared]
        roles = rules.roles if rules.required else np.zeros(n, np.uint64)
        for what, rows in (("masks", column) for column in columns):
            if len(rows) != n:
                raise ValueError(f"A shared thing has {what} for {len(rows)} people; there are {n}.")
        if len(roles) != n:
            raise ValueError(f"There are roles for {len(roles)} people; there are {n}.")
        return cls(
            rules.smallest,
            rules.largest,
            np.concatenate(columns, axis=1) if columns else np.zeros((n, 0), np.uint64),
            np.cumsum([0, *(column.shape[1] for column in columns)]),
            np.array([one.least for one in rules.shared], dtype=np.int64),
            np.ascontiguousarray(roles, dtype=np.uint64),
            np.uint64(rules.required),
        )


@part
def bits(word: int) -> int:
    """How many bits are set."""
    count = 0
    while word:
        word &= word - np.uint64(1)
        count += 1
    return count


@part
def share_enough(laws: Laws, common: UInt64Array) -> bool:
    """Whether what is left in common is enough of each thing."""
    for thing in range(len(laws.least)):
        count = 0
        for word in range(laws.first[thing], laws.first[thing + 1]):
            count += bits(common[word])
            if count >= laws.least[thing]:
                break
        if count < laws.least[thing]:
            return False
    return True


@kernel
def groups_beyond(
    over: Int64Array, possible: BoolArray, laws: Laws, threshold: int, found: Int32Array, sizes: Int32Array, steps: int
) -> int:
    """Write every group whose sum of ``over`` exceeds ``threshold`` times (its size - 1) into ``found``; returns how many.

    ``over[i, j]``: what the pair is worth beyond both prices. ``possible[i, j]``: whether the two may be in one group. At most
    as many are written as ``found`` has rows; -1 says that there are more, or that the search took more than ``steps``.
    """
    n, words, largest, most = len(over), laws.masks.shape[1], laws.largest, len(found)
    best = _best_rows(over, possible, largest)
    member = np.zeros(largest + 1, np.int64)
    total = np.zeros(largest + 1, np.int64)
    common = np.zeros((largest + 1, max(1, words)), np.uint64)
    held = np.zeros(largest + 1, np.uint64)
    candidate = np.zeros((largest + 1, n), np.int32)
    gain = np.zeros((largest + 1, n), np.int64)
    length = np.zeros(largest + 1, np.int64)
    at = np.zeros(largest + 1, np.int64)
    top = np.zeros(largest + 1, np.int64)
    written = 0
    for first in range(n):
        member[0], total[1], held[1], at[1] = first, 0, laws.roles[first], 0
        for word in range(words):
            common[1, word] = laws.masks[first, word]
        if not share_enough(laws, common[1]):
            continue
        length[1] = 0
        for other in range(first + 1, n):
            if possible[first, other]:
                candidate[1, length[1]], gain[1, length[1]] = other, over[first, other]
                length[1] += 1
        depth = 1  # so many members are in
        while depth:
            if at[depth] == 0 and not _promising(
                depth, total[depth], candidate[depth], gain[depth], length[depth], best, threshold, laws, top
            ):
                at[depth] = length[depth]
            if at[depth] >= length[depth]:
                depth -= 1
                continue
            steps -= 1
            if steps < 0:
                return -1
            place = at[depth]
            at[depth] += 1
            joins = candidate[depth, place]
            for word in range(words):
                common[depth + 1, word] = common[depth, word] & laws.masks[joins, word]
            if not share_enough(laws, common[depth + 1]):
                continue
            member[depth] = joins
            total[depth + 1] = total[depth] + gain[depth, place]
            held[depth + 1] = held[depth] | laws.roles[joins]
            size = depth + 1
            if size >= laws.smallest and total[size] > threshold * (size - 1) and held[size] & laws.required == laws.required:
                if written == most:
                    return -1
                for one in range(size):
                    found[written, one] = member[one]
                sizes[written] = size
                written += 1
            if size == largest:
                continue
            length[size], at[size] = 0, 0
            for later in range(place + 1, length[depth]):
                other = candidate[depth, later]
                if possible[joins, other]:
                    candidate[size, length[size]] = other
                    gain[size, length[size]] = gain[depth, later] + over[joins, other]
                    length[size] += 1
            depth = size
    return written


@part
def _promising(
    depth: int,
    total: int,
    candidate: Int32Array,
    gain: Int64Array,
    length: int,
    best: Int64Array,
    threshold: int,
    laws: Laws,
    top: Int64Array,
) -> bool:
    """Whether some of the candidates could still make a group beyond the threshold, by the bound of the module."""
    for more in range(max(1, laws.smallest - depth), min(laws.largest - depth, length) + 1):
        for rank in range(more):
            top[rank] = _NEVER
        for place in range(length):
            promise = 2 * gain[place] + best[candidate[place], more - 1]
            rank = more - 1
            if promise > top[rank]:
                while rank > 0 and top[rank - 1] < promise:
                    top[rank] = top[rank - 1]
                    rank -= 1
                top[rank] = promise
        reach = 2 * total
        for rank in range(more):
            reach += top[rank]
        if reach > 2 * threshold * (depth + more - 1):
            return True
    return False


@kernel
def _best_rows(over: Int64Array, possible: BoolArray, largest: int) -> Int64Array:
    """For everybody the sum of their best 0, 1, 2, … pairs; far below zero where there are fewer."""
    n = len(over)
    best = np.zeros((n, largest + 1), np.int64)
    top = np.zeros(largest + 1, np.int64)
    for one in range(n):
        for rank in range(largest + 1):
            top[rank] = _NEVER // (largest + 1)
        for other in range(n):
            if possible[one, other]:
                rank = largest
                if over[one, other] > top[rank]:
                    while rank > 0 and top[rank - 1] < over[one, other]:
                        top[rank] = top[rank - 1]
                        rank -= 1
                    top[rank] = over[one, other]
        for rank in range(largest):
            best[one, rank + 1] = best[one, rank] + top[rank]
    return best
