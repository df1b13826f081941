"""Onboarding buddy: somebody new and a colleague who helps them to find their way, matched as newcomers arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from matching_service.engine.formats.format import Format
from matching_service.engine.problem.policy import Context, Policy
from matching_service.engine.searching.search import Search
from matching_service.engine.searching.seats import SeatSearch
from peerloom_events.formats import OnboardingBuddyOptions


class OnboardingBuddy(Format[OnboardingBuddyOptions]):
    """One newcomer and one buddy, who may have several newcomers. That they are near each other counts most."""

    name: ClassVar[str] = "onboarding-buddy"
    search: ClassVar[type[Search]] = SeatSearch
    example: ClassVar[Mapping[str, Any]] = {"newcomer_for_days": 90, "newcomers_per_buddy": 2, "match_on_arrival": False}
    newcomers: ClassVar[bool] = True
    options_model = OnboardingBuddyOptions

    def policy(self, options: OnboardingBuddyOptions) -> Policy:
        """60 % of a worth follows the same department and location, common hours and goals, 40 % what the newcomer learns."""
        return Policy(
            format=self.name,
            name="onboarding buddy",
            juniors_up_to=0,
            newcomers_within_days=options.newcomer_for_days,
            weaker_side=0,
            both_sides=0,
            junior_side=400_000,
            context=600_000,
            context_shares=Context(goals=100_000, level=0, common_hours=400_000, complement=0, nearness=500_000),
            prefer_same=frozenset(("department", "location")),
            reporting_line=options.reporting_line,
            same_manager=options.same_manager,
        )

    def sizes(self, options: OnboardingBuddyOptions) -> range:  # noqa: ARG002 - the same in every program
        """Two."""
        return range(2, 3)

    def seats(self, options: OnboardingBuddyOptions, employee_level: int) -> int:  # noqa: ARG002 - whoever is no newcomer
        """As many as the program says; a newcomer has one."""
        return options.newcomers_per_buddy

    def newcomer_days(self, options: OnboardingBuddyOptions) -> int | None:
        """As the program says."""
        return options.newcomer_for_days

    def on_arrival(self, options: OnboardingBuddyOptions) -> bool:
        """As the program says."""
        return options.match_on_arrival
