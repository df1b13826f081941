"""A person as text, in which form the database takes thousands in one statement. Knows neither the database nor its driver."""

from typing import Any, Final, NamedTuple

import orjson

BREAK: Final = "\x1f"
"""Between values, where many are kept or sent as one text: white space, which no value keeps."""


class PersonText(NamedTuple):
    """A person as the database takes many at once: all is text, empty where there is nothing; lists are joined by line ends,
    what is kept as JSON is written as JSON.
    """

    id: str
    employee_number: str
    name: str
    email: str
    department: str
    job_title: str
    employee_level: str
    location: str
    time_zone: str
    languages: str
    hired_on: str
    manager_id: str
    working_hours: str
    offers: str
    seeks: str
    goals: str
    leaving_on: str = ""
    on_leave: str = "false"

    def facts(self) -> bytes:
        """`ParticipantFacts` as JSON."""
        facts: dict[str, Any] = {
            "employee_level": orjson.Fragment(self.employee_level),
            "department": self.department,
            "job_title": self.job_title,
            "location": self.location,
            "time_zone": self.time_zone,
            "languages": self.languages.split("\n"),
            "hired_on": self.hired_on,
            "manager_id": self.manager_id or None,
            "working_hours": orjson.Fragment(self.working_hours),
            "offers": orjson.Fragment(self.offers),
            "seeks": orjson.Fragment(self.seeks),
            "goals": self.goals.split("\n") if self.goals else [],
            "leaving_on": self.leaving_on or None,
            "on_leave": self.on_leave == "true",
        }
        return orjson.dumps(facts)
