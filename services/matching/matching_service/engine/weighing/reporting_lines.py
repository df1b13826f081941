"""Who is above whom in the reporting lines, as numbers that a kernel compares once for a pair, however long the lines are.

People are numbered so that everybody below a manager directly follows the manager (an Euler tour). So each person has a
place and an end, and is above exactly those whose places lie between. Managers who take no part connect lines too, so they
are numbered with the others. Where managers stand in a circle, each of them is above the others and above everybody below
any of them: all of a circle share one place and one end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching_service.engine.core.kernels import kernel
from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.policy import ANY_DEPTH
from matching_service.engine.problem.population import UNKNOWN, Population


class ReportingLines(NamedTuple):
    """The reporting lines of people in an order of the caller's choice.

    ``manager``: a number for everybody's manager, -1 for none. Where the rule asks about some levels, ``managers_above``
    holds the places of the managers so far above, -1 where there is none or one who takes no part. Where it asks about the
    whole line, somebody is above those whose ``line_place`` lies between their own and their ``line_end``. What the rule
    does not ask for relates nobody to anybody.
    """

    manager: Int32Array
    managers_above: Int32Array
    line_place: Int32Array
    line_end: Int32Array

    @classmethod
    def of(cls, population: Population, levels: int, order: Int64Array, place: Int32Array) -> ReportingLines:
        """Of the people at the positions ``order``; ``place`` finds them by position, ``levels`` is ``Policy.line_levels``."""
        count = len(population)
        manager = _managers(population)
        if levels == ANY_DEPTH:
            above = np.empty((count, 0), dtype=np.int32)
            line_place, line_end = _numbered(manager)
        else:
            above = _managers_above(population, levels, place)
            line_place, line_end = np.arange(count, dtype=np.int32), np.zeros(count, dtype=np.int32)
        return cls(manager[:count][order], above[order], line_place[:count][order], line_end[:count][order])


def _managers(population: Population) -> Int32Array:
    """The manager of everybody who takes part or stands in the line of somebody who does, by position; -1: none is known."""
    start, line = population.line_start, population.line
    manager = np.full(len(population) + len(population.outsiders), UNKNOWN, dtype=np.int32)
    led = np.flatnonzero(np.diff(start))
    manager[led] = line[start[led]]
    further = np.ones(len(line), dtype=np.bool_)
    further[start[led]] = False
    next_one = np.flatnonzero(further)
    manager[line[next_one - 1]] = line[next_one]
    return manager


def _managers_above(population: Population, levels: int, place: Int32Array) -> Int32Array:
    """The first ``levels`` managers above everybody, by place; who takes no part counts as -1."""
    count, length = len(population), np.diff(population.line_start)
    levels = min(levels, int(length.max(initial=0)))
    above = np.full((count, levels), UNKNOWN, dtype=np.int32)
    for level in range(levels):
        led = np.flatnonzero(length > level)
        manager = population.line[population.line_start[led] + level]
        inside = manager < count
        above[led[inside], level] = place[manager[inside]]
    return above


@kernel
def _numbered(manager: Int32Array) -> tuple[Int32Array, Int32Array]:
    """Place and end of everybody, from everybody's manager (-1: none). Linear in time; circles are survived."""
    count = len(manager)
    reports, size = np.zeros(count, np.int32), np.ones(count, np.int32)
    for person in range(count):
        if manager[person] >= 0:
            reports[manager[person]] += 1
    upwards = np.empty(count, np.int32)  # everybody after all who report to them; who stands in a circle never comes
    length = 0
    for person in range(count):
        if reports[person] == 0:
            upwards[length] = person
            length += 1
    at = 0
    while at < length:
        above = manager[upwards[at]]
        if above >= 0:
            size[above] += size[upwards[at]]
            reports[above] -= 1
            if reports[above] == 0:
                upwards[length] = above
                length += 1
        at += 1
    place, end = np.zeros(count, np.int32), np.zeros(count, np.int32)
    free = np.zeros(count, np.int32)  # the next place below a person, or below a circle, kept by the first of it
    first = np.arange(count).astype(np.int32)
    taken = 0
    for person in range(count):
        if reports[person] == 0:
            continue
        together = 0
        member = person
        while reports[member]:
            reports[member] = 0
            first[member] = person
            place[member] = taken
            together += size[member]
            member = manager[member]
        free[person] = taken + 1
        taken += together
        end[person] = taken
        member = manager[person]
        while member != person:
            end[member] = taken
            member = manager[member]
    for at in range(length - 1, -1, -1):
        person = upwards[at]
        above = manager[person]
        if above < 0:
            place[person] = taken
            taken += size[person]
        else:
            place[person] = free[first[above]]
            free[first[above]] += size[person]
        end[person] = place[person] + size[person]
        free[person] = place[person] + 1
    return place, end
