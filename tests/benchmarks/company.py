"""Companies of any size by seed, as arrays: the workload of the matching benchmarks.

Skills come in families and are Zipf-popular, departments have core families, levels form a pyramid with a manager tree
below each department, sites lie in eleven time zones, and working time is a few blocks a week. The structure (which
families a department has, which skills are popular) is drawn from a generator of its own, so a larger company is a
larger sample of the same one.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching_service.engine import Population

_FAMILIES: Final = 25
_FAMILY_SIZE: Final = 16
_DEPARTMENTS: Final = 14
_LEVELS: Final = np.array([0.10, 0.22, 0.26, 0.20, 0.12, 0.06, 0.03, 0.01])
_OFFSETS: Final = np.array([-8.0, -6.0, -5.0, -3.0, 0.0, 1.0, 2.0, 3.0, 5.5, 8.0, 10.0])
_SITE_SHARES: Final = np.array([0.06, 0.04, 0.16, 0.03, 0.17, 0.24, 0.06, 0.03, 0.14, 0.04, 0.03])
_SITE_LANGUAGE: Final = np.array([0, 1, 0, 2, 0, 3, 4, 5, 6, 7, 0])
_ENGLISH: Final = 0
_GOALS: Final = 10
_MOST_OFFERS: Final = 14
_MOST_SEEKS: Final = 7
_ROUNDS_BEFORE: Final = 3
_SENIOR: Final = 5

Ints = NDArray[np.int64]


def company(
    people: int,
    seed: int = 1,
    *,
    skills_in_family: int = _FAMILY_SIZE,
    hub: float = 0.0,
    impossible: float = 0.0,
    most_seats: int = 1,
) -> Population:
    """A company of so many people.

    ``skills_in_family``: 16 makes 400 skills, 200 a thin market of 5,000. ``hub``: share of the people who offer one
    and the same skill on top. ``impossible``: share of the people who speak a language nobody else does. ``most_seats``:
    whoever is of level 5 or above has from one to so many seats, the others have one.
    """
    structure, rng = np.random.default_rng(20_251_125), np.random.default_rng(seed)
    skills = _FAMILIES * skills_in_family
    everywhere = _popularity(structure, skills_in_family)
    own_mix = _department_mixes(structure, everywhere, skills_in_family)
    shares = np.arange(1, _DEPARTMENTS + 1) ** -0.7
    department = rng.choice(_DEPARTMENTS, people, p=shares / shares.sum())
    level = rng.choice(8, people, p=_LEVELS) + 1
    site = rng.choice(len(_OFFSETS), people, p=_SITE_SHARES / _SITE_SHARES.sum())

    offers = _skills(rng, own_mix, everywhere, department, 3 + rng.poisson(4, people), _MOST_OFFERS, own_share=1.0)
    if hub:
        offers[rng.random(people) < hub, 0] = 0
    offers = _each_once(offers)
    offer_level = np.clip(np.round(1 + 3.6 * level[:, None] / 8 + rng.normal(0, 0.9, offers.shape)), 1, 5).astype(np.int64)
    seeks = _each_once(_skills(rng, own_mix, everywhere, department, 2 + rng.poisson(2, people), _MOST_SEEKS, own_share=0.45))
    own = _own_levels(offers, offer_level, seeks, skills)
    known_well = (own >= 4) & (seeks >= 0)
    known_well[:, 0] = False
    seeks[known_well] = -1
    priority = rng.integers(1, 4, seeks.shape)

    goals = _each_once(np.where(np.arange(3) < rng.integers(1, 4, people)[:, None], rng.integers(0, _GOALS, (people, 3)), -1))
    languages = np.zeros((people, 1), dtype=np.uint64)
    languages[rng.random(people) < 0.93] |= np.uint64(1 << _ENGLISH)
    local = rng.random(people) < 0.75
    languages[local, 0] |= np.uint64(1) << _SITE_LANGUAGE[site[local]].astype(np.uint64)
    speechless = rng.random(people) < impossible
    languages[speechless] = 0

    line_start, line = _lines(rng, department, level)
    excluded_start, excluded = _excluded(rng, people)
    offer_start, offer_skill, offer_values = _ragged(offers, offer_level)
    seek_start, seek_skill, seek_values = _ragged(seeks, own, priority)
    goal_start, goal, _ = _ragged(goals)
    names = [f"skill-{skill:04}" for skill in range(skills)] + [f"~goal-{goal}" for goal in range(_GOALS)]
    ids = np.zeros((people, 16), dtype=np.uint8)
    ids[:, 8:] = np.arange(1, people + 1, dtype=">u8").view(np.uint8).reshape(-1, 8)
    return Population(
        reference_date=date(2026, 1, 12),
        skill_names=tuple(names),
        department_names=tuple(f"department-{number:02}" for number in range(_DEPARTMENTS)),
        location_names=tuple(f"site-{number:02}" for number in range(len(_OFFSETS))),
        language_names=tuple(f"language-{number}" for number in range(8)),
        ids=ids,
        outsiders=np.zeros((0, 16), dtype=np.uint8),
        offer_start=offer_start,
        offer_skill=offer_skill,
        offer_level=offer_values[0].astype(np.uint8),
        seek_start=seek_start,
        seek_skill=seek_skill,
        seek_wanted=np.full(len(seek_skill), 5, dtype=np.uint8),
        seek_own=seek_values[0].astype(np.uint8),
        seek_priority=seek_values[1].astype(np.int32),
        goal_start=goal_start,
        goal=goal + np.int32(skills),
        level=level.astype(np.int32),
        department=department.astype(np.int32),
        location=site.astype(np.int32),
        hours=_hours(rng, site),
        languages=languages,
        line_start=line_start,
        line=line,
        excluded_start=excluded_start,
        excluded=excluded,
        seats=np.where(level >= _SENIOR, np.random.default_rng(seed).integers(1, most_seats + 1, people), 1),
    )


def _popularity(structure: np.random.Generator, skills_in_family: int) -> NDArray[np.float64]:
    """How popular each skill is in the whole company: families by rank, and skills within a family by rank."""
    families = structure.permutation(np.arange(1, _FAMILIES + 1) ** -1.0)
    within = np.arange(1, skills_in_family + 1) ** -1.1
    popularity = np.outer(families / families.sum(), within / within.sum()).ravel()
    return popularity / popularity.sum()


def _department_mixes(
    structure: np.random.Generator, everywhere: NDArray[np.float64], skills_in_family: int
) -> NDArray[np.float64]:
    """What each department's people are good at: three core families for 60 %, the whole company's mix for the rest."""
    mixes = np.tile(0.4 * everywhere, (_DEPARTMENTS, 1))
    family_share = everywhere.reshape(_FAMILIES, -1).sum(axis=1)
    for department in range(_DEPARTMENTS):
        core_families = structure.choice(_FAMILIES, 3, replace=False, p=family_share)
        for family, share in zip(core_families, (0.5, 0.3, 0.2), strict=True):
            core = slice(family * skills_in_family, (family + 1) * skills_in_family)
            mixes[department, core] += 0.6 * share * everywhere[core] / everywhere[core].sum()
    return mixes


def _skills(
    rng: np.random.Generator,
    own_mix: NDArray[np.float64],
    everywhere: NDArray[np.float64],
    department: Ints,
    count: Ints,
    most: int,
    own_share: float,
) -> Ints:
    """A row of skills for each person, -1 where there is none; a skill may come twice."""
    drawn = np.searchsorted(np.cumsum(everywhere), rng.random((len(department), most)))
    for number, mix in enumerate(own_mix):
        here = np.flatnonzero(department == number)
        own = np.searchsorted(np.cumsum(mix), rng.random((len(here), most)))
        drawn[here] = np.where(rng.random(own.shape) < own_share, own, drawn[here])
    drawn = np.minimum(drawn, len(everywhere) - 1)
    return np.where(np.arange(most) < np.minimum(count, most)[:, None], drawn, -1)


def _each_once(rows: Ints) -> Ints:
    """Sorted rows without repeats, what there is first and -1 behind it."""
    ordered = np.sort(rows, axis=1)
    ordered[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = -1
    return np.take_along_axis(ordered, np.argsort(np.where(ordered < 0, np.iinfo(np.int64).max, ordered), axis=1), axis=1)


def _own_levels(offers: Ints, offer_level: Ints, seeks: Ints, skills: int) -> Ints:
    """The level each person already has in what they seek: that of their offer, or 0."""
    own = np.zeros_like(seeks)
    for column in range(offers.shape[1]):
        same = (seeks == offers[:, [column]]) & (seeks >= 0)
        own = np.where(same, offer_level[:, [column]], own)
    return own


def _ragged(codes: Ints, *values: Ints) -> tuple[Ints, NDArray[np.int32], list[Ints]]:
    present = codes >= 0
    start = np.concatenate(([0], np.cumsum(present.sum(axis=1))))
    return start, codes[present].astype(np.int32), [value[present] for value in values]


def _hours(rng: np.random.Generator, site: Ints) -> NDArray[np.uint64]:
    """Three to six blocks of one to three hours, Monday to Friday from 8 to 17 local time, in whole UTC hours."""
    people = len(site)
    words = np.zeros((people, 3), dtype=np.uint64)
    blocks = rng.integers(3, 7, people)
    for number in range(6):
        day, first, length = rng.integers(0, 5, people), rng.integers(8, 17, people), rng.integers(1, 4, people)
        for hour in range(3):
            works = (number < blocks) & (hour < length) & (first + hour < 17)
            at = np.floor(day * 24 + first + hour - _OFFSETS[site]).astype(np.int64)[works] % 168
            np.bitwise_or.at(words, (np.flatnonzero(works), at // 64), np.uint64(1) << (at % 64).astype(np.uint64))
    return words


def _lines(rng: np.random.Generator, department: Ints, level: Ints) -> tuple[Ints, NDArray[np.int32]]:
    """The managers above everybody: in each department a tree by level, with spans of four to ten."""
    manager = np.full(len(level), -1)
    for number in range(_DEPARTMENTS):
        here = np.flatnonzero(department == number)
        ranked = here[np.argsort(-(level[here] + rng.random(len(here))), kind="stable")]
        ends = np.cumsum(rng.integers(4, 11, len(ranked))) + 1
        boss = np.searchsorted(ends, np.arange(len(ranked)), side="right")
        manager[ranked[1:]] = ranked[boss[1:]]
    above = manager
    columns = []
    while (above >= 0).any():
        columns.append(above)
        above = np.where(above >= 0, manager[above], -1)
    start, line, _ = _ragged(np.stack(columns, axis=1) if columns else np.zeros((len(level), 0), dtype=np.int64))
    return start, line


def _excluded(rng: np.random.Generator, people: int) -> tuple[Ints, NDArray[np.int32]]:
    """Partners of three earlier rounds in which 60 % took part, and a personal wish of one in two hundred."""
    pairs = []
    for _ in range(_ROUNDS_BEFORE):
        took_part = rng.permutation(people)[: int(people * 0.6) // 2 * 2]
        pairs.append(took_part.reshape(-1, 2))
    wishes = np.flatnonzero(rng.random(people) < 0.005)
    pairs.append(np.stack((wishes, rng.integers(0, max(people, 1), len(wishes))), axis=1))
    one_way = np.concatenate(pairs)
    one_way = one_way[one_way[:, 0] != one_way[:, 1]]
    both = np.unique(np.concatenate((one_way, one_way[:, ::-1])), axis=0)
    start = np.concatenate(([0], np.cumsum(np.bincount(both[:, 0], minlength=people))))
    return start, both[:, 1].astype(np.int32)
