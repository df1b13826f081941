"""Events in: each is translated into a command for a use case."""

from feedback_service import use_cases
from peerloom_events import SessionCompleted
from peerloom_service.use_cases.transaction import Transaction


async def ask_about_session(tx: Transaction, event: SessionCompleted) -> None:
    """A session took place: everybody who came is asked."""
    present = tuple(person for person in event.participant_ids if person not in event.absent_ids)
    command = use_cases.AskAboutSession(event.session_id, event.match_id, event.program_id, present)
    await use_cases.ask_about_session(tx, command)
