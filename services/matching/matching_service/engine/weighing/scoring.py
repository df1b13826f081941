"""What a pair is worth and whether a rule forbids it: one pair at a time, exactly, in whole numbers.

What somebody gains is bilinear once a level is written as a thermometer. A person who wants to get from level 1 to
level 4 of a skill *wants the steps* 2, 3 and 4; somebody at level 3 *has the steps* 1, 2 and 3; the gain is what both
have in common, two steps. ``candidates.py`` uses this to look at a thousand people at a time.

Everything is integer arithmetic with floor division, so a second implementation can agree to the last unit.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matching_service.engine.core.kernels import kernel, part
from matching_service.engine.core.types import Int32Array, Int64Array, UInt8Array
from matching_service.engine.problem.policy import MICRO
from matching_service.engine.weighing.profiles import RULES, Profiles, Terms

LEVEL_STEP: Final = MICRO // 4
"""What each job level beyond the similar ones takes off the level part of the context."""

_HOURS, _LANGUAGE, _LINE, _EXCLUDED, _LEVEL, _SAME_DEPARTMENT, _OTHER_DEPARTMENT = (1 << bit for bit in range(7))
_SAME_LOCATION, _OTHER_LOCATION, _SAME_ROLE, _NO_SEATS = (1 << bit for bit in range(7, 11))
_EXPERIENCE: Final = 1 << 12


@part
def broken_rules(people: Profiles, terms: Terms, u: int, v: int, all_of_them: bool) -> int:
    """The rules that forbid the pair, as bits in the order of ``RULES``; 0 when it is allowed.

    Unless ``all_of_them`` are asked for, the first one found is enough.
    """
    rules = terms.rules
    broken = 0
    if rules & _SAME_ROLE and is_junior(people, terms, u) == is_junior(people, terms, v):
        broken |= _SAME_ROLE
    if rules & _NO_SEATS and (people.seats[u] == 0 or people.seats[v] == 0):
        broken |= _NO_SEATS
    if broken and not all_of_them:
        return broken
    if rules & _HOURS and _common_hours(people, u, v) < terms.min_common_hours:
        broken |= _HOURS
    if broken and not all_of_them:
        return broken
    if rules & _LANGUAGE:
        shared = np.uint64(0)
        for word in range(people.languages.shape[1]):
            shared |= people.languages[u, word] & people.languages[v, word]
        if shared == 0:
            broken |= _LANGUAGE
    if rules & _LEVEL and abs(people.level[u] - people.level[v]) > max(people.level_reach[u], people.level_reach[v]):
        broken |= _LEVEL
    here, there = people.department[u], people.department[v]
    if rules & _SAME_DEPARTMENT and (here != there or here < 0):
        broken |= _SAME_DEPARTMENT
    if rules & _OTHER_DEPARTMENT and (here == there or here < 0 or there < 0):
        broken |= _OTHER_DEPARTMENT
    here, there = people.location[u], people.location[v]
    if rules & _SAME_LOCATION and (here != there or here < 0):
        broken |= _SAME_LOCATION
    if rules & _OTHER_LOCATION and (here == there or here < 0 or there < 0):
        broken |= _OTHER_LOCATION
    if broken and not all_of_them:
        return broken
    if rules & _LINE:
        here, there = people.line_place[u], people.line_place[v]
        if here <= there < people.line_end[u] or there <= here < people.line_end[v]:
            broken |= _LINE
        for level in range(people.managers_above.shape[1]):
            if people.managers_above[u, level] == v or people.managers_above[v, level] == u:
                broken |= _LINE
    if terms.same_manager and people.manager[u] >= 0 and people.manager[u] == people.manager[v]:
        broken |= terms.same_manager
    if rules & _EXCLUDED:
        for at in range(people.excluded_start[u], people.excluded_start[u + 1]):
            if people.excluded[at] == v:
                broken |= _EXCLUDED
    if rules & _EXPERIENCE and _both_beginners(people, terms, u, v):
        broken |= _EXPERIENCE
    return broken


@part
def _both_beginners(people: Profiles, terms: Terms, u: int, v: int) -> bool:
    """Whether the two have a goal in common in which neither is experienced. Goals stand in the order of their codes."""
    one, other = people.goal_start[u], people.goal_start[v]
    while one < people.goal_start[u + 1] and other < people.goal_start[v + 1]:
        if people.goal[one] < people.goal[other]:
            one += 1
        elif people.goal[one] > people.goal[other]:
            other += 1
        else:
            if people.goal_level[one] < terms.experienced_level and people.goal_level[other] < terms.experienced_level:
                return True
            one += 1
            other += 1
    return False


@part
def is_junior(people: Profiles, terms: Terms, person: int) -> bool:
    """Whether the person's job level makes a junior of them."""
    return people.level[person] <= terms.juniors_up_to


class Focus(NamedTuple):
    """One person spread out by skill, so that others are compared without searching: what is wanted, known, a goal."""

    own: UInt8Array
    top: UInt8Array
    priority: Int32Array
    level: UInt8Array
    goal: UInt8Array


@part
def focus_for(skills: int) -> Focus:
    """Nobody in focus yet."""
    return Focus(
        np.zeros(skills, np.uint8),
        np.zeros(skills, np.uint8),
        np.zeros(skills, np.int32),
        np.zeros(skills, np.uint8),
        np.zeros(skills, np.uint8),
    )


@part
def bring_in(people: Profiles, focus: Focus, person: int) -> None:
    """Spread a person out."""
    for want in range(people.want_start[person], people.want_start[person + 1]):
        skill = people.want_skill[want]
        focus.own[skill], focus.top[skill] = people.want_own[want], people.want_top[want]
        focus.priority[skill] = people.want_priority[want]
    for offer in range(people.offer_start[person], people.offer_start[person + 1]):
        focus.level[people.offer_skill[offer]] = people.offer_level[offer]
    for at in range(people.goal_start[person], people.goal_start[person + 1]):
        focus.goal[people.goal[at]] = 1


@part
def take_out(people: Profiles, focus: Focus, person: int) -> None:
    """Leave nobody in focus, as cheaply as ``bring_in``."""
    for want in range(people.want_start[person], people.want_start[person + 1]):
        focus.priority[people.want_skill[want]] = 0
    for offer in range(people.offer_start[person], people.offer_start[person + 1]):
        focus.level[people.offer_skill[offer]] = 0
    for at in range(people.goal_start[person], people.goal_start[person + 1]):
        focus.goal[people.goal[at]] = 0


@part
def worth(people: Profiles, terms: Terms, focus: Focus, u: int, v: int) -> int:
    """What the pair of ``u``, who is in focus, and ``v`` is worth, in micro-units, whether or not a rule forbids it."""
    one, other = benefit_of(people, focus, u, v), benefit_from(people, focus, v)
    both = one + other
    weaker = 2 * one * other // both if both else 0
    context = (
        terms.goals * _goals(people, terms, focus, u, v)
        + terms.complement * _complement(people, focus, u, v)
        + meeting(people, terms, u, v)
    ) // MICRO
    if both == 0:
        context = context * terms.nobody_learns // MICRO
    junior = one if is_junior(people, terms, u) else other
    shared = terms.weaker_side * weaker + terms.both_sides * (both // 2)
    return (shared + terms.junior_side * junior + terms.context * context) // MICRO


@part
def benefit_of(people: Profiles, focus: Focus, learner: int, partner: int) -> int:
    """The share of what the learner, who is in focus, wants that the partner can give, in micro-units."""
    gained = 0
    for offer in range(people.offer_start[partner], people.offer_start[partner + 1]):
        skill = people.offer_skill[offer]
        climbed = np.int64(min(people.offer_level[offer], focus.top[skill])) - np.int64(focus.own[skill])
        gained += np.int64(focus.priority[skill]) * max(0, climbed)
    return MICRO * gained // people.wanted[learner] if gained else 0


@part
def benefit_from(people: Profiles, focus: Focus, learner: int) -> int:
    """The share of what the learner wants that the person in focus can give, in micro-units."""
    gained = 0
    for want in range(people.want_start[learner], people.want_start[learner + 1]):
        level = focus.level[people.want_skill[want]]
        climbed = np.int64(min(level, people.want_top[want])) - np.int64(people.want_own[want])
        gained += np.int64(people.want_priority[want]) * max(0, climbed)
    return MICRO * gained // people.wanted[learner] if gained else 0


@part
def _goals(people: Profiles, terms: Terms, focus: Focus, u: int, v: int) -> int:
    """The mean of what each is for the goals of the other, in micro-units: experience counts most, company too."""
    goals = people.goal_start[u + 1] - people.goal_start[u] + people.goal_start[v + 1] - people.goal_start[v]
    if goals == 0:
        return 0
    experience = shared = 0
    for at in range(people.goal_start[v], people.goal_start[v + 1]):
        goal = people.goal[at]
        both = focus.goal[goal]
        if focus.level[goal] >= terms.experienced_level:
            experience += 1
        else:
            shared += both
        shared += both & (people.goal_level[at] < terms.experienced_level)
    for offer in range(people.offer_start[v], people.offer_start[v + 1]):
        experience += focus.goal[people.offer_skill[offer]] & (people.offer_level[offer] >= terms.experienced_level)
    return (MICRO * experience + terms.shared_goal * shared) // goals


@part
def _complement(people: Profiles, focus: Focus, u: int, v: int) -> int:
    """The share of both people's offered skills that only one of the two offers, in micro-units."""
    repeated = 0
    for offer in range(people.offer_start[v], people.offer_start[v + 1]):
        repeated += focus.level[people.offer_skill[offer]] > 0
    skills = people.offer_start[u + 1] - people.offer_start[u] + people.offer_start[v + 1] - people.offer_start[v] - repeated
    return MICRO * (skills - repeated) // skills if skills else 0


@part
def meeting(people: Profiles, terms: Terms, u: int, v: int) -> int:
    """The part of the context that needs neither skills nor goals, times a million: levels, hours, nearness."""
    apart = max(0, abs(people.level[u] - people.level[v]) - terms.similar_level_within)
    hours = min(_common_hours(people, u, v), terms.full_common_hours)
    return (
        terms.level * max(0, MICRO - LEVEL_STEP * apart)
        + terms.common_hours * (MICRO * hours // terms.full_common_hours)
        + terms.nearness * _nearness(people, terms, u, v)
    )


@part
def context_at_most(people: Profiles, terms: Terms, u: int, v: int) -> int:
    """A quick bound on the context, in micro-units: exact but for what is shared of goals and strengths."""
    common = (people.goal_bits[u] & people.help_bits[v]) | (people.goal_bits[v] & people.help_bits[u])
    beyond_goals = meeting(people, terms, u, v) + MICRO * terms.complement
    return (beyond_goals + MICRO * terms.goals * (common != 0)) // MICRO + 1


@part
def _common_hours(people: Profiles, u: int, v: int) -> int:
    hours = 0
    for word in range(people.hours.shape[1]):
        hours += _ones(people.hours[u, word] & people.hours[v, word])
    return hours


@part
def _ones(word: np.uint64) -> int:
    """How many bits are set; LLVM makes one instruction of it."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@part
def _nearness(people: Profiles, terms: Terms, u: int, v: int) -> int:
    """The share of the preferences for the same or another department and location that hold, in micro-units."""
    preferences = terms.same_department + terms.different_department + terms.same_location + terms.different_location
    if not preferences:
        return 0
    met = 0
    here, there = people.department[u], people.department[v]
    if here >= 0 and there >= 0:
        met += terms.same_department if here == there else terms.different_department
    here, there = people.location[u], people.location[v]
    if here >= 0 and there >= 0:
        met += terms.same_location if here == there else terms.different_location
    return MICRO * met // preferences


@kernel
def all_pairs(people: Profiles, terms: Terms, skills: int, first: int, step: int) -> tuple[Int32Array, Int32Array, Int64Array]:
    """Every feasible pair of positive worth whose lower place is ``first``, ``first + step``, …: both places, and worth."""
    count = len(people.level)
    focus = focus_for(skills)
    found = 0
    u, v, weight = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024, np.int64)
    for one in range(first, count, step):
        bring_in(people, focus, one)
        for other in range(one + 1, count):
            if broken_rules(people, terms, one, other, False):
                continue
            value = worth(people, terms, focus, one, other)
            if value <= 0:
                continue
            if found == len(u):
                u = np.concatenate((u, np.empty(found, np.int32)))
                v = np.concatenate((v, np.empty(found, np.int32)))
                weight = np.concatenate((weight, np.empty(found, np.int64)))
            u[found], v[found], weight[found] = one, other, value
            found += 1
        take_out(people, focus, one)
    return u[:found], v[:found], weight[:found]


@kernel
def alternatives(people: Profiles, terms: Terms, skills: int, rows: Int32Array, first: int, last: int) -> Int64Array:
    """For each person, a count of possible partners, all of whom stand from ``first`` up to ``last``; of those who have none,
    for every rule in ``RULES`` a count of those it removes (one may be removed by several), and of those no rule removes but
    who are worth nothing.
    """
    counts = np.zeros((len(rows), len(RULES) + 2), np.int64)
    focus = focus_for(skills)
    for at in range(len(rows)):
        row = rows[at]
        bring_in(people, focus, row)
        for other in range(first, last):
            if other != row and not broken_rules(people, terms, row, other, False):
                without_learning = terms.nobody_learns * (meeting(people, terms, row, other) // MICRO) // MICRO
                enough = terms.context * without_learning >= MICRO
                counts[at, -1] += enough or worth(people, terms, focus, row, other) > 0
        take_out(people, focus, row)
        if counts[at, -1]:
            continue
        for other in range(len(people.level)):
            if other != row:
                broken = broken_rules(people, terms, row, other, True)
                for bit in range(len(RULES)):
                    counts[at, bit] += broken >> bit & 1
                counts[at, len(RULES)] += broken == 0
    return counts


@kernel
def with_everybody(people: Profiles, terms: Terms, skills: int, row: int) -> Int64Array:
    """What a person is worth with each of all people, in micro-units; 0 where a rule forbids it and for the person."""
    worths = np.zeros(len(people.level), np.int64)
    focus = focus_for(skills)
    bring_in(people, focus, row)
    for other in range(len(people.level)):
        if other != row and not broken_rules(people, terms, row, other, False):
            worths[other] = worth(people, terms, focus, row, other)
    return worths


@kernel
def weigh(
    people: Profiles, terms: Terms, skills: int, a: Int32Array, b: Int32Array
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """For pairs: the worth of each, what ``a`` gains, and what ``b`` gains, in micro-units."""
    weight, of_a, of_b = np.empty(len(a), np.int64), np.empty(len(a), np.int64), np.empty(len(a), np.int64)
    focus = focus_for(skills)
    for pair in range(len(a)):
        bring_in(people, focus, a[pair])
        weight[pair] = worth(people, terms, focus, a[pair], b[pair])
        of_a[pair] = benefit_of(people, focus, a[pair], b[pair])
        of_b[pair] = benefit_from(people, focus, b[pair])
        take_out(people, focus, a[pair])
    return weight, of_a, of_b
