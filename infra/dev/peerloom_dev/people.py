"""An invented company, by seed: people with managers, skills and goals, written as the CSV file an HR system exports.

`python -m peerloom_dev.people --people 2000 --seed 1 --out people.csv`

The company (which departments exist, which skills are common in them) is the same for every seed and size; seed and size
decide who works there. Nobody in it exists; all addresses are under example.com.
"""

import argparse
import csv
import io
import itertools
import math
import random
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from peerloom_dev.bad_rows import BadRow, mix_in
from peerloom_dev.vocabulary import (
    DEPARTMENTS,
    FAMILY_NAMES,
    GIVEN_NAMES,
    GOALS,
    OTHER_LANGUAGES,
    SITES,
    SKILLS,
    Department,
)

HEADER: Final = (
    "Employee Number", "Name", "Email", "Department", "Job Title", "Level", "Manager Employee Number", "Location",
    "Time Zone", "Languages", "Hire Date", "Working Hours", "Skills Offered", "Skills Sought", "Goals",
)  # fmt: skip
EXPORTED_ON: Final = date(2026, 10, 31)

_LEVEL_SHARES: Final = (0.10, 0.22, 0.26, 0.20, 0.12, 0.06, 0.03, 0.01)
_TITLES: Final = ("Junior {}", "{}", "{}", "Senior {}", "Lead {}", "Manager, {}", "Director, {}", "Vice President, {}")
_HOURS: Final = ("", "09:00-17:00", "08:00-16:30", "07:30-15:30", "10:00-18:30", "09:00-13:00")
_HOURS_WEIGHTS: Final = (20, 45, 15, 8, 8, 4)
_ASCII: Final = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "ø": "o", "ı": "i", "'": "", " ": ""})


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the file. Skills are (name, level): offered 1 to 5, sought 0 to 4, where the person stands now."""

    employee_number: str
    name: str
    email: str
    department: str
    job_title: str
    level: int
    manager_employee_number: str
    location: str
    time_zone: str
    languages: tuple[str, ...]
    hire_date: date
    working_hours: str
    skills_offered: tuple[tuple[str, int], ...]
    skills_sought: tuple[tuple[str, int], ...]
    goals: tuple[str, ...]

    def cells(self) -> list[str]:
        """In the order of HEADER."""
        return [
            self.employee_number, self.name, self.email, self.department, self.job_title, str(self.level),
            self.manager_employee_number, self.location, self.time_zone, "; ".join(self.languages),
            self.hire_date.isoformat(), self.working_hours, _skills(self.skills_offered), _skills(self.skills_sought),
            "; ".join(self.goals),
        ]  # fmt: skip


def make_people(people: int, seed: int) -> list[Person]:
    """A company of that many people, in no order. One of them has no manager; everyone else's chain ends there."""
    rng = random.Random(seed)  # noqa: S311 - invented people, no secrets
    departments = rng.choices(range(len(DEPARTMENTS)), [rank**-0.7 for rank in _ranks(DEPARTMENTS)], k=people)
    levels = rng.choices(range(1, 9), _LEVEL_SHARES, k=people)
    managers = _managers(rng, departments, levels)
    numbers = [f"{number:07d}" for number in rng.sample(range(1, 20 * people + 1), people)]
    draw = _PersonDraw(rng)
    company = []
    for place, manager in enumerate(managers):
        boss = "" if manager is None else numbers[manager]
        company.append(draw.person(numbers[place], DEPARTMENTS[departments[place]], levels[place], boss))
    rng.shuffle(company)
    return company


def _managers(rng: random.Random, departments: list[int], levels: list[int]) -> list[int | None]:
    """A tree in each department, by level: whoever stands higher leads the next 4 to 10. Heads report to the highest."""
    standing = [level + rng.gauss(0, 0.5) for level in levels]
    managers: list[int | None] = [None] * len(levels)
    heads = []
    for department in range(len(DEPARTMENTS)):
        members = sorted(
            (place for place, own in enumerate(departments) if own == department), key=lambda place: -standing[place]
        )
        heads += members[:1]
        led = iter(members[1:])
        for manager in members:
            for place in itertools.islice(led, rng.randint(4, 10)):
                managers[place] = manager
    top = max(heads, key=lambda place: standing[place])
    for head in heads:
        managers[head] = None if head == top else top
    return managers


class _PersonDraw:
    """Draws everything about a person that does not depend on others, but for the address, which is theirs alone."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._addresses: dict[str, int] = {}
        self._given = {culture: names.split() for culture, names in GIVEN_NAMES.items()}
        self._family = {culture: names.split() for culture, names in FAMILY_NAMES.items()}
        self._skills = [skill for family in SKILLS.values() for skill in family]
        self._offered = {department.name: _skill_weights(department, own_share=0.60) for department in DEPARTMENTS}
        self._sought = {department.name: _skill_weights(department, own_share=0.45) for department in DEPARTMENTS}
        self._site_weights = list(itertools.accumulate(site.weight for site in SITES))
        self._days = (EXPORTED_ON - date(1996, 1, 1)).days

    def person(self, number: str, department: Department, level: int, manager: str) -> Person:
        rng = self._rng
        site = rng.choices(SITES, cum_weights=self._site_weights)[0]
        culture = rng.choice(site.cultures)
        name = f"{rng.choice(self._given[culture])} {rng.choice(self._family[culture])}"
        title = "Chief Executive Officer"
        if manager:
            subject = rng.choice(department.roles) if level < 6 else department.name
            title = _TITLES[level - 1].format(subject)
        offered = self._offers(department, level)
        return Person(
            employee_number=number,
            name=name,
            email=self._address(name),
            department=department.name,
            job_title=title,
            level=level,
            manager_employee_number=manager,
            location=site.location,
            time_zone=site.time_zone,
            languages=self._languages(site.language),
            hire_date=EXPORTED_ON - timedelta(days=min(int(rng.expovariate(1 / (500 + 350 * level))), self._days)),
            working_hours=rng.choices(_HOURS, _HOURS_WEIGHTS)[0],
            skills_offered=offered,
            skills_sought=self._seeks(department, dict(offered)),
            goals=tuple(rng.sample(GOALS, rng.choice((1, 1, 2, 2, 3)))),
        )

    def _address(self, name: str) -> str:
        plain = unicodedata.normalize("NFKD", name.replace(" ", ".").translate(_ASCII)).encode("ascii", "ignore").decode()
        local = plain.casefold()
        namesakes = self._addresses.get(local, 0)
        self._addresses[local] = namesakes + 1
        return f"{local}{namesakes + 1 if namesakes else ''}@example.com"

    def _languages(self, local: str) -> tuple[str, ...]:
        rng = self._rng
        spoken = ["English"] if rng.random() < 0.93 else []
        if not spoken or rng.random() < 0.75:
            spoken.append(local)
        if rng.random() < 0.12:
            spoken.append(rng.choice(OTHER_LANGUAGES))
        return tuple(dict.fromkeys(spoken))

    def _offers(self, department: Department, level: int) -> tuple[tuple[str, int], ...]:
        skills = self._distinct(self._offered[department.name], min(3 + self._poisson(4), 14))
        return tuple((skill, self._skill_level(level)) for skill in skills)

    def _seeks(self, department: Department, own: dict[str, int]) -> tuple[tuple[str, int], ...]:
        skills = self._distinct(self._sought[department.name], min(2 + self._poisson(2), 7))
        wanted = [(skill, own.get(skill, 0)) for skill in skills if own.get(skill, 0) < 4]
        return tuple(wanted) or ((next(skill for skill in self._skills if skill not in own), 0),)

    def _distinct(self, weights: list[float], count: int) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < count:
            found.update(dict.fromkeys(self._rng.choices(self._skills, cum_weights=weights, k=count)))
        return list(found)[:count]

    def _skill_level(self, level: int) -> int:
        return max(1, min(5, round(1 + 3.6 * level / 8 + self._rng.gauss(0, 0.9))))

    def _poisson(self, mean: float) -> int:
        """By multiplying uniforms (Knuth), good for small means."""
        limit, product, count = math.exp(-mean), self._rng.random(), 0
        while product > limit:
            product *= self._rng.random()
            count += 1
        return count


def write_people_file(path: Path, people: int = 2000, seed: int = 1, bad_rows: int = 0) -> list[BadRow]:
    """Write the CSV file (UTF-8) of a company: `people` good rows, and `bad_rows` broken ones mixed in.

    Returns what an import of the file must report, by line; of two people who manage each other, only the first.
    """
    header_line = _csv_line(HEADER)
    good = [dict(zip(HEADER, person.cells(), strict=True)) for person in make_people(people, seed)]
    mixing = random.Random(f"bad rows {seed}")  # noqa: S311 - of its own, so that the good rows stay the same
    reports = []
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(header_line + "\r\n")
        for line, report in mix_in(mixing, good, bad_rows, lambda row: _csv_line(row.values())):
            file.write(line + "\r\n")
            if report:
                reports.append(report)
    return reports


def _csv_line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


def _skills(levels: tuple[tuple[str, int], ...]) -> str:
    return "; ".join(f"{skill}:{level}" for skill, level in levels)


def _ranks(entries: Collection[object]) -> range:
    return range(1, len(entries) + 1)


def _skill_weights(department: Department, own_share: float) -> list[float]:
    """Cumulative weights of all skills for a department: its three families' share, and the whole company's taste."""
    own = dict(zip(department.families, (0.5, 0.3, 0.2), strict=True))
    everywhere = sum(rank**-1.0 for rank in _ranks(SKILLS))
    weights = []
    for family_rank, (family, skills) in zip(_ranks(SKILLS), SKILLS.items(), strict=True):
        share = own_share * own.get(family, 0.0) + (1 - own_share) * family_rank**-1.0 / everywhere
        within = sum(rank**-1.1 for rank in _ranks(skills))
        weights += [share * rank**-1.1 / within for rank in _ranks(skills)]
    return list(itertools.accumulate(weights))


def main() -> None:
    """Write a file as the command line says."""
    parser = argparse.ArgumentParser(description="Write the people file of an invented company.")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bad-rows", type=int, default=0, help="broken rows to mix in")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    reports = write_people_file(given.out, given.people, given.seed, given.bad_rows)
    print(f"{given.people:,} people written to {given.out}; an import must report {len(reports)} rows.")


if __name__ == "__main__":
    main()
