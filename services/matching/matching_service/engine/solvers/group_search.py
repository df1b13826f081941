"""Large populations in groups: grown greedily, annealed by moves of one and two people, then divided anew two by two.

All randomness comes from one seed and all effort is counted in moves, so that the same arguments give the same groups.
The annealing follows Kirkpatrick, Gelatt and Vecchi (1983); dividing two groups anew looks at every way to do so, by subsets.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.core.kernels import kernel, part
from matching_service.engine.solvers.group_pricing import Laws, share_enough

BoolArray = NDArray[np.bool_]
Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
UInt64Array = NDArray[np.uint64]

_DIVIDED = 16
"""Two groups of at most so many people together are divided anew by looking at every way."""


def scale_of(largest: int) -> int:
    """What all worths are multiplied by, so that dividing by the size of a group less one leaves whole numbers."""
    return math.lcm(*range(1, largest))


@part
def _random(state: UInt64Array, below: int) -> int:
    """A number from 0 to below - 1 (xorshift64*, Vigna 2016)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return np.int64((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % below


@part
def _fits(weight: Int64Array, laws: Laws, members: Int32Array, size: int, leaves: int, joins: int) -> bool:
    """Whether a group, without the one who leaves and with the one who joins (-1: nobody), keeps all rules but its size."""
    words = laws.masks.shape[1]
    common = np.full(words, ~np.uint64(0), np.uint64)
    held = np.uint64(0)
    for place in range(size):
        one = members[place]
        if one == leaves:
            continue
        if joins >= 0 and weight[one, joins] == 0:
            return False
        held |= laws.roles[one]
        for word in range(words):
            common[word] &= laws.masks[one, word]
    if joins >= 0:
        held |= laws.roles[joins]
        for word in range(words):
            common[word] &= laws.masks[joins, word]
    return held & laws.required == laws.required and share_enough(laws, common)


@part
def _ties(weight: Int64Array, members: Int32Array, size: int, one: int, without: int) -> int:
    total = 0
    for place in range(size):
        if members[place] not in (one, without):
            total += weight[one, members[place]]
    return total


@part
def _worth(total: int, size: int, scale: int, bonus: int) -> int:
    """What a group counts: its worth and the bonus of its members, scaled. Nobody is worth nothing."""
    return total * scale // (size - 1) + bonus * size if size > 1 else 0


@kernel
def grow(weight: Int64Array, laws: Laws, target: int, order: Int32Array, group: Int32Array) -> int:
    """Fill groups one after the other, the hardest person first, with whoever adds most; returns how many there are."""
    groups = 0
    members = np.zeros(laws.largest, np.int32)
    for first in order:
        if group[first] >= 0:
            continue
        members[0], size = first, 1
        while size < target:
            best, adds = -1, -1
            for other in order:
                if group[other] >= 0 or weight[first, other] == 0:
                    continue
                total, allowed = 0, True
                for place in range(size):
                    if members[place] == other or weight[members[place], other] == 0:
                        allowed = False
                        break
                    total += weight[members[place], other]
                if allowed and total > adds and _shared_by(laws, members, size, other):
                    best, adds = other, total
            if best < 0:
                break
            members[size] = best
            size += 1
        held = np.uint64(0)
        for place in range(size):
            held |= laws.roles[members[place]]
        if size >= laws.smallest and held & laws.required == laws.required:
            for place in range(size):
                group[members[place]] = groups
            groups += 1
    return groups


@part
def _shared_by(laws: Laws, members: Int32Array, size: int, joins: int) -> bool:
    words = laws.masks.shape[1]
    common = np.zeros(words, np.uint64)
    for word in range(words):
        common[word] = laws.masks[joins, word]
        for place in range(size):
            common[word] &= laws.masks[members[place], word]
    return share_enough(laws, common)


@kernel
def anneal(
    weight: Int64Array,
    laws: Laws,
    near: Int32Array,
    group: Int32Array,
    groups: int,
    scale: int,
    bonus: int,
    moves: int,
    hot: float,
    cold: float,
    seed: int,
) -> None:
    """Improve ``group`` in place by ``moves`` tries: to move somebody into another group, or to exchange two people.

    ``near``: the best partners of each person, by rows. A try that loses d is kept with probability exp(-d / temperature),
    which falls from ``hot`` to ``cold``. The best state seen is what is left at the end.
    """
    n = len(weight)
    state = np.zeros(1, np.uint64)
    state[0] = np.uint64(seed + 1) * np.uint64(0x9E3779B97F4A7C15)  # near seeds, far states
    members = np.full((groups, laws.largest), -1, np.int32)
    size = np.zeros(groups, np.int64)
    total = np.zeros(groups, np.int64)
    for one in range(n):
        g = group[one]
        if g >= 0:
            total[g] += _ties(weight, members[g], size[g], one, -1)
            members[g, size[g]] = one
            size[g] += 1
    value = best = 0
    best_group = group.copy()
    temperature = hot
    cooling = (cold / hot) ** (1.0 / max(1, moves // 256))
    for move in range(moves):
        if move % 256 == 255:
            temperature *= cooling
        one = _random(state, n)
        other = near[one, _random(state, near.shape[1])] if _random(state, 4) else _random(state, n)
        if other < 0 or other == one:
            continue
        a, b = group[one], group[other]
        if a == b:
            continue
        relocate = b >= 0 and size[b] < laws.largest and (a < 0 or size[a] > laws.smallest) and _random(state, 2) == 0
        gained = 0
        new_a = new_b = 0
        if relocate:
            if not _fits(weight, laws, members[b], size[b], -1, one):
                continue
            if a >= 0 and not _fits(weight, laws, members[a], size[a], one, -1):
                continue
            new_b = total[b] + _ties(weight, members[b], size[b], one, -1)
            gained = _worth(new_b, size[b] + 1, scale, bonus) - _worth(total[b], size[b], scale, bonus)
            if a >= 0:
                new_a = total[a] - _ties(weight, members[a], size[a], one, -1)
                gained += _worth(new_a, size[a] - 1, scale, bonus) - _worth(total[a], size[a], scale, bonus)
        else:
            # The partner in the exchange is a member of the group the other one is in, so that they come to be together.
            if b >= 0:
                other = members[b, _random(state, size[b])]
            if a >= 0 and not _fits(weight, laws, members[a], size[a], one, other):
                continue
            if b >= 0 and not _fits(weight, laws, members[b], size[b], other, one):
                continue
            if a >= 0:
                new_a = total[a] - _ties(weight, members[a], size[a], one, -1) + _ties(weight, members[a], size[a], other, one)
                gained += _worth(new_a, size[a], scale, bonus) - _worth(total[a], size[a], scale, bonus)
            if b >= 0:
                new_b = (
                    total[b] - _ties(weight, members[b], size[b], other, -1) + _ties(weight, members[b], size[b], one, other)
                )
                gained += _worth(new_b, size[b], scale, bonus) - _worth(total[b], size[b], scale, bonus)
        if gained < 0 and (_random(state, 1 << 30) + 0.5) / (1 << 30) >= math.exp(gained / temperature):
            continue
        if a >= 0:
            total[a] = new_a
            _replace(members[a], size, a, one, -1 if relocate else other)
        if b >= 0:
            total[b] = new_b
            _replace(members[b], size, b, -1 if relocate else other, one)
        group[one] = b
        if not relocate:
            group[other] = a
        value += gained
        if value > best:
            best = value
            best_group[:] = group
    group[:] = best_group


@part
def _replace(members: Int32Array, size: Int64Array, g: int, leaves: int, joins: int) -> None:
    place = size[g]
    for at in range(size[g]):
        if members[at] == leaves:
            place = at
    if joins >= 0:
        members[place] = joins
        if place == size[g]:
            size[g] += 1
    else:
        members[place] = members[size[g] - 1]
        members[size[g] - 1] = -1
        size[g] -= 1


@kernel
def divide_anew(weight: Int64Array, laws: Laws, group: Int32Array, groups: int, scale: int, near: int, rounds: int) -> int:
    """Divide two groups' people between them in the best way, for every group with the ``near`` ones it has most to do with.

    Goes on until nothing changes, at most ``rounds`` times; returns what was gained in all, scaled.
    """
    n = len(weight)
    members = np.full((groups, laws.largest), -1, np.int32)
    size = np.zeros(groups, np.int64)
    for one in range(n):
        if group[one] >= 0:
            members[group[one], size[group[one]]] = one
            size[group[one]] += 1
    changed = np.ones(groups, np.bool_)
    cross = np.zeros(groups, np.int64)
    gained = 0
    for _ in range(rounds):
        open_, changed = changed, np.zeros(groups, np.bool_)
        for g in range(groups):
            cross[:] = 0
            for place in range(size[g]):
                one = members[g, place]
                for other in range(n):
                    if group[other] >= 0:
                        cross[group[other]] += weight[one, other]
            cross[g] = -1
            for _ in range(min(near, groups - 1)):
                h = np.argmax(cross)
                if cross[h] <= 0:
                    break
                cross[h] = -1
                if (open_[g] or open_[h] or changed[g] or changed[h]) and size[g] + size[h] <= _DIVIDED:
                    more = _divide_two(weight, laws, members, size, g, h, scale)
                    if more > 0:
                        gained += more
                        changed[g] = changed[h] = True
                        for place in range(size[g]):
                            group[members[g, place]] = g
                        for place in range(size[h]):
                            group[members[h, place]] = h
        if not changed.any():
            break
    return gained


@part
def _divide_two(weight: Int64Array, laws: Laws, members: Int32Array, size: Int64Array, g: int, h: int, scale: int) -> int:
    """The best division of two groups, by the value of every subset; writes it and returns what it gains."""
    people = np.concatenate((members[g, : size[g]], members[h, : size[h]]))
    count, words = len(people), laws.masks.shape[1]
    subsets = 1 << count
    value = np.full(subsets, -1, np.int64)  # of possible groups, scaled
    total = np.full(subsets, -1, np.int64)  # of possible subsets
    total[0] = 0
    common = np.full((subsets, max(1, words)), ~np.uint64(0), np.uint64)
    held = np.zeros(subsets, np.uint64)
    popcount = np.zeros(subsets, np.int64)
    for subset in range(1, subsets):
        low = 0
        while not subset >> low & 1:
            low += 1
        rest = subset & (subset - 1)
        popcount[subset] = popcount[rest] + 1
        if total[rest] < 0 or popcount[subset] > laws.largest:
            continue
        tied, allowed = 0, True
        for place in range(low + 1, count):
            if rest >> place & 1:
                if weight[people[low], people[place]] == 0:
                    allowed = False
                    break
                tied += weight[people[low], people[place]]
        if not allowed:
            continue
        for word in range(words):
            common[subset, word] = common[rest, word] & laws.masks[people[low], word]
        if words and not share_enough(laws, common[subset]):
            continue
        held[subset] = held[rest] | laws.roles[people[low]]
        total[subset] = total[rest] + tied
        if popcount[subset] >= laws.smallest and held[subset] & laws.required == laws.required:
            value[subset] = total[subset] * scale // (popcount[subset] - 1)
    present = (1 << size[g]) - 1
    full = subsets - 1
    now = value[present] + value[full ^ present]
    best, chosen = now, present
    for subset in range(1, subsets, 2):
        if value[subset] >= 0 and value[full ^ subset] >= 0 and value[subset] + value[full ^ subset] > best:
            best, chosen = value[subset] + value[full ^ subset], subset
    if best > now:
        size[g] = size[h] = 0
        for place in range(count):
            to = g if chosen >> place & 1 else h
            members[to, size[to]] = people[place]
            size[to] += 1
    return best - now
