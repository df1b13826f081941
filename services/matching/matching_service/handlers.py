"""Events in: each is translated and handed to a use case."""

from collections.abc import Sequence

import msgspec

from matching_service.participant_copy import KnownPerson
from matching_service.use_cases import copies
from peerloom_events import ParticipantEnrolled, ProgramLaunched, options_of
from peerloom_service.use_cases.transaction import Transaction


async def keep_people(tx: Transaction, people: Sequence[KnownPerson]) -> None:
    """What people offer and seek, and when they work, as profile says."""
    await copies.keep_people(
        tx,
        [copies.KeepPerson(one.participant_id, one.version, msgspec.json.encode(one.facts)) for one in people],
    )


async def keep_programs(tx: Transaction, events: Sequence[ProgramLaunched]) -> None:
    """The rules under which a program's people are matched, as profile says."""
    await copies.keep_programs(
        tx,
        [
            copies.KeepProgram(
                id=event.program_id,
                version=event.version,
                format=event.format,
                options=options_of(event),
                answer_within_seconds=event.answer_within_seconds,
                trio_when_odd=event.trio_when_odd,
                junior_up_to_level=event.junior_up_to_level,
                seats_per_senior=event.seats_per_senior,
            )
            for event in events
        ],
    )


async def keep_enrolments(tx: Transaction, events: Sequence[ParticipantEnrolled]) -> None:
    """Who takes part in what, as profile says."""
    await copies.keep_enrolments(
        tx,
        [copies.KeepEnrolment(event.enrolment_id, event.version, event.program_id, event.participant_id) for event in events],
    )
