"""Skills practice: two who teach each other or practise what both seek, three of whom each teaches the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from matching_service.engine.checking.exchanges import check_exchanges
from matching_service.engine.checking.matches import Violation
from matching_service.engine.formats.format import Format
from matching_service.engine.problem.policy import Context, Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.problem.results import MatchedPopulation
from matching_service.engine.searching.exchanges import ExchangeSearch
from matching_service.engine.searching.search import Search
from peerloom_events.formats import SkillsPracticeOptions


class SkillsPractice(Format[SkillsPracticeOptions]):
    """Everybody gives and learns. Practising a skill together counts two fifths of being taught it."""

    name: ClassVar[str] = "skills-practice"
    search: ClassVar[type[Search]] = ExchangeSearch
    example: ClassVar[Mapping[str, Any]] = {"rings_of_three": True, "practice_together": True}
    options_model = SkillsPracticeOptions

    def policy(self, options: SkillsPracticeOptions) -> Policy:
        """85 % of a worth follows what everybody learns, 15 % common hours and goals."""
        return Policy(
            format=self.name,
            name="skills practice",
            weaker_side=0,
            both_sides=850_000,
            context=150_000,
            context_shares=Context(goals=400_000, level=0, common_hours=600_000, complement=0),
            practice=400_000 if options.practice_together else 0,
            rings=options.rings_of_three,
            reporting_line=options.reporting_line,
            same_manager=options.same_manager,
        )

    def sizes(self, options: SkillsPracticeOptions) -> range:
        """Two, or three who teach each other round."""
        return range(2, 4 if options.rings_of_three else 3)

    def seats(self, options: SkillsPracticeOptions, employee_level: int) -> int:  # noqa: ARG002 - the same for everybody
        """One, whoever it is."""
        return 1

    def check(
        self, population: Population, policy: Policy, matched: MatchedPopulation, people: int | None = None
    ) -> list[Violation]:
        """What is wrong with exchanges; empty when nothing is."""
        return check_exchanges(population, policy, matched, people=people)
