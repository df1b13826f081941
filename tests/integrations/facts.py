"""Events about matches, where only what a test cares about is said."""

from typing import Any
from uuid import UUID

from peerloom_events import MatchAccepted, MatchConfirmed
from peerloom_service.identifiers import new_id
from tests.support import a_match_accepted, a_match_confirmed


def a_confirmation(**changed: Any) -> MatchConfirmed:
    """Two people nobody else knows are matched."""
    return a_match_confirmed((new_id(), new_id()), new_id(), **changed)


def an_acceptance(match_id: UUID | None = None, **changed: Any) -> MatchAccepted:
    """Somebody accepts a match."""
    return a_match_accepted(match_id or new_id(), new_id(), new_id(), **changed)
