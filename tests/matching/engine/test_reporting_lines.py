"""Who is above or below in the reporting line is never matched, as far as the program chose: against a walk up the managers."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Literal
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_service.engine import (
    Policy,
    Population,
    check_bound,
    check_matches,
    explain_rules,
    format_of,
    match_population,
)
from matching_service.engine.checking import matches as checker
from matching_service.engine.checking.worths import Everybody
from matching_service.engine.problem.policy import ANY_DEPTH
from matching_service.engine.weighing.profiles import RULES, Profiles, Terms
from matching_service.engine.weighing.scoring import all_pairs
from tests.matching.engine.people import A_MONDAY, company, number, person, population

Line = Literal["whole-line", "off"] | int
Managers = dict[UUID, UUID]

PEOPLE, OUTSIDERS = 9, 4


@st.composite
def managers(draw: st.DrawFn) -> Managers:
    """Managers of people 0 to 8 and of four who take no part; anybody may lead anybody, so there are circles and loners too."""
    everybody = range(PEOPLE + OUTSIDERS)
    lead = st.none() | st.sampled_from(everybody)
    chosen = {one: draw(lead) for one in everybody}
    return {number(one): number(manager) for one, manager in chosen.items() if manager is not None}


lines: st.SearchStrategy[Line] = st.sampled_from(["whole-line", "off"]) | st.integers(1, 6)


def led(managers: Managers) -> Population:
    people = [person(n, manager_id=managers.get(number(n))) for n in range(PEOPLE)]
    return Population.of(people, A_MONDAY, managers)


def levels_above(managers: Managers, one: UUID, other: UUID) -> int | None:
    """How many levels ``one`` is above ``other``; None: not at all."""
    seen, manager = {other}, managers.get(other)
    levels = 1
    while manager is not None and manager not in seen:
        if manager == one:
            return levels
        seen.add(manager)
        manager, levels = managers.get(manager), levels + 1
    return None


def forbidden(managers: Managers, policy: Policy) -> set[tuple[int, int]]:
    """The pairs the reporting line keeps apart, by walking up from each of the two; what the policy means, said once more."""
    stored = policy.reporting_line_depth
    line = policy.reporting_line if stored is None else stored or "off"
    deepest = {"whole-line": 100, "off": 0}.get(line, line)
    same_manager_too = bool(stored) if stored is not None else not policy.same_manager
    found = set()
    for a, b in combinations(range(PEOPLE), 2):
        one, other = number(a), number(b)
        apart = [levels_above(managers, one, other), levels_above(managers, other, one)]
        if any(levels is not None and levels <= deepest for levels in apart):
            found.add((a, b))
        mine, yours = (None if managers.get(who) == who else managers.get(who) for who in (one, other))
        if same_manager_too and mine is not None and mine == yours:
            found.add((a, b))
    return found


def policies(line: Line, same_manager: bool) -> list[Policy]:
    free = {"min_common_hours": 0, "common_language": False}
    return [Policy(reporting_line=line, same_manager=same_manager, **free)] + [
        Policy(reporting_line_depth=depth, **free) for depth in (0, 1, 2, 5)
    ]


@given(managers(), lines, st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_kernels_and_the_checker_keep_apart_whom_a_walk_up_the_managers_finds(
    managers: Managers, line: Line, same_manager: bool
) -> None:
    people = led(managers)
    members = [people.member(n) for n in range(PEOPLE)]
    for policy in policies(line, same_manager):
        expected = forbidden(managers, policy)
        u, v, _ = all_pairs(Profiles.of(people, policy), Terms.of(policy), 1, 0, 1)
        allowed = set(zip(u.tolist(), v.tolist(), strict=True))
        everybody = Everybody(people, policy)
        rows = {(a, b) for a in range(PEOPLE) for b in np.flatnonzero(~everybody._forbidden(a)).tolist() if a < b}
        pairs = {
            (a, b) for a, b in combinations(range(PEOPLE), 2) if not any(checker.broken_rules(policy, members[a], members[b]))
        }
        every_pair = set(combinations(range(PEOPLE), 2))
        assert (allowed, rows, pairs) == (every_pair - expected,) * 3


@given(managers(), lines, st.booleans(), st.permutations(range(PEOPLE)))
@settings(max_examples=50, deadline=None)
def test_the_order_in_which_people_stand_changes_nothing(
    managers: Managers, line: Line, same_manager: bool, order: list[int]
) -> None:
    people, (policy, *_) = led(managers), policies(line, same_manager)
    u, v, _ = all_pairs(Profiles.of(people, policy, np.array(order)), Terms.of(policy), 1, 0, 1)

    allowed = {tuple(sorted((order[a], order[b]))) for a, b in zip(u.tolist(), v.tolist(), strict=True)}

    assert allowed == set(combinations(range(PEOPLE), 2)) - forbidden(managers, policy)


@pytest.mark.parametrize("lines", [1, 31], ids=["weighed one by one", "compared by blocks"])
def test_two_of_one_line_are_apart_however_many_managers_stand_between_them(lines: int) -> None:
    people = population(
        *(
            person(100 * line + n, manager_id=number(100 * line + n - 1) if n else None, languages=(f"language-{line}",))
            for line in range(lines)
            for n in range(100)
        )
    )

    whole = match_population(people, Policy(reporting_line="whole-line"))
    fifty = match_population(people, Policy(reporting_line=50, same_manager=True))

    assert {one.why for one in whole.unmatched} == {"no_feasible_partner"}
    assert all(one.removed["reporting_line"] == 99 for one in whole.unmatched)
    assert len(whole.unmatched) == 100 * lines
    assert len(fifty.pairs) == 49 * lines
    assert all(int(pair.b) - int(pair.a) > 50 for pair in fifty.pairs)


def test_who_is_left_over_learns_whether_it_was_the_line_or_the_manager_both_have() -> None:
    manager, ann, bob = person(0), person(1, manager_id=number(0)), person(2, manager_id=number(0))
    team = population(manager, ann, bob)

    def removed(**choice: Any) -> dict[int, dict[str, int]]:
        unmatched = match_population(team, Policy(**choice)).unmatched
        return {int(one.person) - 1: one.removed for one in unmatched if one.why == "no_feasible_partner"}

    chosen = removed(reporting_line="whole-line")
    assert chosen == {0: {"reporting_line": 2}, 1: {"reporting_line": 1, "same_manager": 1}, 2: chosen[1]}
    assert removed(reporting_line="whole-line", same_manager=True) == {0: {"reporting_line": 2}}
    assert removed(reporting_line="off") == {}
    assert removed(reporting_line_depth=2) == {who: {"reporting_line": 2} for who in range(3)}, "as runs stored before have it"


@pytest.mark.parametrize("choice", ["whole-line", 1, 3, "off"])
@pytest.mark.parametrize("same_manager", [False, True])
def test_a_company_is_matched_as_its_program_chose_and_passes_the_check(choice: Line, same_manager: bool) -> None:
    people, format_ = company(300, seed=8), format_of("one-to-one")
    policy = format_.policy(format_.options({"reporting_line": choice, "same_manager": same_manager}))

    matched = match_population(people, policy, target_gap=0.0)

    assert check_matches(people, policy, matched) + check_bound(people, policy, matched) == []
    assert len(matched.pairs) > 140


def test_a_program_that_chose_nothing_has_the_whole_line_and_the_same_manager_apart() -> None:
    for name, options in (("one-to-one", {}), ("junior-senior", {"junior_up_to_level": 3})):
        format_ = format_of(name)
        policy = format_.policy(format_.options(options))

        assert (policy.reporting_line, policy.same_manager, policy.reporting_line_depth) == ("whole-line", False, None)
        assert policy.line_levels == ANY_DEPTH
        assert policy.version == {"one-to-one": 3, "junior-senior": 2}[name]


def test_the_explanation_names_what_was_chosen() -> None:
    def rules(**choice: Any) -> tuple[str | None, str | None]:
        explained = explain_rules(Policy(**choice))
        return explained.get("reporting_line"), explained.get("same_manager")

    above_or_below = "Nobody is matched with somebody above or below them in the reporting line"
    same = "Two people who report to the same manager are not matched."
    assert rules(reporting_line="whole-line") == (f"{above_or_below}, at any depth.", same)
    assert rules(reporting_line=1, same_manager=True) == (f"{above_or_below}, up to 1 level.", None)
    assert rules(reporting_line="off") == (None, same)
    assert rules() == (f"{above_or_below}, up to 2 levels, nor with somebody who has the same manager.", None)


@given(lines, st.booleans(), st.sampled_from([{}, {"level_rule": "require"}, {"must_share": frozenset({"location"})}]))
@settings(deadline=None)
def test_every_rule_that_applies_has_a_sentence(line: Line, same_manager: bool, more: dict[str, Any]) -> None:
    policy = Policy(reporting_line=line, same_manager=same_manager, **more)
    applying = {rule for bit, rule in enumerate(RULES) if Terms.of(policy).rules >> bit & 1}

    assert set(explain_rules(policy)) == applying
    assert all(sentence.endswith(".") for sentence in explain_rules(policy).values())
