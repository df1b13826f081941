"""What may become of relationships and sessions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_service.domain.people import OutsideProgram, Participant, Program
from sessions_service.domain.planning import LEAD_TIME, first_slot, next_session
from sessions_service.domain.relationships import (
    Reason,
    Relationship,
    RelationshipState,
    TooFewPeople,
)
from sessions_service.domain.sessions import (
    AlreadyStarted,
    InThePast,
    NotEndedYet,
    NotOfTheSession,
    NotStartedYet,
    Session,
    SessionOver,
    SessionState,
    may_complete,
    may_miss,
    may_reschedule,
)
from sessions_service.slots import Hours, Slot

ADA, GRACE, EDSGER = (UUID(int=number) for number in (1, 2, 3))
STARTS = datetime(2026, 12, 1, 10, tzinfo=UTC)
ENDS = STARTS + timedelta(minutes=45)
DURING = STARTS + timedelta(minutes=20)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
OFFICE = Hours(540, 1020, (1, 2, 3, 4, 5))


def a_session(**changed: Any) -> Session:
    usual: dict[str, Any] = {
        "id": uuid4(),
        "version": 1,
        "match_id": uuid4(),
        "program_id": uuid4(),
        "participant_ids": (ADA, GRACE),
        "number": 1,
        "starts_at": STARTS,
        "ends_at": ENDS,
    }
    return Session(**(usual | changed))


def a_relationship(*people: UUID) -> Relationship:
    return Relationship(id=uuid4(), version=1, program_id=uuid4(), participant_ids=people or (ADA, GRACE), begun_at=NOW)


def a_program(**changed: Any) -> Program:
    usual: dict[str, Any] = {"starts_on": date(2026, 11, 1), "ends_on": date(2027, 6, 1)}
    return Program(id=uuid4(), version=1, session_minutes=45, cadence_days=14, **(usual | changed))


def somebody(id_: UUID, time_zone: str = "Europe/Berlin", hours: Hours = OFFICE) -> Participant:
    return Participant(id=id_, version=1, time_zone=time_zone, working_hours=hours)


# -- what may become of a session ---------------------------------------------------------------------------------------


@given(st.datetimes(datetime(2026, 11, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_session_may_be_moved_until_it_starts_held_from_then_on_and_missed_once_it_is_over(now: datetime) -> None:
    session = a_session()
    assert may_reschedule(session, now) is (now < STARTS)
    assert may_complete(session, now) is (now >= STARTS)
    assert may_miss(session, now) is (now >= ENDS)


@pytest.mark.parametrize("state", [SessionState.COMPLETED, SessionState.MISSED, SessionState.CANCELLED])
@pytest.mark.parametrize(
    "act",
    [
        lambda session: session.completed(ENDS),
        lambda session: session.missed((ADA,), ENDS),
        lambda session: session.moved_to(ENDS, NOW),
    ],
)
def test_what_became_of_a_session_is_settled_once(state: SessionState, act: Callable[[Session], Session]) -> None:
    session = a_session(state=state)
    assert [may_complete(session, ENDS), may_miss(session, ENDS), may_reschedule(session, NOW)] == [False] * 3
    with pytest.raises(SessionOver):
        act(session)


def test_a_session_is_completed_once_it_has_started() -> None:
    session = a_session()
    with pytest.raises(NotStartedYet):
        session.completed(STARTS - timedelta(microseconds=1))
    assert session.completed(STARTS) == replace(session, version=2, state=SessionState.COMPLETED)


def test_a_session_is_missed_once_it_has_ended_for_until_then_somebody_may_still_come() -> None:
    session = a_session()
    with pytest.raises(NotEndedYet):
        session.missed((GRACE,), DURING)
    assert session.missed((GRACE,), ENDS) == replace(session, version=2, state=SessionState.MISSED, absent_ids=(GRACE,))


def test_only_people_of_the_session_are_absent_from_it_and_each_once() -> None:
    session = a_session()
    with pytest.raises(NotOfTheSession):
        session.missed((ADA, EDSGER), ENDS)
    assert session.missed((GRACE, ADA, GRACE), ENDS).absent_ids == (ADA, GRACE)


def test_a_moved_session_is_as_long_as_before() -> None:
    moved = a_session().moved_to(STARTS + timedelta(days=1), NOW)
    assert (moved.version, moved.slot) == (2, Slot(STARTS + timedelta(days=1), ENDS + timedelta(days=1)))


def test_a_session_that_has_started_is_not_moved() -> None:
    with pytest.raises(AlreadyStarted):
        a_session().moved_to(ENDS + timedelta(days=1), DURING)


@pytest.mark.parametrize("moment", [NOW, NOW - timedelta(days=1)])
def test_a_session_is_not_moved_into_the_past(moment: datetime) -> None:
    with pytest.raises(InThePast):
        a_session().moved_to(moment, NOW)


def test_a_session_lies_within_its_programs_days_on_everybodys_own_calendar() -> None:
    program = a_program(starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 1))
    evening = Slot(datetime(2026, 12, 1, 22, 30, tzinfo=UTC), datetime(2026, 12, 1, 23, tzinfo=UTC))
    program.refuse_outside(evening, [somebody(ADA, "Europe/Berlin"), somebody(GRACE, "Europe/London")])
    with pytest.raises(OutsideProgram):
        program.refuse_outside(evening, [somebody(ADA, "Europe/Helsinki"), somebody(GRACE, "Europe/London")])


# -- how a relationship begins ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [(ADA,), (ADA, ADA), (ADA, GRACE, ADA)])
def test_a_relationship_is_between_two_different_people_or_more(people: tuple[UUID, ...]) -> None:
    with pytest.raises(TooFewPeople):
        a_relationship(*people)


def test_a_relationship_changes_when_its_reason_to_wait_does_and_not_when_it_is_found_again() -> None:
    waiting = a_relationship().waiting(Reason.PROGRAM_UNKNOWN)
    assert (waiting.version, waiting.reason) == (2, Reason.PROGRAM_UNKNOWN)
    assert waiting.waiting(Reason.PROGRAM_UNKNOWN) is waiting
    running = waiting.running()
    assert (running.version, running.state, running.reason) == (3, RelationshipState.RUNNING, None)


def test_the_first_session_is_the_soonest_that_gives_people_a_day_to_prepare() -> None:
    relationship, monday_morning = a_relationship(), NOW
    slot = first_slot(a_program(), [somebody(ADA), somebody(GRACE)], {}, monday_morning)
    assert slot == Slot(monday_morning + LEAD_TIME, monday_morning + LEAD_TIME + timedelta(minutes=45))
    session = next_session(relationship, uuid4(), slot)
    assert (session.match_id, session.number, session.state) == (relationship.id, 1, SessionState.SCHEDULED)
    assert session.participant_ids == relationship.participant_ids


def test_nobody_meets_before_the_program_starts() -> None:
    slot = first_slot(a_program(starts_on=date(2027, 1, 4)), [somebody(ADA), somebody(GRACE)], {}, NOW)
    assert slot == Slot(datetime(2027, 1, 4, 8, tzinfo=UTC), datetime(2027, 1, 4, 8, 45, tzinfo=UTC))


def test_the_next_slot_is_taken_where_somebody_has_a_meeting() -> None:
    first = first_slot(a_program(), [somebody(ADA), somebody(GRACE)], {}, NOW)
    assert isinstance(first, Slot)
    second = first_slot(a_program(), [somebody(ADA), somebody(EDSGER)], {ADA: [first]}, NOW)
    assert isinstance(second, Slot)
    assert second.starts_at == first.ends_at


def test_people_without_common_hours_before_the_program_ends_wait() -> None:
    people = [somebody(ADA, "Asia/Kolkata"), somebody(GRACE, "America/Los_Angeles")]
    assert first_slot(a_program(), people, {}, NOW) is Reason.NO_COMMON_HOURS
    over = a_program(starts_on=date(2026, 10, 1), ends_on=date(2026, 11, 1))
    assert first_slot(over, [somebody(ADA), somebody(GRACE)], {}, NOW) is Reason.NO_COMMON_HOURS


@pytest.mark.parametrize("name", ["Mars/Olympus_Mons", "../../etc/passwd", "Europe", "", "a\x00b"])
def test_people_in_a_time_zone_this_release_does_not_know_wait(name: str) -> None:
    people = [somebody(ADA), somebody(GRACE, name)]
    assert first_slot(a_program(), people, {}, NOW) is Reason.TIME_ZONE_UNKNOWN
