"""Events about matches, where only what a test cares about is said."""

from typing import Any
from uuid import UUID

from peerloom_events import MatchAccepted, MatchExpired
from peerloom_service.identifiers import new_id
from tests.support import a_match_accepted, a_match_expired


def an_expiry(match_id: UUID | None = None, **changed: Any) -> MatchExpired:
    """A proposal to two people nobody else knows has expired: no other service says anything because of that."""
    return a_match_expired(match_id or new_id(), new_id(), (new_id(), new_id()), **changed)


def an_acceptance(match_id: UUID | None = None, **changed: Any) -> MatchAccepted:
    """Somebody accepts a match."""
    return a_match_accepted(match_id or new_id(), new_id(), new_id(), **changed)
