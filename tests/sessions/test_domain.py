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
from sessions_service.domain.planning import LEAD_TIME, first_slot, next_session, next_slot
from sessions_service.domain.relationships import (
    Ending,
    Reason,
    Relationship,
    RelationshipOver,
    RelationshipState,
    Risk,
    SessionPlanned,
    TooFewPeople,
    risk_of,
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


# -- how a relationship goes on -----------------------------------------------------------------------------------------


def after(session: Session, now: datetime, program: Program | None = None, **taken: Any) -> Slot | Reason | Ending:
    """When Ada and Grace meet next."""
    return next_slot(program or a_program(), [somebody(ADA), somebody(GRACE)], taken.get("taken", {}), session, now)


@pytest.mark.parametrize("state", [SessionState.COMPLETED, SessionState.MISSED])
def test_the_next_session_lies_a_cadence_after_the_last_at_the_same_time(state: SessionState) -> None:
    slot = after(a_session(state=state), ENDS)
    assert slot == Slot(STARTS + timedelta(days=14), STARTS + timedelta(days=14, minutes=45))


def test_the_time_of_day_stays_when_clocks_change_in_between() -> None:
    before = datetime(2027, 3, 23, 9, tzinfo=UTC)  # ten in Berlin; summer time begins on the 28th
    session = a_session(starts_at=before, ends_at=before + timedelta(minutes=45), state=SessionState.COMPLETED)
    slot = after(session, session.ends_at)
    assert slot == Slot(datetime(2027, 4, 6, 8, tzinfo=UTC), datetime(2027, 4, 6, 8, 45, tzinfo=UTC))


def test_where_that_time_is_taken_the_next_session_is_the_soonest_after() -> None:
    busy = Slot(STARTS + timedelta(days=14), STARTS + timedelta(days=14, hours=2))
    slot = after(a_session(state=SessionState.COMPLETED), ENDS, taken={GRACE: [busy]})
    assert isinstance(slot, Slot)
    assert slot.starts_at == busy.ends_at


def test_a_session_recorded_late_is_followed_by_one_that_gives_people_a_day_to_prepare() -> None:
    much_later = STARTS + timedelta(days=20)
    slot = after(a_session(state=SessionState.COMPLETED), much_later)
    assert isinstance(slot, Slot)
    assert slot.starts_at >= much_later + LEAD_TIME


def test_a_cancelled_session_is_followed_by_the_soonest_after_it() -> None:
    slot = after(a_session(state=SessionState.CANCELLED), NOW)
    assert isinstance(slot, Slot)
    assert slot.starts_at == ENDS


def test_there_is_no_next_session_where_the_program_ends_before() -> None:
    last_day = (STARTS + timedelta(days=13)).date()
    assert after(a_session(state=SessionState.COMPLETED), ENDS, a_program(ends_on=last_day)) is Ending.PROGRAM_ENDED
    full = a_program(ends_on=last_day + timedelta(days=1))
    all_day = Slot(STARTS, STARTS + timedelta(days=20))
    assert after(a_session(state=SessionState.COMPLETED), ENDS, full, taken={ADA: [all_day]}) is Reason.NO_COMMON_HOURS


def test_a_program_is_over_when_its_last_day_has_ended_everywhere() -> None:
    program = a_program(ends_on=date(2026, 12, 1))
    assert not program.is_over(datetime(2026, 12, 2, 11, 59, tzinfo=UTC))
    assert program.is_over(datetime(2026, 12, 2, 12, tzinfo=UTC))


def sessions_of(*states: SessionState) -> list[Session]:
    """The newest first."""
    return [a_session(state=state) for state in states]


@pytest.mark.parametrize(
    ("newest_first", "risk"),
    [
        ([], None),
        ([SessionState.MISSED], None),
        ([SessionState.MISSED, SessionState.MISSED], Risk.MISSED_TWICE),
        ([SessionState.SCHEDULED, SessionState.MISSED, SessionState.MISSED], Risk.MISSED_TWICE),
        ([SessionState.MISSED, SessionState.CANCELLED, SessionState.MISSED], Risk.MISSED_TWICE),
        ([SessionState.COMPLETED, SessionState.MISSED, SessionState.MISSED], None),
        ([SessionState.MISSED, SessionState.COMPLETED, SessionState.MISSED], None),
    ],
)
def test_two_sessions_missed_in_a_row_are_a_risk_until_people_meet(newest_first: list[SessionState], risk: Risk | None) -> None:
    assert risk_of(a_relationship().running(), a_program(), sessions_of(*newest_first), ENDS) is risk


def test_no_date_for_longer_than_the_cadence_is_a_risk() -> None:
    stuck = a_relationship().waiting(Reason.NO_COMMON_HOURS)
    assert risk_of(stuck, a_program(), [], NOW + timedelta(days=14)) is None
    assert risk_of(stuck, a_program(), [], NOW + timedelta(days=14, seconds=1)) is Risk.NO_DATE
    assert risk_of(stuck, a_program(), sessions_of(SessionState.COMPLETED), ENDS + timedelta(days=14)) is None
    assert risk_of(a_relationship().running(), a_program(), [], NOW + timedelta(days=40)) is None


def test_a_completed_relationship_stays_as_it_is() -> None:
    completed = replace(a_relationship(), at_risk=Risk.MISSED_TWICE).completed(Ending.NO_TIME, NOW)
    assert (completed.state, completed.ending, completed.at_risk, completed.ended_at) == (
        RelationshipState.COMPLETED,
        Ending.NO_TIME,
        None,
        NOW,
    )
    with pytest.raises(RelationshipOver):
        completed.completed(Ending.OTHER, NOW)
    with pytest.raises(RelationshipOver):
        completed.refuse_planned()
    with pytest.raises(SessionPlanned):
        a_relationship().running().refuse_planned()


def test_two_of_three_are_a_session_and_one_is_not() -> None:
    session = a_session(participant_ids=(ADA, GRACE, EDSGER))
    held = session.attended((EDSGER, ADA), STARTS)
    assert (held.state, held.absent_ids, held.version) == (SessionState.COMPLETED, (GRACE,), 2)
    with pytest.raises(NotEndedYet):
        session.attended((ADA,), STARTS)
    missed = session.attended((ADA,), ENDS)
    assert (missed.state, missed.absent_ids) == (SessionState.MISSED, (GRACE, EDSGER))


def test_a_session_is_cancelled_until_it_starts() -> None:
    assert a_session().cancelled(NOW).state is SessionState.CANCELLED
    with pytest.raises(AlreadyStarted):
        a_session().cancelled(STARTS)
