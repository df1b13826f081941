"""Flash: short meetings of pairs, with a new partner in every round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from matching_service.engine.formats.format import WITHOUT_LEARNING, PeerFormat
from matching_service.engine.problem.policy import Context, Policy
from peerloom_events.formats import FlashOptions


class Flash(PeerFormat[FlashOptions]):
    """Two people with a short time for each other. Each match run is a round; nobody meets the same person twice."""

    name: ClassVar[str] = "flash"
    example: ClassVar[Mapping[str, Any]] = {"trio_when_odd": True}
    options_model = FlashOptions

    def policy(self, options: FlashOptions) -> Policy:
        """What both gain counts most; a short meeting asks for no similar level."""
        return Policy(
            format=self.name,
            name="flash",
            version=2,
            trios=options.trio_when_odd and options.rounds == 1,
            rounds=options.rounds,
            experience=options.experience,
            nobody_learns=WITHOUT_LEARNING[options.learning],
            weaker_side=500_000,
            both_sides=300_000,
            context=200_000,
            context_shares=Context(goals=600_000, level=0, common_hours=100_000, complement=300_000),
            reporting_line=options.reporting_line,
            same_manager=options.same_manager,
        )
