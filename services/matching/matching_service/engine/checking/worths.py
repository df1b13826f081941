"""What one person is worth with everybody, for the checker: straight from the definitions, in NumPy, nothing of the solvers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.problem.policy import ENOUGH_NEAR, MICRO, Policy
from matching_service.engine.problem.population import Population

Ints = NDArray[np.int64]


class Everybody:
    """One person against everybody, by NumPy: the same definitions once more, for many pairs."""

    def __init__(self, population: Population, policy: Policy) -> None:
        self.population, self._policy = population, policy

    def weights(self, row: int) -> Ints:
        """What the person is worth with everybody, in micro-units; 0 where a rule forbids it and for the person."""
        policy, forbidden = self._policy, self._forbidden(row)
        gain, return_gain = self.benefits(row)
        both = gain + return_gain
        harmonic = _divided(2 * gain * return_gain, both)
        context = np.where(both == 0, self.context(row) * policy.nobody_learns // MICRO, self.context(row))
        shared = policy.weaker_side * harmonic + policy.both_sides * (both // 2) + policy.context * context
        junior = gain if self.juniors[row] else return_gain
        weights = (shared + policy.junior_side * junior) // MICRO
        return np.where(forbidden, 0, weights)

    def context(self, row: int) -> Ints:
        """What speaks for the person with everybody beside what they learn, in micro-units."""
        people, policy, shares = self.population, self._policy, self._policy.context_shares
        apart = np.abs(people.level.astype(np.int64) - int(people.level[row])) - policy.similar_level_within
        hours = np.minimum(policy.full_common_hours, self._common_hours(row))
        context: Ints = (
            shares.goals * self._goals(row)
            + shares.level * np.maximum(0, MICRO - np.maximum(0, apart) * 250_000)
            + shares.common_hours * (MICRO * hours // policy.full_common_hours)
            + shares.complement * self._complement(row)
            + shares.nearness * self._nearness(row)
        ) // MICRO
        return context

    def sought_together(self, row: int) -> Ints:
        """The share of what the person seeks that each seeks too, from levels at most one apart, in micro-units."""
        people = self.population
        mine = slice(*people.seek_start[row : row + 2])
        climb = np.minimum(4, np.maximum(0, people.seek_wanted.astype(np.int64) - self._seek_own))
        mine_of = self._by_skill(people.seek_skill[mine], people.seek_priority[mine] * climb[mine])
        own = self._by_skill(people.seek_skill[mine], self._seek_own[mine])
        near = (climb > 0) & (np.abs(own[people.seek_skill] - self._seek_own) <= 1)
        return _divided(MICRO * self._summed(self._of_seek, mine_of[people.seek_skill] * near), self._possible[row])

    def may_join(self, row: int, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which pairs the person may join: no rule stands between any two, and all three share hours and a language."""
        people, policy, forbidden = self.population, self._policy, self._forbidden(row)
        hours = np.bitwise_count(people.hours[a] & people.hours[b] & people.hours[row]).sum(axis=1)
        may: NDArray[np.bool_] = ~forbidden[a] & ~forbidden[b] & (hours >= policy.min_common_hours)
        if policy.common_language:
            may &= (people.languages[a] & people.languages[b] & people.languages[row]).any(axis=1)
        return may

    @cached_property
    def juniors(self) -> NDArray[np.bool_]:
        """Who is a junior; nobody where the policy knows none."""
        limit = self._policy.juniors_up_to
        return self.population.level <= (-1 if limit is None else limit)

    @cached_property
    def reach_of_level(self) -> dict[int, int]:
        """How far from each job level somebody may be matched where that is a rule: as far as enough others are."""
        least, levels = self._policy.levels_apart, self.population.level.tolist()
        if least is None:
            return {}
        enough = min(ENOUGH_NEAR, len(levels) - 1)
        away = {level: sorted(abs(other - level) for other in levels) for level in set(levels)}
        return {level: max(least, distances[enough]) for level, distances in away.items()}  # the nearest is the person

    @cached_property
    def _of_offer(self) -> Ints:
        return np.repeat(np.arange(len(self.population)), np.diff(self.population.offer_start))

    @cached_property
    def _of_seek(self) -> Ints:
        return np.repeat(np.arange(len(self.population)), np.diff(self.population.seek_start))

    @cached_property
    def _of_goal(self) -> Ints:
        return np.repeat(np.arange(len(self.population)), np.diff(self.population.goal_start))

    @cached_property
    def _levels(self) -> dict[tuple[int, int], int]:
        people = self.population
        return dict(
            zip(
                zip(self._of_offer.tolist(), people.offer_skill.tolist(), strict=True), people.offer_level.tolist(), strict=True
            )
        )

    @cached_property
    def _seek_own(self) -> Ints:
        """The level from which each sought skill is climbed."""
        people = self.population
        pairs = zip(self._of_seek.tolist(), people.seek_skill.tolist(), people.seek_own.tolist(), strict=True)
        return np.array([max(own, self._levels.get((who, skill), 0)) for who, skill, own in pairs], dtype=np.int64)

    @cached_property
    def _goal_level(self) -> Ints:
        pairs = zip(self._of_goal.tolist(), self.population.goal.tolist(), strict=True)
        return np.array([self._levels.get(pair, 0) for pair in pairs], dtype=np.int64)

    @cached_property
    def _possible(self) -> Ints:
        people = self.population
        climb = np.minimum(4, np.maximum(0, people.seek_wanted.astype(np.int64) - self._seek_own))
        return self._summed(self._of_seek, people.seek_priority * climb)

    def _summed(self, owner: Ints, values: NDArray[Any]) -> Ints:
        return np.bincount(owner, weights=values, minlength=len(self.population)).astype(np.int64)

    def _by_skill(self, positions: NDArray[Any], values: NDArray[Any]) -> Ints:
        table = np.zeros(len(self.population.skill_names), dtype=np.int64)
        table[positions] = values
        return table

    def _row_tables(self, row: int) -> tuple[Ints, Ints, Ints]:
        """By skill: the level the person offers, and from where and up to where they climb."""
        people = self.population
        offers, seeks = slice(*people.offer_start[row : row + 2]), slice(*people.seek_start[row : row + 2])
        skills = people.seek_skill[seeks]
        return (
            self._by_skill(people.offer_skill[offers], people.offer_level[offers]),
            self._by_skill(skills, self._seek_own[seeks]),
            self._by_skill(skills, people.seek_wanted[seeks]),
        )

    def benefits(self, row: int) -> tuple[Ints, Ints]:
        """What the person gains from everybody, and everybody from them, in micro-units of what each seeks."""
        people = self.population
        offered, own, wanted = self._row_tables(row)
        seeks = slice(*people.seek_start[row : row + 2])
        priority = self._by_skill(people.seek_skill[seeks], people.seek_priority[seeks])
        skill = people.offer_skill
        climbed = np.minimum(4, np.maximum(0, np.minimum(wanted[skill], people.offer_level) - own[skill]))
        gain = _divided(MICRO * self._summed(self._of_offer, priority[skill] * climbed), self._possible[row])
        taught = np.minimum(people.seek_wanted.astype(np.int64), offered[people.seek_skill])
        climbed = np.minimum(4, np.maximum(0, taught - self._seek_own))
        return gain, _divided(MICRO * self._summed(self._of_seek, people.seek_priority * climbed), self._possible)

    def _goals(self, row: int) -> Ints:
        people, policy = self.population, self._policy
        mine = slice(*people.goal_start[row : row + 2])
        offered, _, _ = self._row_tables(row)
        is_mine = self._by_skill(people.goal[mine], np.ones(mine.stop - mine.start))
        experienced = policy.experienced_level
        shared = policy.shared_goal_without_experience
        for_them = np.where(offered[people.goal] >= experienced, MICRO, shared * is_mine[people.goal])
        from_experience = is_mine[people.offer_skill] * (people.offer_level >= experienced) * MICRO
        from_company = is_mine[people.goal] * (self._goal_level < experienced) * shared
        support = (
            self._summed(self._of_goal, for_them)
            + self._summed(self._of_offer, from_experience)
            + self._summed(self._of_goal, from_company)
        )
        count = np.diff(people.goal_start)
        return _divided(support, count + count[row])

    def _complement(self, row: int) -> Ints:
        people = self.population
        offered, _, _ = self._row_tables(row)
        repeated = self._summed(self._of_offer, offered[people.offer_skill] > 0)
        count = np.diff(people.offer_start)
        skills = count + count[row] - repeated
        return _divided(MICRO * (skills - repeated), skills)

    def _nearness(self, row: int) -> Ints:
        policy, met = self._policy, np.zeros(len(self.population), dtype=np.int64)
        for attribute in ("department", "location"):
            codes = getattr(self.population, attribute)
            known = (codes >= 0) & (codes[row] >= 0)
            met += known & (codes == codes[row]) & (attribute in policy.prefer_same)
            met += known & (codes != codes[row]) & (attribute in policy.prefer_different)
        return MICRO * met // max(1, len(policy.prefer_same) + len(policy.prefer_different))

    def _common_hours(self, row: int) -> Ints:
        hours: Ints = np.bitwise_count(self.population.hours & self.population.hours[row]).sum(axis=1).astype(np.int64)
        return hours

    def _both_beginners(self, row: int) -> NDArray[np.bool_]:
        """Who has a goal in common with the person in which neither is experienced."""
        people, experienced = self.population, self._policy.experienced_level
        mine = slice(*people.goal_start[row : row + 2])
        unsure = people.goal[mine][self._goal_level[mine] < experienced]
        too = np.isin(people.goal, unsure) & (self._goal_level < experienced)
        return self._summed(self._of_goal, too) > 0

    @cached_property
    def _of_line(self) -> tuple[Ints, Ints]:
        """For every entry of the reporting lines, whose line it is, and how many managers stand between."""
        start = self.population.line_start
        length = np.diff(start)
        return np.repeat(np.arange(len(length)), length), np.arange(start[-1]) - np.repeat(start[:-1], length)

    def _in_one_line(self, row: int) -> NDArray[np.bool_]:
        """Who is above or below the person as far as the policy asks, or has the same manager where it asks for that."""
        people, policy = self.population, self._policy
        line = people.line[slice(*people.line_start[row : row + 2])]
        of, between = self._of_line
        related = np.zeros(len(people), dtype=np.bool_)
        above = line[: policy.line_levels]
        related[above[above < len(people)]] = True
        related[of[(people.line == row) & (between < policy.line_levels)]] = True
        if policy.same_manager_rule is not None and len(line):
            related[of[(between == 0) & (people.line == line[0])]] = True
        return related

    def _forbidden(self, row: int) -> NDArray[np.bool_]:
        people, policy = self.population, self._policy
        forbidden = self._common_hours(row) < policy.min_common_hours
        forbidden[row] = True
        forbidden |= (people.seats == 0) | (people.seats[row] == 0)
        if policy.juniors_up_to is not None:
            forbidden |= self.juniors == self.juniors[row]
        if policy.common_language:
            forbidden |= ~(people.languages & people.languages[row]).any(axis=1)
        forbidden |= self._in_one_line(row)
        forbidden[people.excluded[slice(*people.excluded_start[row : row + 2])]] = True
        if policy.level_rule == "require":
            forbidden |= np.abs(people.level.astype(np.int64) - int(people.level[row])) > policy.similar_level_within
        if policy.levels_apart is not None:
            reach = np.array([self.reach_of_level[level] for level in people.level.tolist()])
            apart = np.abs(people.level.astype(np.int64) - int(people.level[row]))
            forbidden |= apart > np.maximum(reach, reach[row])
        if policy.experience == "require":
            forbidden |= self._both_beginners(row)
        for attribute in ("department", "location"):
            codes = getattr(people, attribute)
            known = (codes >= 0) & (codes[row] >= 0)
            if attribute in policy.must_share:
                forbidden |= ~known | (codes != codes[row])
            if attribute in policy.must_differ:
                forbidden |= ~known | (codes == codes[row])
        return forbidden


def _divided(part: Ints, whole: Ints | np.int64) -> Ints:
    """Floor of part / whole; 0 where there is no whole."""
    quotient: Ints = part // np.maximum(whole, 1)
    return quotient
