"""Network: pairs of people who would not meet otherwise, from another department or location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from matching_service.engine.formats.format import PeerFormat
from matching_service.engine.problem.policy import Context, Policy
from peerloom_events.formats import NetworkOptions


class Network(PeerFormat[NetworkOptions]):
    """Two people who differ in where they work. That they get to know each other counts as much as what they learn."""

    name: ClassVar[str] = "network"
    example: ClassVar[Mapping[str, Any]] = {"differ_in": "department"}
    options_model = NetworkOptions

    def policy(self, options: NetworkOptions) -> Policy:
        """Half of a worth follows what both gain, half the context, above all that they are far from each other."""
        return Policy(
            format=self.name,
            name="network building",
            trios=options.trio_when_odd and options.rounds == 1,
            rounds=options.rounds,
            weaker_side=300_000,
            both_sides=200_000,
            context=500_000,
            context_shares=Context(goals=200_000, level=0, common_hours=200_000, complement=200_000, nearness=400_000),
            prefer_different=frozenset(("department", "location")),
            must_differ=frozenset((options.differ_in,)),
            reporting_line=options.reporting_line,
            same_manager=options.same_manager,
        )
