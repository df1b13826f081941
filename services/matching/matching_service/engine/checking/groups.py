"""Groups and their certificate, looked at again by code that shares nothing with what found them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.checking.matches import Violation
from matching_service.engine.problem.grouping import Grouping, GroupProof, GroupRules

Int64Array = NDArray[np.int64]


def check_groups(weight: Int64Array, rules: GroupRules, grouping: Grouping, *, people: int | None = None) -> list[Violation]:
    """What is wrong with a grouping; nothing: every group keeps the rules, worths and value are right, and the bound holds.

    ``weight``: what every two people are worth together, as a square; 0 where they may not be. ``people``: for how many people,
    evenly spread, the proof is compared with all groups they could be in (None: everybody); that takes long for many.
    """
    violations: list[Violation] = []
    seen: set[int] = set()
    for number, (group, worth) in enumerate(zip(grouping.groups, grouping.worths, strict=True)):
        violations += _broken(weight, rules, group, number)
        if seen & set(group) or len(set(group)) < len(group):
            violations.append(Violation("person_twice", f"Somebody of group {number} is in another one too."))
        seen |= set(group)
        if worth != _worth(weight, group):
            violations.append(Violation("wrong_weight", f"Group {number} is worth {_worth(weight, group)}, not {worth}."))
    return violations or _unproven(weight, rules, grouping, people)


def _broken(weight: Int64Array, rules: GroupRules, group: tuple[int, ...], number: int) -> list[Violation]:
    if not rules.smallest <= len(group) <= rules.largest:
        return [Violation("rule_broken", f"Group {number} has {len(group)} people, not {rules.smallest} to {rules.largest}.")]
    apart = [two for two in combinations(group, 2) if weight[two] <= 0]
    if apart:
        return [Violation("rule_broken", f"In group {number}, {apart[0][0]} and {apart[0][1]} may not be together.")]
    for thing, shared in enumerate(rules.shared):
        common = [int(word) for word in np.bitwise_and.reduce(shared.masks.reshape(len(weight), -1)[list(group)], axis=0)]
        if sum(word.bit_count() for word in common) < shared.least:
            return [Violation("rule_broken", f"Group {number} has too little in common (thing {thing}).")]
    if rules.required:
        held = int(np.bitwise_or.reduce(rules.roles[list(group)]))
        if held & rules.required != rules.required:
            return [Violation("rule_broken", f"Nobody in group {number} has the roles {rules.required & ~held:b} (bits).")]
    return []


def _worth(weight: Int64Array, group: tuple[int, ...]) -> int:
    return sum(int(weight[two]) for two in combinations(group, 2)) // (len(group) - 1)


def _unproven(weight: Int64Array, rules: GroupRules, grouping: Grouping, people: int | None) -> list[Violation]:
    proof, count = grouping.proof, len(weight)
    if len(proof.prices) != count or proof.unit < 1 or (proof.prices < 0).any() or proof.beyond < 0:
        return [Violation("bound_not_proven", "A proof is a price for every person, none negative, and a unit of at least 1.")]
    stated, proven = grouping.upper_bound, proof.bound(count // rules.smallest, grouping.people)
    if stated < grouping.value:
        return [Violation("value_above_bound", f"The groups are worth {grouping.value}, more than the bound of {stated}.")]
    if stated > max(proven, grouping.value) or not (grouping.exhaustive or stated == max(proven, grouping.value)):
        return [Violation("bound_not_proven", f"The prices prove {proven}, not {stated}.")]
    step = 1 if people is None else max(1, count // people)
    for one in range(0, count, step):
        dear = _dearest(weight, rules, proof, one)
        if dear is not None:
            return [Violation("price_too_low", f"The group {dear} is worth more than its prices.")]
    return []


def _dearest(weight: Int64Array, rules: GroupRules, proof: GroupProof, one: int) -> tuple[int, ...] | None:
    """A group with this person, and others of higher number, that the prices do not cover; None where they cover all.

    Recursive, by what a pair is worth beyond its prices; where even the best that could be added is not enough, it turns back.
    """
    over = (proof.unit * (weight + 2 * proof.bonus) - proof.prices[:, None] - proof.prices[None, :]).tolist()
    things = [
        ([int.from_bytes(row.astype("<u8").tobytes(), "little") for row in shared.masks.reshape(len(weight), -1)], shared.least)
        for shared in rules.shared
    ]
    neighbours = [np.flatnonzero(row > 0).tolist() for row in weight]
    highest = [max((over[a][b] for b in neighbours[a]), default=0) for a in range(len(weight))]

    def look(group: tuple[int, ...], total: int, candidates: list[int], common: list[int]) -> tuple[int, ...] | None:
        size = len(group)
        if size >= rules.smallest and total > (size - 1) * proof.beyond and not _broken(weight, rules, group, 0):
            return group
        room = rules.largest - size
        if not room or not candidates:
            return None
        gains = sorted((sum(over[a][b] for b in group) + max(0, highest[a]) * (room - 1) / 2 for a in candidates), reverse=True)
        if total + sum(gain for gain in gains[:room] if gain > 0) <= 0:
            return None
        for place, joins in enumerate(candidates):
            left = [have & thing[0][joins] for have, thing in zip(common, things, strict=True)]
            if any(have.bit_count() < thing[1] for have, thing in zip(left, things, strict=True)):
                continue
            more = sum(over[joins][b] for b in group)
            rest = [a for a in candidates[place + 1 :] if weight[joins, a] > 0]
            found = look((*group, joins), total + more, rest, left)
            if found is not None:
                return found
        return None

    return look((one,), 0, [a for a in neighbours[one] if a > one], [thing[0][one] for thing in things])
