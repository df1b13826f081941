"""What a program manager wants to know of an answer beside its worth: who learns nothing, what was widened, what would help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from matching_service.engine.core.types import BoolArray, Int64Array
from matching_service.engine.explain import lessons
from matching_service.engine.problem.policy import Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.problem.results import MatchedPopulation

_NAMED: Final = 10
"""So many skills are named."""


class SkillCount(BaseModel):
    """A skill, and how many people it concerns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    skill: str
    people: int


class Report(BaseModel):
    """What came of a run for its people, in counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    matches: int
    nobody_learns: int = Field(description="Matches in which nobody learns anything that they seek.")
    one_sided: int = Field(description="Matches of two in which only one of them does.")
    people_learning_nothing: int = Field(
        description="People in a match, none of whose matches teaches them anything they seek."
    )
    goals_without_experience: int = Field(
        description="Matches in which two have a goal in common and neither is experienced in it."
    )
    most_levels_apart: int = Field(description="How many job levels two people of one match are apart at most.")
    beyond_levels: int = Field(
        description="Matches in which two are further apart than the program asked for: too few were near."
    )
    people_seeking_nothing: int = Field(
        description="People, matched or not, who seek nothing: ask them what they want to learn."
    )
    skills_nobody_offers: tuple[SkillCount, ...] = Field(
        description="What most people seek and nobody offers at a level they could learn from: ask who can."
    )
    skills_nobody_seeks: tuple[SkillCount, ...] = Field(
        description="What most people offer and nobody seeks: ask who wants to learn it."
    )


def report_of(population: Population, policy: Policy, matched: MatchedPopulation) -> Report:
    """The report of an answer."""
    several = [[population.index[person] for person in match.people] for match in matched.matches[len(matched.a) :]]
    learns = np.zeros(len(population), dtype=np.bool_)
    learns[matched.a[matched.benefit_a > 0]] = learns[matched.b[matched.benefit_b > 0]] = True
    without = int(((matched.benefit_a == 0) & (matched.benefit_b == 0)).sum())
    for group in several:
        learners = [one for one in group if _learns(population, one, group)]
        learns[learners] = True
        without += not learners
    places = [*zip(matched.a.tolist(), matched.b.tolist(), strict=True), *several]
    apart = [int(np.ptp(population.level[list(some)])) for some in places] if policy.juniors_up_to is None else []
    goals = _Goals(population, policy)
    in_match = np.zeros(len(population), dtype=np.bool_)
    in_match[[one for some in places for one in some]] = True
    asked, offered = _skills(population)
    return Report(
        matches=len(places),
        nobody_learns=without,
        one_sided=int(((matched.benefit_a == 0) != (matched.benefit_b == 0)).sum()),
        people_learning_nothing=int((in_match & ~learns).sum()),
        goals_without_experience=sum(goals.unguided(some) for some in places),
        most_levels_apart=max(apart, default=0),
        beyond_levels=sum(one > policy.levels_apart for one in apart) if policy.levels_apart is not None else 0,
        people_seeking_nothing=int((np.diff(population.seek_start) == 0).sum()),
        skills_nobody_offers=asked,
        skills_nobody_seeks=offered,
    )


def _learns(population: Population, one: int, group: Sequence[int]) -> bool:
    learner = population.member(one)
    return any(lessons(learner, population.member(other), "b") for other in group if other != one)


class _Goals:
    """Everybody's goals, and those in which they are experienced."""

    def __init__(self, population: Population, policy: Policy) -> None:
        self._goals = _sets(population.goal_start, population.goal, np.ones(len(population.goal), dtype=np.bool_))
        able = population.offer_level >= policy.experienced_level
        self._able = _sets(population.offer_start, population.offer_skill, able)

    def unguided(self, match: Sequence[int]) -> bool:
        """Whether two of a match share a goal in which neither is experienced."""
        return any(self._goals[a] & self._goals[b] - self._able[a] - self._able[b] for a, b in combinations(match, 2))


def _sets(start: Int64Array, values: np.ndarray, some: BoolArray) -> list[set[int]]:
    ends = start.tolist()
    listed = np.where(some, values, -1).tolist()
    return [set(listed[first:last]) - {-1} for first, last in pairwise(ends)]


def _skills(population: Population) -> tuple[tuple[SkillCount, ...], tuple[SkillCount, ...]]:
    """What is sought and not offered high enough, and what is offered and not sought."""
    highest = np.zeros(len(population.skill_names), dtype=np.int64)
    np.maximum.at(highest, population.offer_skill, population.offer_level)
    in_vain = population.seek_skill[highest[population.seek_skill] <= population.seek_own]
    unasked = population.offer_skill[~np.isin(population.offer_skill, population.seek_skill)]
    return _named(population, in_vain), _named(population, unasked)


def _named(population: Population, skills: np.ndarray) -> tuple[SkillCount, ...]:
    counted = sorted(Counter(skills.tolist()).items(), key=lambda one: (-one[1], one[0]))[:_NAMED]
    return tuple(SkillCount(skill=population.skill_names[code], people=people) for code, people in counted)
