"""Events as a company's import says them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from uuid import UUID

from peerloom_dev.people import Person, make_people
from peerloom_events import OfferedSkill, ParticipantFacts, ParticipantRegistered, SoughtSkill, WorkingHours
from peerloom_service.identifiers import new_id
from peerloom_service.publishing.producer import Record
from tests.support.log import envelope_of

_COMPANY = 1000
_SEED = 1


def people_registered(count: int) -> Iterator[ParticipantRegistered]:
    """That many people; the facts of an invented company of 1,000 come round again and again under new ids."""
    facts = [_facts(person) for person in make_people(_COMPANY, _SEED)]
    for some in islice(cycle(facts), count):
        yield ParticipantRegistered(version=1, participant_id=new_id(), facts=some)


def records(count: int, tenant_id: UUID) -> Iterator[Record]:
    """The same as the relay sends them."""
    for event in people_registered(count):
        about = envelope_of(event, tenant_id)
        yield Record(event.topic.name, about.partitionkey.encode(), event.to_json(), about.headers())


def _facts(person: Person) -> ParticipantFacts:
    return ParticipantFacts(
        employee_level=person.level,
        department=person.department,
        job_title=person.job_title,
        location=person.location,
        time_zone=person.time_zone,
        languages=person.languages,
        hired_on=person.hire_date,
        manager_id=new_id() if person.manager_employee_number else None,
        working_hours=WorkingHours(starts=540, ends=1020),
        offers=tuple(OfferedSkill(skill=skill, level=level) for skill, level in person.skills_offered),
        seeks=tuple(SoughtSkill(skill=skill, level=level) for skill, level in person.skills_sought),
        goals=person.goals,
    )
