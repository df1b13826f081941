"""Learning circle: four to eight people who learn towards the same goal, from different parts of the company."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from matching_service.engine.formats.format import GroupFormat
from matching_service.engine.problem.policy import Context, Policy
from peerloom_events.formats import LearningCircleOptions


class LearningCircle(GroupFormat[LearningCircleOptions]):
    """Equals with a goal in common, who all can meet at one time."""

    name: ClassVar[str] = "learning-circle"
    example: ClassVar[Mapping[str, Any]] = {"smallest": 4, "largest": 6}
    options_model = LearningCircleOptions

    def policy(self, options: LearningCircleOptions) -> Policy:
        """Goals, a similar level and different departments count as much as what people learn from each other."""
        return Policy(
            format=self.name,
            name="learning circle",
            group_sizes=(options.smallest, options.largest),
            group_goal=options.same_goal,
            weaker_side=300_000,
            both_sides=200_000,
            context=500_000,
            context_shares=Context(goals=300_000, level=300_000, common_hours=100_000, complement=100_000, nearness=200_000),
            prefer_different=frozenset(("department",)),
            reporting_line=options.reporting_line,
            same_manager=options.same_manager,
        )
