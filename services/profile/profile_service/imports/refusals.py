"""Rows that are sound by themselves and cannot be taken all the same."""

from collections.abc import Mapping, Sequence, Set

from profile_service.imports.good_rows import LEFT_ON_AN_UNKNOWN_DAY, GoodRow
from profile_service.imports.people_file import RowError


def has_left(leaving_date: str, today: str) -> bool:
    """Whether somebody has left by that day; both are ISO dates, the first is empty while the person stays."""
    return bool(leaving_date) and leaving_date <= today


def refused_rows(
    rows: Sequence[GoodRow],
    owners: Mapping[str, str],
    today: str,
    without_address: Set[str],
    leavers: Set[str] = frozenset(),
) -> dict[str, RowError]:
    """What is wrong with each such row, by its line. `owners`: who has an e-mail address already; `without_address`: the people
    of whom that is known; `leavers`: people who are known and whose leaving was acted upon.
    """
    refused: dict[str, RowError] = {}
    for row in rows:
        if has_left(row.leaving_date, today):
            if row.employee_number not in leavers:
                day = "Has left" if row.leaving_date == LEFT_ON_AN_UNKNOWN_DAY else f"Left on {row.leaving_date}"
                message = f"{day}: not imported, and not known under this number. Nothing is to be done."
                refused[row.line] = RowError(int(row.line), "leaving_date", "has_left", message)
        elif row.employee_number in without_address or owners.get(row.email, row.employee_number) != row.employee_number:
            message = "Somebody else has this e-mail address already. Give each person their own."
            refused[row.line] = RowError(int(row.line), "email", "email_taken", message)
    return refused
