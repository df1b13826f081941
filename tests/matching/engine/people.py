"""Builders of people for the engine's tests: one at a time, or a whole company."""

from __future__ import annotations

import random
from datetime import date
from itertools import accumulate
from typing import Any
from uuid import UUID

from matching_service.engine import Person, Policy, Population, Skill, SoughtSkill, WorkingHours, format_of

A_MONDAY = date(2026, 1, 12)

SITES = (
    ("Europe/Berlin", "de", 30),
    ("Europe/London", "en", 20),
    ("America/New_York", "en", 15),
    ("Asia/Kolkata", "hi", 15),
    ("America/Los_Angeles", "en", 8),
    ("Asia/Singapore", "zh", 6),
    ("Australia/Adelaide", "en", 6),
)
GOALS = ("leading a team", "public speaking", "career change", "skill-0", "skill-1", "skill-2", "negotiation")


def number(n: int) -> UUID:
    """The id of the n-th person of a test."""
    return UUID(int=n + 1)


def person(n: int, **facts: Any) -> Person:
    """The n-th person of a test, who offers and seeks nothing unless told otherwise."""
    return Person(id=number(n), **facts)


def swapper(n: int, offers: str, seeks: str, level: int = 5, **facts: Any) -> Person:
    """Somebody who offers one skill and seeks another from scratch."""
    return person(n, offers=(Skill(offers, level),), seeks=(SoughtSkill(seeks),), **facts)


def population(*people: Person, on: date = A_MONDAY) -> Population:
    return Population.of(people, on)


def junior_senior(juniors_up_to: int, **values: Any) -> Policy:
    """The policy of the junior-senior format with some values changed."""
    format_ = format_of("junior-senior")
    policy = format_.policy(format_.options({"junior_up_to_level": 1})).model_dump()
    return Policy.model_validate({**policy, "juniors_up_to": juniors_up_to, **values})


def company(size: int, seed: int = 1) -> Population:
    """A snapshot of ``people_of``."""
    return Population.of(people_of(size, seed), A_MONDAY)


def people_of(size: int, seed: int = 1) -> list[Person]:
    """A made-up company: skewed skills, seven sites on four continents, a tree of managers, a few exclusions."""
    rng = random.Random(seed)
    skills = [f"skill-{rank}" for rank in range(120)]
    popularity = list(accumulate(1 / (rank + 1) for rank in range(len(skills))))
    people = []
    for n in range(size):
        level = rng.choices(range(1, 9), weights=(10, 22, 26, 20, 12, 6, 3, 1))[0]
        time_zone, language, _ = rng.choices(SITES, weights=[site[2] for site in SITES])[0]
        offered = set(rng.choices(skills, cum_weights=popularity, k=3 + rng.randrange(6)))
        offers = {name: min(5, max(1, round(1 + 0.45 * level + rng.gauss(0, 0.9)))) for name in sorted(offered)}
        sought = set(rng.choices(skills, cum_weights=popularity, k=2 + rng.randrange(4)))
        start = rng.choice((7, 8, 9, 10)) * 60
        people.append(
            person(
                n,
                offers=tuple(Skill(name, offers[name]) for name in sorted(offers)),
                seeks=tuple(SoughtSkill(s, own=offers.get(s, 0), priority=rng.randint(1, 3)) for s in sorted(sought)),
                goals=tuple(sorted(set(rng.choices(GOALS, k=rng.randint(1, 3))))),
                level=level,
                department=f"department-{rng.randrange(14)}",
                location=time_zone,
                time_zone=time_zone,
                working_hours=WorkingHours(start, start + 8 * 60),
                languages=tuple(sorted({language, "en"} if rng.random() < 0.9 else {language})),
                manager_id=number((n - 1) // 7) if n else None,
                excluded=frozenset(number(rng.randrange(size)) for _ in range(rng.randrange(3))),
            )
        )
    return people
