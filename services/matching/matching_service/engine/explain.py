"""Why two people were brought together, or kept apart: reasons and rules as data, and an English sentence for each.

The two sides are "a" and "b", never names. ``explain_pair`` reads the snapshot alone, so the reasons of a stored
pair can be given again whenever the snapshot is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import combinations
from operator import and_
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from matching_service.engine.problem.policy import ANY_DEPTH, ENOUGH_NEAR, Policy
from matching_service.engine.problem.population import Member, Population

Side = Literal["a", "b"]

_TOLD_IN_FULL: Final = 3
"""Up to so many people every reason of every two is told."""


class _Reason(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LearnsFrom(_Reason):
    """The other side can learn ``skill`` from ``from_side``: from ``level_now`` up to ``level_reached``."""

    code: Literal["learns_from"] = "learns_from"
    from_side: Side
    skill: str
    level_now: int
    level_reached: int
    level_gap: int
    priority: int


class PractisesSkill(_Reason):
    """Both seek ``skill`` from about the same level, and practise it together."""

    code: Literal["practises_skill"] = "practises_skill"
    skill: str


class SharedGoal(_Reason):
    """Both have the goal; ``experienced``: the sides who are experienced in it already."""

    code: Literal["shared_goal"] = "shared_goal"
    goal: str
    experienced: tuple[Side, ...]


class ExperiencedInGoal(_Reason):
    """``from_side`` is experienced in a goal of the other side."""

    code: Literal["experienced_in_goal"] = "experienced_in_goal"
    from_side: Side
    goal: str


class CommonHours(_Reason):
    """Whole hours a week in which both work, or all three of a trio."""

    code: Literal["common_hours"] = "common_hours"
    hours_per_week: int


class LevelDifference(_Reason):
    """How many job levels lie between the two; ``similar``: no more than the policy calls similar."""

    code: Literal["level_difference"] = "level_difference"
    difference: int
    similar: bool


class JuniorAndSenior(_Reason):
    """``from_side`` is the senior, so many job levels above the other side."""

    code: Literal["junior_and_senior"] = "junior_and_senior"
    from_side: Side
    difference: int


class NewcomerAndBuddy(_Reason):
    """``from_side`` has been there longer, and helps the other side to find their way."""

    code: Literal["newcomer_and_buddy"] = "newcomer_and_buddy"
    from_side: Side


class CommonLanguages(_Reason):
    code: Literal["common_languages"] = "common_languages"
    languages: tuple[str, ...]


Reason = Annotated[
    LearnsFrom
    | PractisesSkill
    | SharedGoal
    | ExperiencedInGoal
    | CommonHours
    | LevelDifference
    | JuniorAndSenior
    | NewcomerAndBuddy
    | CommonLanguages,
    Field(discriminator="code"),
]


def explain_pair(population: Population, policy: Policy, a: UUID, b: UUID) -> tuple[Reason, ...]:
    """The reasons that speak for a pair, what is learnt first, the largest gain first.

    Raises: KeyError when one of the two is not in the population.
    """
    one, other = (population.member(population.index[person]) for person in (a, b))
    return _reasons(one, other, policy, (one, other))


def explain_match(
    population: Population, policy: Policy, people: Sequence[UUID]
) -> dict[tuple[UUID, UUID], tuple[Reason, ...]]:
    """The reasons that speak for each two of a match of any size; hours and languages are those that all share.

    Of more than three people, what each learns best and what two have in common as goals are told, and not every pair's levels.

    Raises: KeyError when one of them is not in the population.
    """
    members = [population.member(population.index[person]) for person in people]
    explained = {(one.id, other.id): _reasons(one, other, policy, members) for one, other in combinations(members, 2)}
    return explained if len(members) <= _TOLD_IN_FULL else _shortened(explained)


def _shortened(explained: dict[tuple[UUID, UUID], tuple[Reason, ...]]) -> dict[tuple[UUID, UUID], tuple[Reason, ...]]:
    """Of a group: everybody's best lesson, goals, and what all share once."""
    best: dict[UUID, tuple[int, tuple[UUID, UUID], LearnsFrom]] = {}
    short: dict[tuple[UUID, UUID], list[Reason]] = {two: [] for two in explained}
    told: set[object] = set()
    for two, reasons in explained.items():
        for reason in reasons:
            if isinstance(reason, LearnsFrom):
                learner = two[1 if reason.from_side == "a" else 0]
                worth = reason.priority * reason.level_gap
                if learner not in best or worth > best[learner][0]:
                    best[learner] = worth, two, reason
            elif not isinstance(reason, LevelDifference):
                what = getattr(reason, "goal", reason.code)
                if what not in told:
                    told.add(what)
                    short[two].append(reason)
    for _, two, lesson in best.values():
        short[two].insert(0, lesson)
    return {two: tuple(reasons) for two, reasons in short.items() if reasons}


def _reasons(one: Member, other: Member, policy: Policy, meeting: Sequence[Member]) -> tuple[Reason, ...]:
    learnt = [*lessons(one, other, "b"), *lessons(other, one, "a")]
    learnt.sort(key=lambda lesson: (-lesson.priority * lesson.level_gap, lesson.from_side, lesson.skill))
    practised = [] if policy.practice is None or learnt else _practised(one, other)
    reasons: list[Reason] = [*learnt, *practised, *_goal_reasons(one, other, policy)]
    hours = reduce(and_, (person.hours for person in meeting)).bit_count()
    if hours:
        reasons.append(CommonHours(hours_per_week=hours))
    difference = abs(one.level - other.level)
    if policy.newcomers_within_days is not None:
        reasons.append(NewcomerAndBuddy(from_side="a" if one.level > other.level else "b"))
    elif policy.juniors_up_to is None:
        reasons.append(LevelDifference(difference=difference, similar=difference <= policy.similar_level_within))
    else:
        reasons.append(JuniorAndSenior(from_side="a" if one.level > other.level else "b", difference=difference))
    languages = tuple(sorted(reduce(and_, (set(person.languages) for person in meeting))))
    if languages:
        reasons.append(CommonLanguages(languages=languages))
    return tuple(reasons)


def sentence(reason: Reason, a: str = "A", b: str = "B") -> str:
    """The reason in English; ``a`` and ``b`` are what to call the two sides."""
    names: dict[Side, str] = {"a": a, "b": b}
    match reason:
        case LearnsFrom(from_side=side):
            text = f"{names[_other(side)]} can learn {reason.skill} from {names[side]}, {_levels(reason.level_gap)} up"
        case PractisesSkill(skill=skill):
            text = f"{a} and {b} both want to learn {skill} and can practise it together"
        case SharedGoal():
            text = f"{a} and {b} both want to develop {reason.goal}"
            if reason.experienced:
                text += f", with experience on the side of {' and '.join(names[side] for side in reason.experienced)}"
        case ExperiencedInGoal(from_side=side):
            text = f"{names[side]} is experienced in {reason.goal}, which {names[_other(side)]} wants to develop"
        case CommonHours(hours_per_week=hours):
            text = f"{a} and {b} share {hours} working hour{'' if hours == 1 else 's'} a week"
        case LevelDifference(difference=difference):
            apart = f"are {_levels(difference)} apart" if difference else "have the same job level"
            text = f"{a} and {b} {apart}"
        case JuniorAndSenior(from_side=side, difference=difference):
            text = f"{names[side]} is the senior, {_levels(difference)} above {names[_other(side)]}"
        case NewcomerAndBuddy(from_side=side):
            text = f"{names[side]} is the buddy of {names[_other(side)]}, who is new"
        case CommonLanguages():
            text = f"{a} and {b} both speak {' and '.join(reason.languages)}"
    return f"{text}."


def explain_rules(policy: Policy) -> dict[str, str]:
    """The rules of a policy that may keep two people apart, by their names in ``Unmatched.removed``, each in a sentence."""
    rules = {"excluded": "Nobody is matched with somebody one of the two is not to be matched with, or has been before."}
    if policy.min_common_hours:
        hours = "1 working hour" if policy.min_common_hours == 1 else f"{policy.min_common_hours} working hours"
        rules["common_hours"] = f"Two people share at least {hours} a week."
    if policy.common_language:
        rules["common_language"] = "Two people share a language."
    if policy.line_levels:
        depth = "at any depth" if policy.line_levels == ANY_DEPTH else f"up to {_levels(policy.line_levels)}"
        also = ", nor with somebody who has the same manager" if policy.same_manager_rule == "reporting_line" else ""
        rules["reporting_line"] = f"Nobody is matched with somebody above or below them in the reporting line, {depth}{also}."
    if policy.same_manager_rule == "same_manager":
        rules["same_manager"] = "Two people who report to the same manager are not matched."
    if policy.level_rule == "require":
        rules["similar_level"] = f"Two people are at most {_levels(policy.similar_level_within)} apart."
    if policy.levels_apart is not None:
        rules["similar_level"] = (
            f"Two people are at most {_levels(policy.levels_apart)} apart; who has fewer than {ENOUGH_NEAR} others that near, "
            f"as far as it takes to have {ENOUGH_NEAR}."
        )
    if policy.experience == "require":
        rules["experience"] = "Of two people with a goal in common one is experienced in it."
    for attribute in sorted(policy.must_share):
        rules[f"same_{attribute}"] = f"Two people have the same {attribute}."
    for attribute in sorted(policy.must_differ):
        rules[f"different_{attribute}"] = f"Two people have a different {attribute}."
    if policy.newcomers_within_days is not None:
        rules["same_role"] = f"One of two people was hired within {policy.newcomers_within_days} days, the other one before."
    elif policy.juniors_up_to is not None:
        rules["same_role"] = f"One of two people is a junior, up to level {policy.juniors_up_to}, the other one a senior."
    rules["no_seats"] = "Nobody is matched who has no place for another match."
    return rules


def lessons(learner: Member, teacher: Member, from_side: Side) -> list[LearnsFrom]:
    """What the learner can learn from the teacher, who is on ``from_side``."""
    taught = {skill.name: skill.level for skill in teacher.offers}
    known = {skill.name: skill.level for skill in learner.offers}
    found = []
    for sought in learner.seeks:
        now = max(sought.own, known.get(sought.skill, 0))
        reached = min(taught.get(sought.skill, 0), sought.wanted, now + 4)
        if reached > now:
            found.append(
                LearnsFrom(
                    from_side=from_side,
                    skill=sought.skill,
                    level_now=now,
                    level_reached=reached,
                    level_gap=reached - now,
                    priority=sought.priority,
                )
            )
    return found


def _practised(one: Member, other: Member) -> list[Reason]:
    """What both seek from levels at most one apart."""
    from_where = [
        {s.skill: max(s.own, next((o.level for o in person.offers if o.name == s.skill), 0)) for s in person.seeks}
        for person in (one, other)
    ]
    here, there = from_where
    return [PractisesSkill(skill=skill) for skill in sorted(here.keys() & there.keys()) if abs(here[skill] - there[skill]) <= 1]


def _goal_reasons(one: Member, other: Member, policy: Policy) -> list[Reason]:
    sides: tuple[tuple[Side, Member], ...] = (("a", one), ("b", other))
    experience = {
        side: {skill.name for skill in person.offers if skill.level >= policy.experienced_level} for side, person in sides
    }
    reasons: list[Reason] = []
    for goal in sorted({*one.goals, *other.goals}):
        experienced = tuple(side for side, _ in sides if goal in experience[side])
        holders = [side for side, person in sides if goal in person.goals]
        if len(holders) == 2:
            reasons.append(SharedGoal(goal=goal, experienced=experienced))
        elif _other(holders[0]) in experienced:
            reasons.append(ExperiencedInGoal(from_side=_other(holders[0]), goal=goal))
    return reasons


def _other(side: Side) -> Side:
    return "b" if side == "a" else "a"


def _levels(count: int) -> str:
    return "1 level" if count == 1 else f"{count} levels"
