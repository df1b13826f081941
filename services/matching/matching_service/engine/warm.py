"""Compile every kernel once, so that no run has to wait for it: `python -m matching_service.engine.warm`.

What is compiled is kept beside the modules, or where ``NUMBA_CACHE_DIR`` says, for as long as they and the processor stay the
same.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from matching_service.engine.formats import FORMATS
from matching_service.engine.match import match_population
from matching_service.engine.problem.population import Person, Population, Skill, SoughtSkill

FEW, MANY = 12, 3_100
"""All pairs of few people are held in memory; many people are searched by blocks, in formats that can."""


def warm() -> None:
    """Match people in the way of each format."""
    for count in (FEW, MANY):
        people = [
            Person(
                id=UUID(int=number + 1),
                offers=(Skill(f"skill-{number % 30}", 1 + number % 5),),
                seeks=(SoughtSkill(f"skill-{(number + 1) % 30}"),),
                goals=(f"skill-{number % 7}",),
                level=number % 9,
                languages=("en",) if number else (),
            )
            for number in range(count)
        ]
        for format_ in FORMATS.values():
            if count == MANY and not format_.search.by_blocks:
                continue
            policy = format_.policy(format_.options(format_.example))
            match_population(Population.of(people, date(2026, 1, 12)), policy, target_gap=0.0)


if __name__ == "__main__":
    warm()
