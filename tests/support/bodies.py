"""Valid request bodies; what a test cares about is given by name, the rest does not matter."""

from typing import Any
from uuid import uuid4


def an_organisation(**changed: Any) -> dict[str, Any]:
    """Body of POST /v1/organisations."""
    return {"name": "Acme", **changed}


def a_person(**changed: Any) -> dict[str, Any]:
    """Body of POST /v1/participants; nobody else has the employee number and e-mail address."""
    number = uuid4().hex[:10]
    return {
        "employee_number": number,
        "name": "Ada Lovelace",
        "email": f"{number}@example.com",
        "department": "Engineering",
        "job_title": "Engineer",
        "employee_level": 4,
        "location": "Berlin",
        "time_zone": "Europe/Berlin",
        "languages": ["en"],
        "hired_on": "2022-03-01",
        "offers": [{"skill": "Python", "level": 4}],
        "seeks": [{"skill": "Public speaking", "level": 1}],
        "goals": ["lead a team"],
        **changed,
    }


def a_program(**changed: Any) -> dict[str, Any]:
    """Body of POST /v1/programs."""
    return {
        "name": "Peers in spring",
        "goal": "Broader skills",
        "metric": "Skills learned within half a year",
        "expectations": "Meet every other week.",
        "starts_on": "2026-12-01",
        "ends_on": "2027-06-01",
        **changed,
    }
