"""Groups and their certificate, looked at again by code that shares nothing with what found them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.checking.matches import Violation
from matching_service.engine.problem.certificate import Proof
from matching_service.engine.problem.grouping import Grouping, GroupRules, bound_of_groups

BoolArray = NDArray[np.bool_]
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
    stated, proven = grouping.upper_bound, bound_of_groups(proof, count // rules.smallest, grouping.people)
    if stated < grouping.value:
        return [Violation("value_above_bound", f"The groups are worth {grouping.value}, more than the bound of {stated}.")]
    if stated > max(proven, grouping.value) or not (grouping.exhaustive or stated == max(proven, grouping.value)):
        return [Violation("bound_not_proven", f"The prices prove {proven}, not {stated}.")]
    rows = range(0, count, 1 if people is None else max(1, count // people))
    group = undercut(weight, (rules.smallest, rules.largest), proof, rows, lambda group: not _broken(weight, rules, group, 0))
    return [Violation("price_too_low", f"The group {group} is worth more than its prices.")] if group else []


def undercut(
    weight: Int64Array, sizes: tuple[int, int], proof: Proof, rows: Sequence[int], allowed: Callable[[tuple[int, ...]], bool]
) -> tuple[int, ...]:
    """A group with one of these people that the prices do not cover; nobody where they cover all.

    ``allowed``: whether a group keeps the rules that are not rules of pairs. A bounded number of groups is looked at, as many
    of each person, those worth most first; of a person once they were looked at, none again.
    """
    over = proof.unit * (weight + 2 * proof.bonus) - proof.prices[:, None] - proof.prices[None, :]
    open_ = np.ones(len(weight), dtype=np.bool_)
    for one in rows:
        open_[one] = False
        group = _dearest(weight, over, sizes, proof, allowed, one, open_, _LOOKS // len(rows))
        if group:
            return group
    return ()


def _dearest(
    weight: Int64Array,
    over: Int64Array,
    sizes: tuple[int, int],
    proof: Proof,
    allowed: Callable[[tuple[int, ...]], bool],
    one: int,
    open_: BoolArray,
    left: int,
) -> tuple[int, ...]:
    """Grows groups around one person by whoever adds most, of those who are open; turns back where the best that could be
    added is not enough, and ends after ``left`` groups.
    """
    smallest, largest = sizes

    def look(group: tuple[int, ...], total: int, candidates: Int64Array, gains: Int64Array) -> tuple[int, ...]:
        nonlocal left
        left -= 1
        size = len(group)
        if size >= smallest and total > (size - 1) * proof.beyond and allowed(group):
            return group
        room = largest - size
        if not room or not len(candidates) or left < 0:
            return ()
        inside = np.where(weight[np.ix_(candidates, candidates)] > 0, over[np.ix_(candidates, candidates)], 0)
        best = np.sort(np.maximum(inside, 0), axis=1)[:, ::-1][:, : room - 1].sum(axis=1)
        promise = 2 * gains + best
        if 2 * total + int(np.sort(np.maximum(promise, 0))[::-1][:room].sum()) <= 0:
            return ()
        order = np.argsort(-promise, kind="stable")
        for place, at in enumerate(order.tolist()):
            joins, rest = candidates[at], order[place + 1 :]
            rest = rest[weight[joins, candidates[rest]] > 0]
            found = look(
                (*group, int(joins)), total + int(gains[at]), candidates[rest], gains[rest] + over[joins, candidates[rest]]
            )
            if found:
                return found
        return ()

    candidates = np.flatnonzero((weight[one] > 0) & open_)
    return look((one,), 0, candidates, over[one, candidates])


_LOOKS = 20_000
"""At so many groups, begun or complete, the check looks: some seconds' worth."""
