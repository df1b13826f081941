"""What profile believes about people, programs and audiences."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from peerloom_service.context import ExpectedVersion
from peerloom_service.problems import PreconditionFailed
from profile_service.domain import (
    Audience,
    AudienceEmpty,
    OfferedSkill,
    Participant,
    Program,
    ProgramDatesWrong,
    ProgramNotRunning,
    ProgramState,
    SoughtSkill,
)

from .audiences import includes

DAYS = st.dates(date(2000, 1, 1), date(2030, 1, 1))
PLACES = st.sampled_from(["Berlin", "Lagos", "Lima"])
DEPARTMENTS = st.sampled_from(["R&D", "Sales", "Legal"])
SKILLS = st.sampled_from(["SQL", "Go", "Writing"])

people = st.builds(
    Participant,
    id=st.uuids(),
    version=st.integers(1, 1_000),
    employee_number=st.text(min_size=1),
    name=st.text(min_size=1),
    email=st.just("somebody@example.com"),
    department=DEPARTMENTS,
    job_title=st.just("Engineer"),
    employee_level=st.integers(1, 12),
    location=PLACES,
    time_zone=st.just("UTC"),
    languages=st.just(("en",)),
    hired_on=DAYS,
    offers=st.lists(st.builds(OfferedSkill, SKILLS, st.integers(1, 5)), max_size=2).map(tuple),
    seeks=st.lists(st.builds(SoughtSkill, SKILLS, st.integers(0, 5)), max_size=2).map(tuple),
)
audiences = st.builds(
    Audience,
    departments=st.frozensets(DEPARTMENTS),
    locations=st.frozensets(PLACES),
    lowest_level=st.integers(1, 12),
    highest_level=st.integers(1, 12),
    hired_from=st.none() | DAYS,
    hired_until=st.none() | DAYS,
    with_skills_only=st.booleans(),
)


@given(people)
def test_a_rule_that_asks_nothing_includes_everybody(person: Participant) -> None:
    assert includes(Audience(with_skills_only=False), person)


@given(people)
def test_by_default_only_those_are_included_who_have_something_to_give_and_to_learn(person: Participant) -> None:
    assert includes(Audience(), person) == bool(person.offers and person.seeks)


@given(people, audiences)
def test_a_rule_with_a_part_less_includes_nobody_less(person: Participant, audience: Audience) -> None:
    assume(includes(audience, person))
    nothing = Audience(with_skills_only=False)
    for part in fields(Audience):
        assert includes(replace(audience, **{part.name: getattr(nothing, part.name)}), person), part.name


@given(people, audiences)
def test_whoever_is_not_included_breaks_at_least_one_part_by_itself(person: Participant, audience: Audience) -> None:
    assume(not includes(audience, person))
    nothing = Audience(with_skills_only=False)
    alone = [replace(nothing, **{part.name: getattr(audience, part.name)}) for part in fields(Audience)]
    assert any(not includes(one, person) for one in alone)


@given(people, st.text())
def test_a_change_raises_the_version_by_one_and_touches_nothing_else(person: Participant, place: str) -> None:
    changed = person.changed(ExpectedVersion(frozenset({person.version})), location=place)

    assert changed.version == person.version + 1
    assert replace(changed, version=person.version, location=person.location) == person


@given(people, st.integers())
def test_a_change_of_another_version_is_refused(person: Participant, version: int) -> None:
    assume(version != person.version)
    with pytest.raises(PreconditionFailed):
        person.changed(ExpectedVersion(frozenset({version})), location="elsewhere")


@pytest.mark.parametrize("empty", [Audience(), Audience(with_skills_only=False)])
def test_a_rule_that_narrows_nothing_has_to_say_that_everybody_is_meant(empty: Audience) -> None:
    replace(empty, everybody=True).check()
    with pytest.raises(AudienceEmpty):
        empty.check()


@given(audiences)
def test_a_rule_that_narrows_anything_is_enough(audience: Audience) -> None:
    assume(replace(audience, with_skills_only=True) != Audience())
    audience.check()


def a_program(starts_on: date, ends_on: date, state: ProgramState = ProgramState.RUNNING) -> Program:
    return Program(
        id=UUID(int=1),
        version=1,
        name="Peers",
        format="one-to-one",
        goal="Broader skills",
        metric="Skills learned",
        expectations="",
        starts_on=starts_on,
        ends_on=ends_on,
        session_minutes=45,
        cadence_days=14,
        answer_within_seconds=60,
        launched_at=datetime(2026, 11, 23, tzinfo=UTC),
        state=state,
    )


@given(DAYS, st.integers(-400, 400))
def test_a_program_ends_after_it_starts(starts_on: date, days: int) -> None:
    ends_on = starts_on + timedelta(days=days)
    if days > 0:
        a_program(starts_on, ends_on).takes_people(starts_on)
    else:
        with pytest.raises(ProgramDatesWrong):
            a_program(starts_on, ends_on)


def test_a_closed_program_takes_nobody() -> None:
    with pytest.raises(ProgramNotRunning):
        a_program(date(2026, 1, 1), date(2026, 6, 1), ProgramState.CLOSED).takes_people(date(2026, 2, 1))


def test_a_program_that_has_ended_takes_nobody() -> None:
    ended = a_program(date(2026, 1, 1), date(2026, 6, 1), ProgramState.RUNNING)

    ended.takes_people(date(2026, 6, 1))
    with pytest.raises(ProgramNotRunning, match="2026-06-01"):
        ended.takes_people(date(2026, 6, 2))
