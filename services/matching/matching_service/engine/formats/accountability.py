"""Accountability: pairs, or a trio, of one department or location who pursue their goals side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from matching_service.engine.formats.format import PeerFormat
from matching_service.engine.problem.policy import Context, Policy
from peerloom_events.formats import AccountabilityOptions


class Accountability(PeerFormat[AccountabilityOptions]):
    """Two people who check in with each other. Shared goals and hours count; nobody has to teach."""

    name: ClassVar[str] = "accountability"
    example: ClassVar[Mapping[str, Any]] = {"same": "department"}
    options_model = AccountabilityOptions

    def policy(self, options: AccountabilityOptions) -> Policy:
        """Four fifths of a worth follow goals, level and hours."""
        return Policy(
            format=self.name,
            name="accountability",
            trios=options.trio_when_odd,
            weaker_side=100_000,
            both_sides=100_000,
            context=800_000,
            context_shares=Context(goals=500_000, level=200_000, common_hours=300_000, complement=0),
            must_share=frozenset((options.same,)),
            reporting_line=options.reporting_line,
            same_manager=options.same_manager,
        )
