"""What matching remembers of what others say."""

from collections.abc import Sequence
from operator import attrgetter

import msgspec
import orjson

from matching_service import sql
from matching_service.participant_copy import KnownPerson
from peerloom_events import ParticipantEnrolled, ProgramLaunched
from peerloom_service.use_cases.transaction import Transaction


async def remember_people(tx: Transaction, said: Sequence[KnownPerson]) -> None:
    """Keep the newest facts of each person."""
    newest = {person.participant_id: person for person in sorted(said, key=attrgetter("version"))}
    people = newest.values()
    await tx.execute(
        sql.REMEMBER_PEOPLE,
        tx.tenant_id,
        list(newest),
        [person.version for person in people],
        [orjson.Fragment(msgspec.json.encode(person.facts)) for person in people],
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
