"""Events in: each is translated and handed to a use case."""

from collections.abc import Sequence

import msgspec

from matching_service.domain.matches import EndReason
from matching_service.participant_copy import KnownPerson
from matching_service.use_cases import copies, endings
from peerloom_events import (
    ParticipantDeactivated,
    ParticipantEnrolled,
    ParticipantPaused,
    ParticipantResumed,
    ParticipantWithdrawn,
    ProgramClosed,
    ProgramLaunched,
    ProgramUpdated,
    RelationshipCompleted,
    options_of,
)
from peerloom_events.formats import OPTIONS_WITH_FIELDS
from peerloom_service.use_cases.transaction import Transaction


async def keep_people(tx: Transaction, people: Sequence[KnownPerson]) -> None:
    """What people offer and seek, and when they work, as profile says."""
    await copies.keep_people(
        tx,
        [copies.KeepPerson(one.participant_id, one.version, msgspec.json.encode(one.facts)) for one in people],
    )


async def keep_programs(tx: Transaction, events: Sequence[ProgramLaunched | ProgramUpdated]) -> None:
    """The rules under which a program's people are matched, as profile says."""
    await copies.keep_programs(
        tx,
        [
            copies.KeepProgram(
                id=event.program_id,
                version=event.version,
                format=event.format,
                options=options,
                answer_within_seconds=event.answer_within_seconds,
                starts_on=event.starts_on,
                ends_on=event.ends_on,
                session_minutes=event.session_minutes,
                ask_again_after_days=event.ask_again_after_days,
                **{name: options.get(name, ProgramLaunched.model_fields[name].default) for name in OPTIONS_WITH_FIELDS},
            )
            for event in events
            for options in [options_of(event)]
        ],
    )


async def keep_enrolments(tx: Transaction, events: Sequence[ParticipantEnrolled | ParticipantResumed]) -> None:
    """Who takes part in what, as profile says."""
    await copies.keep_enrolments(
        tx,
        [copies.KeepEnrolment(event.enrolment_id, event.version, event.program_id, event.participant_id) for event in events],
    )


async def let_go(tx: Transaction, event: ParticipantDeactivated) -> None:
    """Somebody has left."""
    await endings.let_go(tx, endings.LetGo(event.participant_id, event.version, event.left_on))


async def pause(tx: Transaction, event: ParticipantPaused) -> None:
    """Somebody is not to be matched in a program for now."""
    await endings.stop_enrolment(tx, _stop(event, EndReason.PARTICIPANT_PAUSED))


async def withdraw(tx: Transaction, event: ParticipantWithdrawn) -> None:
    """Somebody no longer takes part in a program."""
    left = event.reason == "left"
    await endings.stop_enrolment(tx, _stop(event, EndReason.PARTICIPANT_LEFT if left else EndReason.PARTICIPANT_WITHDREW))


def _stop(event: ParticipantPaused | ParticipantWithdrawn, reason: EndReason) -> endings.StopEnrolment:
    return endings.StopEnrolment(event.enrolment_id, event.version, event.program_id, event.participant_id, reason)


async def close_program(tx: Transaction, event: ProgramClosed) -> None:
    """A program ended before its time."""
    await endings.close_program(tx, endings.CloseProgram(event.program_id, event.version, event.closed_at))


async def follow_relationship(tx: Transaction, event: RelationshipCompleted) -> None:
    """People who were matched no longer meet."""
    await endings.follow_relationship(tx, endings.RelationshipOver(event.match_id, event.reason))
