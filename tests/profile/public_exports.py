"""Exports shaped as three public samples of HR data, made anew: their columns, their ways of writing, nobody's data.

Each has a saved mapping under which an import takes who is here and lets go who has left.
"""

import csv
import io
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from profile_service.imports.people_file import FileOptions

TODAY = date(2026, 11, 30)


@dataclass(frozen=True)
class Export:
    """A file, how it is mapped, and what is true of its people: the employee numbers of who is here and of who has left."""

    content: bytes
    staff: frozenset[str]
    leavers: frozenset[str]
    mapping: Mapping[str, str]
    defaults: Mapping[str, str]
    options: FileOptions = field(default_factory=FileOptions)


def attrition_study(people: int = 400, seed: int = 1) -> Export:
    """As the IBM sample: no names, no addresses, no dates; `Attrition` says who has left."""
    chance = random.Random(seed)
    rows, left = [], set()
    for number in range(1, people + 1):
        gone = chance.random() < 0.16
        if gone:
            left.add(str(number))
        rows.append(
            {
                "Age": chance.randint(18, 60), "Attrition": "Yes" if gone else "No", "BusinessTravel": "Travel_Rarely",
                "Department": chance.choice(["Sales", "Research & Development", "Human Resources"]), "EmployeeCount": 1,
                "EmployeeNumber": number, "Gender": chance.choice(["Male", "Female"]), "JobLevel": chance.randint(1, 5),
                "JobRole": chance.choice(["Sales Executive", "Research Scientist"]), "MaritalStatus": "Single",
                "MonthlyIncome": chance.randint(1000, 20000), "Over18": "Y", "YearsAtCompany": chance.randint(0, 40),
            }
        )  # fmt: skip
    return Export(
        _csv(rows),
        frozenset(str(number) for number in range(1, people + 1)) - left,
        frozenset(left),
        {"name": "EmployeeNumber", "employee_number": "EmployeeNumber", "status": "Attrition"},
        {"location": "Head office", "time_zone": "America/New_York", "languages": "en", "hired_on": "2020-01-01"},
        FileOptions(without_email=True),
    )


def last_first_names(people: int = 300, seed: int = 2) -> Export:
    """As the HR data set with “Last, First” names and US dates; a status in words, a date of termination, managers by name."""
    chance = random.Random(seed)
    rows, left = [], set()
    names = [f"{chance.choice(_LAST)}-{number}, {chance.choice(_FIRST)}" for number in range(people)]
    for number, name in enumerate(names, start=10001):
        gone, hired = chance.random() < 0.33, date(2009, 1, 1) + timedelta(days=chance.randrange(3500))
        if gone:
            left.add(str(number))
        status = chance.choice(["Voluntarily Terminated", "Terminated for Cause"]) if gone else "Active"
        if not gone and chance.random() < 0.05:
            status = "Leave of Absence"
        ended = f"{hired + timedelta(days=chance.randint(90, 1500)):%m/%d/%Y}" if gone and chance.random() < 0.9 else ""
        rows.append(
            {
                "Employee_Name": name, "EmpID": number, "MarriedID": 0, "Salary": chance.randint(45_000, 250_000),
                "Position": chance.choice(["Production Technician I", "Data Analyst", "IT Support"]), "State": "MA",
                "Zip": "01960", "DOB": "07/10/83", "Sex": "M ", "DateofHire": f"{hired:%m/%d/%Y}".lstrip("0"),
                "DateofTermination": ended, "TermReason": "N/A-StillEmployed" if not gone else "career change",
                "EmploymentStatus": status, "Department": "Production       ",
                "ManagerName": names[0] if number > 10001 else "",
                "ManagerID": chance.randint(1, 39), "RecruitmentSource": "LinkedIn", "PerformanceScore": "Fully Meets",
            }
        )  # fmt: skip
    everybody = frozenset(str(row["EmpID"]) for row in rows)
    return Export(
        _csv(rows),
        everybody - left,
        frozenset(left),
        {"name": "Employee_Name", "location": "State", "manager_employee_number": "ManagerName"},
        {"employee_level": "3", "time_zone": "America/New_York", "languages": "en"},
        FileOptions(without_email=True, date_order="month-first"),
    )


def adventure_works(people: int = 290, seed: int = 3) -> Export:
    """As AdventureWorks' employees: tab-separated UTF-16, a login for an address, a flag for who is current."""
    chance = random.Random(seed)
    rows, left = [], set()
    for number in range(1, people + 1):
        gone = chance.random() < 0.1
        if gone:
            left.add(str(number))
        rows.append(
            {
                "BusinessEntityID": number, "NationalIDNumber": chance.randint(10**8, 10**9),
                "FirstName": chance.choice(_FIRST), "LastName": chance.choice(_LAST),
                "LoginID": f"adventure-works\\ken{number}", "EmailAddress": f"ken{number}@example.com",
                "JobTitle": chance.choice(["Design Engineer", "Buyer", "Stocker"]), "Department": "Engineering",
                "BirthDate": "1969-01-29", "HireDate": f"{date(2008, 1, 1) + timedelta(days=number)} 00:00:00.000",
                "SalariedFlag": 1, "OrganizationLevel": chance.choice(["1", "2", "3", "4"]), "CurrentFlag": 0 if gone else 1,
                "City": "Redmond",
            }
        )  # fmt: skip
    return Export(
        _csv(rows, delimiter="\t").decode().encode("utf-16"),
        frozenset(str(number) for number in range(1, people + 1)) - left,
        frozenset(left),
        {"employee_number": "BusinessEntityID", "employee_level": "OrganizationLevel", "location": "City"},
        {"time_zone": "America/Los_Angeles", "languages": "en"},
    )


EXPORTS = {"attrition": attrition_study, "last-first": last_first_names, "adventure-works": adventure_works}

_FIRST = ("Ann", "Bea", "Cy", "Dan", "Eve", "Zoë")
_LAST = ("Stone", "Müller", "O'Hara", "Adinolfi", "de la Cruz")


def _csv(rows: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()
