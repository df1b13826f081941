"""People and policies as numbers: what the kernels read, made once for a run."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matching_service.engine.core.types import Int32Array, Int64Array, UInt8Array, UInt64Array
from matching_service.engine.problem.policy import ENOUGH_NEAR, Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.weighing.reporting_lines import ReportingLines

MAX_STEPS: Final = 4
"""Nobody is counted as climbing more than four levels with one partner."""

RULES: Final = (
    "common_hours",
    "common_language",
    "reporting_line",
    "excluded",
    "similar_level",
    "same_department",
    "different_department",
    "same_location",
    "different_location",
    "same_role",
    "no_seats",
    "same_manager",
    "experience",
)
"""In the order in which ``scoring.broken_rules`` numbers them by bits."""


class Terms(NamedTuple):
    """A policy in numbers. Shares in micro-units; ``rules``: the bits of the rules that apply.

    ``juniors_up_to``: -1 where nobody is a junior. ``same_manager``: the bit of the rule that two people with the same
    manager break, 0 for none.
    """

    weaker_side: int
    both_sides: int
    junior_side: int
    context: int
    goals: int
    level: int
    common_hours: int
    complement: int
    nearness: int
    shared_goal: int
    experienced_level: int
    similar_level_within: int
    full_common_hours: int
    min_common_hours: int
    rules: int
    same_department: int
    different_department: int
    same_location: int
    different_location: int
    juniors_up_to: int
    same_manager: int
    nobody_learns: int

    @classmethod
    def of(cls, policy: Policy, *, all_seated: bool = False) -> Terms:
        """The numbers of a policy; where everybody has a seat, nobody needs to ask for one."""
        shares = policy.context_shares
        return cls(
            weaker_side=policy.weaker_side,
            both_sides=policy.both_sides,
            junior_side=policy.junior_side,
            context=policy.context,
            goals=shares.goals,
            level=shares.level,
            common_hours=shares.common_hours,
            complement=shares.complement,
            nearness=shares.nearness,
            shared_goal=policy.shared_goal_without_experience,
            experienced_level=policy.experienced_level,
            similar_level_within=policy.similar_level_within,
            full_common_hours=policy.full_common_hours,
            min_common_hours=policy.min_common_hours,
            rules=_rules(policy, all_seated),
            same_department="department" in policy.prefer_same,
            different_department="department" in policy.prefer_different,
            same_location="location" in policy.prefer_same,
            different_location="location" in policy.prefer_different,
            juniors_up_to=-1 if policy.juniors_up_to is None else policy.juniors_up_to,
            same_manager=0 if policy.same_manager_rule is None else 1 << RULES.index(policy.same_manager_rule),
            nobody_learns=policy.nobody_learns,
        )


class Profiles(NamedTuple):
    """The people as the kernels read them, in an order of the caller's choice.

    ``want``: what can still be climbed, from above level ``own`` up to level ``top``. ``wanted``: the sum over
    somebody's wants of priority times steps. ``goal_level``: what somebody already knows of their goal. ``goal_bits``
    and ``help_bits``: somebody's goals, and the goals they help with, a bit each, which several may share. ``level_reach``:
    how many job levels they may be from somebody, where that is a rule. ``manager`` to
    ``line_end`` as in ``ReportingLines``.
    """

    want_start: Int64Array
    want_skill: Int32Array
    want_own: UInt8Array
    want_top: UInt8Array
    want_priority: Int32Array
    wanted: Int64Array
    offer_start: Int64Array
    offer_skill: Int32Array
    offer_level: UInt8Array
    goal_start: Int64Array
    goal: Int32Array
    goal_level: UInt8Array
    goal_bits: UInt64Array
    help_bits: UInt64Array
    level: Int32Array
    level_reach: Int32Array
    department: Int32Array
    location: Int32Array
    hours: UInt64Array
    languages: UInt64Array
    manager: Int32Array
    managers_above: Int32Array
    line_place: Int32Array
    line_end: Int32Array
    excluded_start: Int64Array
    excluded: Int32Array
    seats: Int64Array

    @classmethod
    def of(cls, population: Population, policy: Policy, order: Int64Array | None = None) -> Profiles:
        """The profiles of a population, the person at position ``order[p]`` in place ``p``."""
        everybody = np.arange(len(population)) if order is None else order
        place = np.empty(len(population), dtype=np.int32)
        place[everybody] = np.arange(len(population), dtype=np.int32)
        start, skill, own, top, priority, wanted = _wants(population, everybody)
        offer_start, offers = _rows(population.offer_start, everybody)
        goal_start, goals = _rows(population.goal_start, everybody)
        excluded_start, excluded = _rows(population.excluded_start, everybody)
        goal_bits, help_bits = _goal_bits(population, policy.experienced_level)
        lines = ReportingLines.of(population, policy.line_levels, everybody, place)
        return cls(
            want_start=start,
            want_skill=skill,
            want_own=own,
            want_top=top,
            want_priority=priority,
            wanted=wanted,
            offer_start=offer_start,
            offer_skill=population.offer_skill[offers],
            offer_level=population.offer_level[offers],
            goal_start=goal_start,
            goal=population.goal[goals],
            goal_level=_known_level(population, population.goal_start, population.goal)[goals],
            goal_bits=goal_bits[everybody],
            help_bits=help_bits[everybody],
            level=population.level[everybody],
            level_reach=level_reach(population.level, policy)[everybody],
            department=population.department[everybody],
            location=population.location[everybody],
            hours=np.ascontiguousarray(population.hours[everybody]),
            languages=np.ascontiguousarray(population.languages[everybody]),
            manager=lines.manager,
            managers_above=lines.managers_above,
            line_place=lines.line_place,
            line_end=lines.line_end,
            excluded_start=excluded_start,
            excluded=place[population.excluded[excluded]],
            seats=population.seats[everybody],
        )


def _rules(policy: Policy, all_seated: bool) -> int:
    applies = {
        "common_hours": policy.min_common_hours > 0,
        "common_language": policy.common_language,
        "reporting_line": policy.line_levels > 0,
        "excluded": True,
        "similar_level": policy.level_rule == "require" or policy.levels_apart is not None,
        "same_department": "department" in policy.must_share,
        "different_department": "department" in policy.must_differ,
        "same_location": "location" in policy.must_share,
        "different_location": "location" in policy.must_differ,
        "same_role": policy.juniors_up_to is not None,
        "no_seats": not all_seated,
        "same_manager": policy.same_manager_rule == "same_manager",
        "experience": policy.experience == "require",
    }
    return sum(1 << bit for bit, rule in enumerate(RULES) if applies[rule])


def level_reach(level: Int32Array, policy: Policy) -> Int32Array:
    """How many job levels each person may be from somebody, where levels are a rule: more where too few are that near."""
    if policy.levels_apart is None:
        return np.full(len(level), policy.similar_level_within, dtype=np.int32)
    ordered, (levels, whose) = np.sort(level), np.unique(level, return_inverse=True)
    reach = np.full(len(levels), policy.levels_apart, dtype=np.int64)
    enough = min(ENOUGH_NEAR, len(level) - 1)
    for _ in range(int(ordered[-1] - ordered[0]) if len(ordered) else 0):
        near = np.searchsorted(ordered, levels + reach, "right") - np.searchsorted(ordered, levels - reach) - 1
        if (near >= enough).all():
            break
        reach += near < enough
    return reach[whose].astype(np.int32)


def _rows(start: Int64Array, order: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Where the entries of the rows, taken in another order, begin, and where each entry comes from."""
    lengths = (start[1:] - start[:-1])[order]
    begins = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    source = np.arange(begins[-1]) + np.repeat(start[:-1][order] - begins[:-1], lengths)
    return begins, source


def _wants(
    population: Population, order: Int64Array
) -> tuple[Int64Array, Int32Array, UInt8Array, UInt8Array, Int32Array, Int64Array]:
    """Start, skill, own level, top level and priority of what each person can still climb, and the sum of it."""
    count = len(population)
    seeker = np.repeat(np.arange(count), np.diff(population.seek_start))
    known = _known_level(population, population.seek_start, population.seek_skill)
    own = np.maximum(population.seek_own, known).astype(np.int64)
    top = np.minimum(population.seek_wanted.astype(np.int64), own + MAX_STEPS)
    steps = np.maximum(top - own, 0)
    wanted = np.bincount(seeker, weights=steps * population.seek_priority, minlength=count).astype(np.int64)
    climbs = steps > 0
    start = np.concatenate(([0], np.cumsum(np.bincount(seeker[climbs], minlength=count)))).astype(np.int64)
    begins, source = _rows(start, order)
    kept = np.flatnonzero(climbs)[source]
    return (
        begins,
        population.seek_skill[kept],
        own[kept].astype(np.uint8),
        top[kept].astype(np.uint8),
        population.seek_priority[kept],
        wanted[order],
    )


def _known_level(population: Population, start: Int64Array, skill: Int32Array) -> UInt8Array:
    """The level at which each person offers the skills listed for them, 0 for what they do not offer."""
    names, everybody = max(1, len(population.skill_names)), np.arange(len(population))
    offered = np.repeat(everybody, np.diff(population.offer_start)) * names + population.offer_skill
    asked = np.repeat(everybody, np.diff(start)) * names + skill
    at = np.searchsorted(offered, asked)
    found = at < len(offered)
    found[found] = offered[at[found]] == asked[found]
    level = np.zeros(len(asked), dtype=np.uint8)
    level[found] = population.offer_level[at[found]]
    return level


def _goal_bits(population: Population, experienced_level: int) -> tuple[UInt64Array, UInt64Array]:
    """Everybody's goals, and what they are experienced in or have as a goal themselves, hashed to a bit each."""
    goals, helps = (np.zeros(len(population), dtype=np.uint64) for _ in range(2))
    everybody = np.arange(len(population))
    bit = np.uint64(1) << (population.goal % 64).astype(np.uint64)
    np.bitwise_or.at(goals, np.repeat(everybody, np.diff(population.goal_start)), bit)
    experienced = population.offer_level >= experienced_level
    bit = np.uint64(1) << (population.offer_skill[experienced] % 64).astype(np.uint64)
    np.bitwise_or.at(helps, np.repeat(everybody, np.diff(population.offer_start))[experienced], bit)
    return goals, goals | helps
