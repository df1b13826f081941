"""The rules about managers, which only the whole file can be held against."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from profile_service.imports.people_file.cells import shown
from profile_service.imports.people_file.rows import RowError

ReportingLines = Mapping[str, tuple[int, str | None]]
"""By employee number: the line of the person's row, and their manager's number."""

KnownLines = Mapping[str, str | None]
"""By employee number of somebody who is registered already: their manager's number."""


@dataclass(frozen=True, slots=True)
class ReportingCheck:
    """`findings` in the order of the file; `without_manager`: employee numbers to be imported without their manager;
    `refused`: those of rows that are errors after all.
    """

    findings: tuple[RowError, ...]
    without_manager: frozenset[str]
    refused: frozenset[str]


def check_reporting_lines(people: ReportingLines, known: KnownLines, column: str | None) -> ReportingCheck:
    """Find unknown managers, people who are their own manager, and managers in a circle.

    Losing a person is worse than losing their manager, so these are warnings; a circle is reported once, at its first row.
    Only a circle that runs through people who are not in the file is an error, of the last row that closes it: that person
    is registered already, and stays as they are. `known` holds the managers who are not in the file and everybody above
    them; `column` is the header to name.
    """
    findings: list[RowError] = []
    lines: dict[str, str] = {}
    dropped: set[str] = set()
    for number, (line, manager) in people.items():
        if manager is None:
            continue
        if manager == number:
            message = f"{shown(number)} is their own manager. Imported without a manager; write the manager's number."
            findings.append(RowError(line, column, "own_manager", message, "warning"))
            dropped.add(number)
        elif manager in people or manager in known:
            lines[number] = manager
        else:
            message = (
                f"The manager {shown(manager)} is neither taken from this file nor known already. Imported without a manager; "
                "correct the number, or add the manager to the file."
            )
            findings.append(RowError(line, column, "unknown_manager", message, "warning"))
            dropped.add(number)
    unknown = sum(finding.code == "unknown_manager" for finding in findings)
    if unknown >= 10 and unknown > 9 * len(lines):
        message = (
            f"{unknown} of {unknown + len(lines)} managers are unknown. "
            "Does this column hold employee numbers? If not, map the one that does."
        )
        findings.append(RowError(1, column, "doubtful_manager_column", message, "warning"))
    lines |= {number: manager for number, manager in known.items() if manager is not None and number not in people}
    circles, closing_rows = _circles_within_the_file(lines, people, known)
    for circle in closing_rows:
        message = (
            f"{len(circle)} people would be managers of each other in a circle: {_named(circle)}. Not imported; correct this "
            f"manager, or add {shown(circle[-1])} to the file with the manager they have now."
        )
        findings.append(RowError(people[circle[0]][0], column, "manager_cycle", message))
    for members in circles:
        circle = _starting_with(min(members, key=lambda number: people[number][0]), members)
        message = (
            f"{len(circle)} people are managers of each other in a circle: {_named(circle)}. "
            "All are imported without a manager; correct the one that is wrong."
        )
        findings.append(RowError(people[circle[0]][0], column, "manager_cycle", message, "warning"))
        dropped.update(circle)
    findings.sort(key=lambda finding: finding.line)
    return ReportingCheck(tuple(findings), frozenset(dropped), frozenset(circle[0] for circle in closing_rows))


def _circles_within_the_file(
    lines: dict[str, str], people: ReportingLines, known: KnownLines
) -> tuple[list[list[str]], list[list[str]]]:
    """The circles of rows alone; and those a row closes with people who stay as they are, starting with that row's person.

    Who is refused stays as they are too, which may let another row close a circle: `lines` is changed until none does.
    """
    written = set(people)
    closing_rows: list[list[str]] = []
    while True:
        circles = [members for members in _circles(lines) if not written.isdisjoint(members)]
        mixed = [members for members in circles if not written.issuperset(members)]
        if not mixed:
            return circles, closing_rows
        for members in mixed:
            above_others = [one for place, one in enumerate(members) if one in written and members[place - 1] not in written]
            last = max(above_others, key=lambda number: people[number][0])
            closing_rows.append(_starting_with(last, members))
            written.remove(last)
            del lines[last]
            if as_before := known.get(last):
                lines[last] = as_before


def _starting_with(person: str, circle: list[str]) -> list[str]:
    place = circle.index(person)
    return circle[place:] + circle[:place]


def _named(circle: list[str]) -> str:
    return " → ".join(map(shown, circle[:10])) + (" → …" if len(circle) > 10 else f" → {shown(circle[0])}")


def _circles(managers: Mapping[str, str]) -> Iterator[list[str]]:
    """Each circle once, each person followed by their manager. A walk upwards meets at most one new circle."""
    seen: set[str] = set()
    for start in managers:
        chain: dict[str, int] = {}
        person: str | None = start
        while person is not None and person not in seen:
            seen.add(person)
            chain[person] = len(chain)
            person = managers.get(person)
        if person in chain:
            yield list(chain)[chain[person] :]
