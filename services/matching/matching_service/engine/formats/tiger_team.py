"""Tiger team: small teams for a challenge, in which every skill that it needs is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from matching_service.engine.formats.format import GroupFormat
from matching_service.engine.problem.policy import Context, Policy
from peerloom_events.formats import TigerTeamOptions


class TigerTeam(GroupFormat[TigerTeamOptions]):
    """People whose strengths complement each other; each needed skill is that of somebody in the team."""

    name: ClassVar[str] = "tiger-team"
    example: ClassVar[Mapping[str, Any]] = {"smallest": 3, "largest": 5, "needed_skills": []}
    options_model = TigerTeamOptions

    def policy(self, options: TigerTeamOptions) -> Policy:
        """Complementary strengths and common hours count most."""
        return Policy(
            format=self.name,
            name="tiger team",
            group_sizes=(options.smallest, options.largest),
            group_skills=options.needed_skills,
            weaker_side=100_000,
            both_sides=200_000,
            context=700_000,
            context_shares=Context(goals=200_000, level=0, common_hours=300_000, complement=400_000, nearness=100_000),
            prefer_different=frozenset(("department",)),
            reporting_line=options.reporting_line,
            same_manager=options.same_manager,
        )
