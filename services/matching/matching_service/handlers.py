"""What matching remembers of what others say."""

from collections.abc import Sequence

from matching_service import sql
from peerloom_events import ParticipantEnrolled, ParticipantRegistered, ParticipantUpdated, ProgramLaunched
from peerloom_service.transaction import Transaction


async def remember_people(tx: Transaction, events: Sequence[ParticipantRegistered | ParticipantUpdated]) -> None:
    """Keep the newest facts of each person."""
    newest = {event.participant_id: event for event in sorted(events, key=lambda event: event.version)}
    people = newest.values()
    await tx.execute(
        sql.REMEMBER_PEOPLE,
        tx.tenant_id,
        list(newest),
        [event.version for event in people],
        [event.facts.model_dump_json() for event in people],
    )


async def remember_programs(tx: Transaction, events: Sequence[ProgramLaunched]) -> None:
    """Keep what a run needs of a program."""
    newest = {event.program_id: event for event in sorted(events, key=lambda event: event.version)}
    programs = newest.values()
    await tx.execute(
        sql.REMEMBER_PROGRAMS,
        tx.tenant_id,
        list(newest),
        [event.version for event in programs],
        [event.format for event in programs],
        [event.answer_within_seconds for event in programs],
        [event.trio_when_odd for event in programs],
        [event.junior_up_to_level for event in programs],
        [event.seats_per_senior for event in programs],
    )


async def remember_enrolments(tx: Transaction, events: Sequence[ParticipantEnrolled]) -> None:
    """Keep who takes part in what."""
    await tx.execute(
        sql.REMEMBER_ENROLMENTS,
        tx.tenant_id,
        [event.enrolment_id for event in events],
        [event.version for event in events],
        [event.program_id for event in events],
        [event.participant_id for event in events],
    )
