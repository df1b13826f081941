"""What two people are worth together and which rules keep them apart, straight from the definitions, for the checker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from matching_service.engine.problem.policy import MICRO, Policy
from matching_service.engine.problem.population import Member

_NO_LEVELS: Final[Mapping[int, int]] = MappingProxyType({})


def broken_rules(policy: Policy, one: Member, other: Member, reach_of_level: Mapping[int, int] = _NO_LEVELS) -> Iterator[str]:
    """The rules that forbid the two to be together. ``reach_of_level``: how far each job level may be from another one."""
    if policy.juniors_up_to is not None and (one.level <= policy.juniors_up_to) == (other.level <= policy.juniors_up_to):
        yield "same_role"
    if not one.seats or not other.seats:
        yield "no_seats"
    if _common_hours(one, other) < policy.min_common_hours:
        yield "common_hours"
    if policy.common_language and not set(one.languages) & set(other.languages):
        yield "common_language"
    above, above_other = one.managers_above, other.managers_above
    if one.id in above_other[: policy.line_levels] or other.id in above[: policy.line_levels]:
        yield "reporting_line"
    if policy.same_manager_rule is not None and above[:1] == above_other[:1] != ():
        yield policy.same_manager_rule
    if other.id in one.excluded or one.id in other.excluded:
        yield "excluded"
    yield from _broken_by_standing(policy, one, other, reach_of_level)
    for attribute in ("department", "location"):
        here, there = getattr(one, attribute), getattr(other, attribute)
        if attribute in policy.must_share and (here is None or here != there):
            yield f"same_{attribute}"
        if attribute in policy.must_differ and (here is None or there is None or here == there):
            yield f"different_{attribute}"


def _broken_by_standing(policy: Policy, one: Member, other: Member, reach_of_level: Mapping[int, int]) -> Iterator[str]:
    """The rules about job levels, and about experience in goals that both have."""
    apart = abs(one.level - other.level)
    if policy.level_rule == "require" and apart > policy.similar_level_within:
        yield "similar_level"
    if policy.levels_apart is not None and apart > max(reach_of_level[one.level], reach_of_level[other.level]):
        yield "similar_level"
    unsure = set(one.goals) & set(other.goals) - _experienced(one, policy) - _experienced(other, policy)
    if policy.experience == "require" and unsure:
        yield "experience"


def weight_of(policy: Policy, one: Member, other: Member) -> int:
    """What the two are worth together, in micro-units."""
    gain, return_gain = benefit(one, other), benefit(other, one)
    both = gain + return_gain
    harmonic = 2 * gain * return_gain // both if both else 0
    shares = policy.context_shares
    full = policy.full_common_hours
    apart = abs(one.level - other.level) - policy.similar_level_within
    context = (
        shares.goals * _goals(one, other, policy)
        + shares.level * max(0, MICRO - max(0, apart) * 250_000)
        + shares.common_hours * (MICRO * min(full, _common_hours(one, other)) // full)
        + shares.complement * _complement(one, other)
        + shares.nearness * _nearness(policy, one, other)
    ) // MICRO
    if both == 0:
        context = context * policy.nobody_learns // MICRO
    junior = gain if policy.juniors_up_to is not None and one.level <= policy.juniors_up_to else return_gain
    shared = policy.weaker_side * harmonic + policy.both_sides * (both // 2) + policy.context * context
    return (shared + policy.junior_side * junior) // MICRO


def benefit(learner: Member, teacher: Member) -> int:
    """The share of what the learner seeks that the teacher can give, in micro-units."""
    taught = {skill.name: skill.level for skill in teacher.offers}
    known = {skill.name: skill.level for skill in learner.offers}
    gained = possible = 0
    for sought in learner.seeks:
        own = max(sought.own, known.get(sought.skill, 0))
        possible += sought.priority * min(4, max(0, sought.wanted - own))
        gained += sought.priority * min(4, max(0, min(sought.wanted, taught.get(sought.skill, 0)) - own))
    return MICRO * gained // possible if possible else 0


def _goals(one: Member, other: Member, policy: Policy) -> int:
    support = 0
    for person, partner in ((one, other), (other, one)):
        experienced = _experienced(partner, policy)
        for goal in person.goals:
            if goal in experienced:
                support += MICRO
            elif goal in partner.goals:
                support += policy.shared_goal_without_experience
    goals = len(one.goals) + len(other.goals)
    return support // goals if goals else 0


def _experienced(person: Member, policy: Policy) -> set[str]:
    return {skill.name for skill in person.offers if skill.level >= policy.experienced_level}


def _complement(one: Member, other: Member) -> int:
    here, there = {skill.name for skill in one.offers}, {skill.name for skill in other.offers}
    return MICRO * len(here ^ there) // len(here | there) if here | there else 0


def _nearness(policy: Policy, one: Member, other: Member) -> int:
    preferences = len(policy.prefer_same) + len(policy.prefer_different)
    met = 0
    for attribute in ("department", "location"):
        here, there = getattr(one, attribute), getattr(other, attribute)
        if here is not None and there is not None:
            met += attribute in (policy.prefer_same if here == there else policy.prefer_different)
    return MICRO * met // preferences if preferences else 0


def _common_hours(one: Member, other: Member) -> int:
    return (one.hours & other.hours).bit_count()
