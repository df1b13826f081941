"""Events in: each is translated into a command for a use case."""

from feedback_service.use_cases import relationships, surveys
from peerloom_events import MatchConfirmed, SessionCompleted
from peerloom_service.use_cases.transaction import Transaction


async def ask_about_session(tx: Transaction, event: SessionCompleted) -> None:
    """A session took place: everybody who came is asked."""
    present = tuple(person for person in event.participant_ids if person not in event.absent_ids)
    command = surveys.AskAboutSession(event.session_id, event.match_id, event.program_id, present)
    await surveys.ask_about_session(tx, command)


async def keep_relationship(tx: Transaction, event: MatchConfirmed) -> None:
    """Everybody said yes: from now on they may give each other kudos, and raise a concern."""
    command = relationships.KeepRelationship(event.match_id, event.version, event.program_id, event.participant_ids)
    await relationships.keep_relationship(tx, command)
