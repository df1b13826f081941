"""The rules about managers, which only the whole file can be held against."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from profile_service.people_file.cells import shown
from profile_service.people_file.rows import RowError

ReportingLines = Mapping[str, tuple[int, str | None]]
"""By employee number: the line of the person's row, and their manager's number."""


@dataclass(frozen=True, slots=True)
class ReportingCheck:
    """`warnings` in the order of the file; `without_manager`: employee numbers to be imported without their manager."""

    warnings: tuple[RowError, ...]
    without_manager: frozenset[str]


def check_reporting_lines(people: ReportingLines, known: Container[str], column: str | None) -> ReportingCheck:
    """Find unknown managers, people who are their own manager, and managers in a circle.

    Losing a person is worse than losing their manager, so all of these are warnings. `known` holds the numbers of
    people who are already registered; `column` is the header to name. A circle is reported once, at its first row.
    """
    warnings: list[RowError] = []
    managers: dict[str, str] = {}
    dropped: set[str] = set()
    for number, (line, manager) in people.items():
        if manager is None:
            continue
        if manager == number:
            message = f"{shown(number)} is their own manager. Imported without a manager; write the manager's number."
            warnings.append(RowError(line, column, "own_manager", message, "warning"))
            dropped.add(number)
        elif manager in people:
            managers[number] = manager
        elif manager not in known:
            message = (
                f"The manager {shown(manager)} is neither in the file nor known already. Imported without a manager; "
                "correct the number, or add the manager to the file."
            )
            warnings.append(RowError(line, column, "unknown_manager", message, "warning"))
            dropped.add(number)
    unknown = sum(warning.code == "unknown_manager" for warning in warnings)
    if unknown >= 10 and unknown > 9 * len(managers):
        message = (
            f"{unknown} of {unknown + len(managers)} managers are unknown. "
            "Does this column hold employee numbers? If not, map the one that does."
        )
        warnings.append(RowError(1, column, "doubtful_manager_column", message, "warning"))
    for members in _circles(managers):
        start = min(range(len(members)), key=lambda place: people[members[place]][0])
        circle = members[start:] + members[:start]
        names = " → ".join(map(shown, circle[:10])) + (" → …" if len(circle) > 10 else f" → {shown(circle[0])}")
        message = (
            f"{len(circle)} people are managers of each other in a circle: {names}. "
            "All are imported without a manager; correct the one that is wrong."
        )
        warnings.append(RowError(people[circle[0]][0], column, "manager_cycle", message, "warning"))
        dropped.update(circle)
    return ReportingCheck(tuple(sorted(warnings, key=lambda warning: warning.line)), frozenset(dropped))


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
