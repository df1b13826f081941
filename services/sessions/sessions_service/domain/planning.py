"""When the people of a relationship meet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sessions_service.domain.people import Participant, Program, TimeZoneUnknown
from sessions_service.domain.relationships import Ending, Reason, Relationship
from sessions_service.domain.sessions import InThePast, Session, SessionState
from sessions_service.slots import Slot, common_slots

LEAD_TIME: Final = timedelta(hours=24)
"""Nobody is booked for a session that starts sooner than this."""

Taken = Mapping[UUID, Sequence[Slot]]
"""When people are taken, by person."""


def free_slots(program: Program, people: Sequence[Participant], taken: Taken, earliest: datetime) -> Iterator[Slot]:
    """When these people can meet in this program, soonest first.

    Raises: TimeZoneUnknown.
    """
    return common_slots(
        [person.diary(taken.get(person.id, ())) for person in people],
        length=program.session_length,
        first_day=program.starts_on,
        last_day=program.last_day_with(people),
        earliest=earliest,
    )


def first_slot(program: Program, people: Sequence[Participant], taken: Taken, now: datetime) -> Slot | Reason:
    """When a relationship's first session is, or why it cannot be."""
    try:
        return next(free_slots(program, people, taken, now + LEAD_TIME), Reason.NO_COMMON_HOURS)
    except TimeZoneUnknown:
        return Reason.TIME_ZONE_UNKNOWN


def next_slot(
    program: Program, people: Sequence[Participant], taken: Taken, last: Session | None, now: datetime
) -> Slot | Reason | Ending:
    """When a relationship's next session is, why it cannot be, or that there is none: its program ends before.

    After a session that was held or missed it lies a cadence later, at the same time of day where that is free and else as
    soon as possible after; after one that was cancelled, as soon as possible. `last`: the session before; None: there is none.
    """
    if program.is_over(now):
        return Ending.PROGRAM_ENDED
    if any(person.on_leave for person in people):
        return Reason.ON_LEAVE
    if last is None:
        return first_slot(program, people, taken, now)
    try:
        earliest = max(now + LEAD_TIME, _due(program, people, last))
        if any(earliest.astimezone(person.zone).date() > program.ends_on for person in people):
            return Ending.PROGRAM_ENDED
        return next(free_slots(program, people, taken, earliest), Reason.NO_COMMON_HOURS)
    except TimeZoneUnknown:
        return Reason.TIME_ZONE_UNKNOWN


def _due(program: Program, people: Sequence[Participant], last: Session) -> datetime:
    if last.state is SessionState.CANCELLED:
        return last.ends_at
    # Days are added on the calendar of one of them: the time of day stays when clocks change.
    local = last.starts_at.astimezone(people[0].zone)
    return (local + program.cadence).astimezone(UTC)


def chosen_slot(program: Program, people: Iterable[Participant], starts_at: datetime, now: datetime) -> Slot:
    """The slot of a session that its people book themselves.

    Raises: InThePast, OutsideProgram, TimeZoneUnknown.
    """
    slot = Slot(starts_at, starts_at + program.session_length)
    if starts_at <= now:
        raise InThePast(f"It is {now.isoformat()} now. Choose a later time.")
    program.refuse_outside(slot, people)
    return slot


def next_session(relationship: Relationship, id_: UUID, slot: Slot, last: Session | None = None) -> Session:
    """The session that follows `last`; None: the one a relationship begins with."""
    return Session(
        id=id_,
        version=1,
        match_id=relationship.id,
        program_id=relationship.program_id,
        participant_ids=relationship.participant_ids,
        number=1 if last is None else last.number + 1,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
    )
