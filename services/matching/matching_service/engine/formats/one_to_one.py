"""One-to-one: pairs of peers, and where the program asks for it a trio when somebody would be left over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from matching_service.engine.formats.format import WITHOUT_LEARNING, PeerFormat
from matching_service.engine.problem.policy import Policy
from peerloom_events.formats import OneToOneOptions


class OneToOne(PeerFormat[OneToOneOptions]):
    """Peers, each in one match at a time. A pair is as good as its weaker side."""

    name: ClassVar[str] = "one-to-one"
    example: ClassVar[Mapping[str, Any]] = {"trio_when_odd": True}
    options_model = OneToOneOptions

    def policy(self, options: OneToOneOptions) -> Policy:
        """The policy's own shares; trios and the reporting line as the program chose."""
        name = "one-to-one peers, a trio when odd" if options.trio_when_odd else "one-to-one peers"
        return Policy(
            format=self.name,
            name=name,
            version=3,
            trios=options.trio_when_odd,
            reporting_line=options.reporting_line,
            same_manager=options.same_manager,
            experience=options.experience,
            nobody_learns=WITHOUT_LEARNING[options.learning],
            levels_apart=options.levels_apart,
        )

    def recognises(self, policy: Policy) -> bool:
        """Policies stored without a format are those of peers unless they distinguish juniors and seniors."""
        return policy.juniors_up_to is None
