"""Whom an audience's rule includes, as a specification: the statement that decides is held against it."""

from profile_service.domain import Audience, Participant


def includes(audience: Audience, person: Participant) -> bool:
    """Whether the rule takes this person."""
    return (
        (not audience.departments or person.department in audience.departments)
        and (not audience.locations or person.location in audience.locations)
        and audience.lowest_level <= person.employee_level <= audience.highest_level
        and (audience.hired_from is None or person.hired_on >= audience.hired_from)
        and (audience.hired_until is None or person.hired_on <= audience.hired_until)
        and (not audience.with_skills_only or bool(person.offers and person.seeks))
    )
