"""Groups of three and more: the best there are where they can be counted, and a bound that holds everywhere."""

from dataclasses import replace
from functools import lru_cache
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from matching_service.engine.checking.groups import check_groups
from matching_service.engine.problem.certificate import Proof
from matching_service.engine.problem.grouping import Grouping, GroupRules, Shared
from matching_service.engine.solvers.groups import MOST_PEOPLE, match_groups

Weights = NDArray[np.int64]


def office(people: int, seed: int, *, may_meet: float = 0.75, slots: int = 10, free: int = 5) -> tuple[Weights, Shared]:
    """What everybody is worth to everybody else, 0 where they may not meet, and when each has time."""
    rng = np.random.default_rng(seed)
    weight = np.zeros((people, people), dtype=np.int64)
    u, v = np.triu_indices(people, 1)
    weight[u, v] = np.where(rng.random(len(u)) < may_meet, rng.integers(1, 1_000_000, len(u)), 0)
    times = np.zeros((people, 1), dtype=np.uint64)
    for one in range(people):
        for slot in rng.choice(slots, free, replace=False):
            times[one, 0] |= np.uint64(1) << np.uint64(slot)
    return weight + weight.T, Shared(times, 1)


def grouped(weight: Weights, rules: GroupRules, *, coverage_first: bool = True, effort: float = 0.1, seed: int = 0) -> Grouping:
    u, v = np.nonzero(np.triu(weight))
    return match_groups(len(weight), u, v, weight[u, v], rules, coverage_first=coverage_first, effort=effort, seed=seed)


def best_by_counting(weight: Weights, rules: GroupRules, *, coverage_first: bool) -> tuple[int, int]:
    """People and worth of the best groups, by looking at all."""
    people = len(weight)
    possible: dict[int, tuple[int, int]] = {}
    for size in range(rules.smallest, rules.largest + 1):
        for group in combinations(range(people), size):
            if any(weight[two] == 0 for two in combinations(group, 2)):
                continue
            if any(
                int(np.bitwise_count(np.bitwise_and.reduce(shared.masks[list(group)], axis=0)).sum()) < shared.least
                for shared in rules.shared
            ):
                continue
            if rules.required and int(np.bitwise_or.reduce(rules.roles[list(group)])) & rules.required != rules.required:
                continue
            worth = sum(int(weight[two]) for two in combinations(group, 2)) // (size - 1)
            possible[sum(1 << one for one in group)] = (size, worth)
    starting = [[group for group in possible if group & -group == 1 << one] for one in range(people)]

    def merit(people: int, worth: int) -> tuple[int, int]:
        return (people, worth) if coverage_first else (worth, people)

    @lru_cache(None)
    def best(one: int, taken: int) -> tuple[int, int]:
        if one == people:
            return 0, 0
        answer = best(one + 1, taken)
        if not taken >> one & 1:
            for group in starting[one]:
                if not group & taken:
                    more = best(one + 1, taken | group)
                    answer = max(answer, (more[0] + possible[group][0], more[1] + possible[group][1]), key=lambda a: merit(*a))
        return answer

    return best(0, 0)


@pytest.mark.parametrize("seed", range(120))
def test_a_small_company_gets_the_best_groups_there_are(seed: int) -> None:
    people, first = 5 + seed % 7, seed % 2 == 0
    weight, times = office(people, seed)
    roles = np.uint64(1) << np.random.default_rng(seed).integers(0, 3, people).astype(np.uint64)
    rules = GroupRules(2 + seed % 3, 3 + seed % 3, (times,), roles, (0, 1, 3)[seed % 3])

    found = grouped(weight, rules, coverage_first=first, seed=seed)

    people_counted, worth_counted = best_by_counting(weight, rules, coverage_first=first)
    assert found.exhaustive
    assert found.value == found.upper_bound == worth_counted
    assert not first or found.people == found.most_people == people_counted
    assert check_groups(weight, rules, found) == []


def test_a_larger_company_gets_groups_that_keep_every_rule_and_a_bound_that_holds() -> None:
    weight, times = office(90, 3, may_meet=0.5)
    rules = GroupRules(4, 6, (times,))

    found = grouped(weight, rules)

    assert not found.exhaustive
    assert found.people >= 80
    assert found.value <= found.upper_bound
    assert check_groups(weight, rules, found, people=3) == []


def test_the_same_arguments_give_the_same_groups() -> None:
    weight, times = office(70, 5)
    rules = GroupRules(4, 8, (times,))

    assert grouped(weight, rules, seed=4).groups == grouped(weight, rules, seed=4).groups


def test_dividing_everybody_comes_before_what_it_is_worth() -> None:
    weight = np.full((8, 8), 1, dtype=np.int64)
    weight[:6, :6] = 1_000_000
    np.fill_diagonal(weight, 0)

    together = grouped(weight, GroupRules(4, 6))
    apart = grouped(weight, GroupRules(4, 6), coverage_first=False)

    assert (together.people, apart.people) == (8, 6)
    assert apart.value > together.value


def test_nobody_is_left_with_too_few_and_a_lonely_person_is_in_no_group() -> None:
    weight, times = office(9, 1, may_meet=1.0, free=10)
    weight[8, :] = weight[:, 8] = 0

    found = grouped(weight, GroupRules(4, 8, (times,)))

    assert {one for group in found.groups for one in group} == set(range(8))
    assert found.most_people == 8


@pytest.mark.parametrize("people", [0, 1, 3])
def test_too_few_people_make_no_group(people: int) -> None:
    weight, _ = office(people, 1, may_meet=1.0)

    found = grouped(weight, GroupRules(4, 8))

    assert (found.groups, found.value, found.upper_bound) == ((), 0, 0)


def test_a_role_nobody_has_leaves_everybody_without_a_team() -> None:
    weight, _ = office(8, 1, may_meet=1.0)

    found = grouped(weight, GroupRules(3, 6, roles=np.ones(8, np.uint64), required=3))

    assert (found.groups, found.upper_bound) == ((), 0)


def test_sizes_that_cannot_be_and_masks_of_others_are_refused() -> None:
    weight, times = office(8, 1)
    with pytest.raises(ValueError, match="Groups of 5 to 4"):
        GroupRules(5, 4)
    with pytest.raises(ValueError, match="masks for 8 people; there are 7"):
        grouped(weight[:7, :7], GroupRules(3, 4, (times,)))
    with pytest.raises(ValueError, match="Divide them first"):
        match_groups(MOST_PEOPLE + 1, [], [], [], GroupRules(4, 8))


def test_a_wrong_answer_is_found_out() -> None:
    weight, times = office(12, 2)
    rules = GroupRules(3, 4, (times,))
    right = grouped(weight, rules)
    low = replace(right.proof, prices=right.proof.prices // 2)

    assert check_groups(weight, rules, right) == []
    for wrong, code in (
        (replace(right, groups=(right.groups[0], right.groups[0], *right.groups[2:])), "person_twice"),
        (replace(right, worths=(right.worths[0] + 1, *right.worths[1:])), "wrong_weight"),
        (replace(right, upper_bound=right.value - 1), "value_above_bound"),
        (replace(right, upper_bound=10**12), "bound_not_proven"),
        (replace(right, proof=low), "price_too_low"),
        (replace(right, proof=Proof(right.proof.prices[:3], 1)), "bound_not_proven"),
        (replace(right, groups=(right.groups[0][:2], *right.groups[1:])), "rule_broken"),
    ):
        assert code in {violation.code for violation in check_groups(weight, rules, wrong)}, code
