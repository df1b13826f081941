"""Junior-senior: pairs of one junior and one senior, who may have several juniors at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from matching_service.engine.formats.format import Format
from matching_service.engine.problem.policy import Context, Policy
from matching_service.engine.searching.search import Search
from matching_service.engine.searching.seats import SeatSearch
from peerloom_events.formats import JuniorSeniorOptions


class JuniorSenior(Format[JuniorSeniorOptions]):
    """One junior and one senior. What counts is what the junior gains."""

    name: ClassVar[str] = "junior-senior"
    search: ClassVar[type[Search]] = SeatSearch
    example: ClassVar[Mapping[str, Any]] = {"junior_up_to_level": 4, "seats_per_senior": 2}
    options_model = JuniorSeniorOptions

    def policy(self, options: JuniorSeniorOptions) -> Policy:
        """85 % of a worth follows what the junior gains, 15 % goals and common hours; levels differ by definition."""
        return Policy(
            format=self.name,
            name="junior-senior",
            version=2,
            juniors_up_to=options.junior_up_to_level,
            weaker_side=0,
            both_sides=0,
            junior_side=850_000,
            context_shares=Context(goals=600_000, level=0, common_hours=400_000, complement=0),
            reporting_line=options.reporting_line,
            same_manager=options.same_manager,
        )

    def sizes(self, options: JuniorSeniorOptions) -> range:  # noqa: ARG002 - the same in every program
        """Two."""
        return range(2, 3)

    def seats(self, options: JuniorSeniorOptions, employee_level: int) -> int:
        """One for a junior, for a senior as many as the program says."""
        return 1 if employee_level <= options.junior_up_to_level else options.seats_per_senior

    def recognises(self, policy: Policy) -> bool:
        """Policies stored without a format that distinguish juniors and seniors."""
        return policy.juniors_up_to is not None
