"""Events in: each is translated and handed to a use case."""

from peerloom_events import MatchConfirmed, MatchDeclined, MatchExpired, MatchProposed
from peerloom_service.use_cases.transaction import Transaction
from profile_service.use_cases import partners


async def know_each_other(tx: Transaction, event: MatchProposed | MatchConfirmed) -> None:
    """Whoever is proposed to each other, or matched, may know the others' names."""
    await _keep(tx, event, over=False)


async def know_no_longer(tx: Transaction, event: MatchDeclined | MatchExpired) -> None:
    """A proposal is over."""
    await _keep(tx, event, over=True)


async def _keep(tx: Transaction, event: MatchProposed | MatchConfirmed | MatchDeclined | MatchExpired, *, over: bool) -> None:
    command = partners.KeepPartnership(event.match_id, event.version, event.participant_ids, over)
    await partners.keep_partnership(tx, command)
