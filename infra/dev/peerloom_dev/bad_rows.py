"""The mistakes real people files have, made on purpose, each with the report an import must give of it."""

import collections
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Cells = dict[str, str]
"""A row by header."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """What an import must report: at which physical line of the file, in which column (None: the whole row), as what.

    With severity `warning` the person is imported all the same, without what the cell says.
    """

    line: int
    column: str | None
    code: str
    severity: Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way to break a row: `cells` changes good cells, given those of an earlier row; `line` changes the CSV line."""

    code: str
    column: str | None
    cells: Callable[[Cells, Cells], object] = lambda _row, _earlier: None
    line: Callable[[str], str] = lambda line: line
    severity: Literal["error", "warning"] = "error"


_MANAGER: Final = "Manager Employee Number"


def _put(column: str, value: str) -> Callable[[Cells, Cells], object]:
    return lambda row, _earlier: row.update({column: value})


def _copy(column: str) -> Callable[[Cells, Cells], object]:
    return lambda row, earlier: row.update({column: earlier[column]})


MISTAKES: Final = (
    Mistake("unknown_time_zone", "Time Zone", _put("Time Zone", "Europe/Berln")),
    Mistake("bad_email", "Email", _put("Email", "ann.example.com")),
    Mistake("duplicate_employee_number", "Employee Number", _copy("Employee Number")),
    Mistake("cell_count", None, line=lambda line: ",".join(line.split(",")[:4])),
    Mistake("bad_level", "Level", _put("Level", "Senior")),
    Mistake("unknown_manager", _MANAGER, _put(_MANAGER, "X999"), severity="warning"),
    Mistake("ambiguous_date", "Hire Date", _put("Hire Date", "03/04/2021")),
    Mistake("unclosed_quote", "Goals", line=lambda line: f'{line.rpartition(",")[0]},"Settle in well'),
    Mistake("missing", "Name", _put("Name", "  ")),
    Mistake("bad_skill", "Skills Offered", _put("Skills Offered", "Python:3; SQL:9"), severity="warning"),
    Mistake("duplicate_email", "Email", _copy("Email")),
    Mistake(
        "own_manager",
        _MANAGER,
        lambda row, _earlier: row.update({_MANAGER: row["Employee Number"]}),
        severity="warning",
    ),
    Mistake("cell_count", None, line=lambda line: f"{line},one cell more"),
    Mistake("undecodable", "Name", _put("Name", "Zoë Müller-Wójcik, née J\udcfcrgens")),
    Mistake("bad_date", "Hire Date", _put("Hire Date", "next spring")),
    Mistake("control_character", "Job Title", _put("Job Title", "Buyer\0")),
    Mistake(
        "unknown_language",  # said once of each that is unknown
        "Languages",
        lambda row, _earlier: row.update({"Languages": f"English; Elbonian {row['Employee Number']}"}),
        severity="warning",
    ),
    Mistake("field_too_long", "Job Title", _put("Job Title", "Buyer " * 12_000)),
    Mistake("stray_quote", None, line=lambda line: line.replace(",", ',"Ann" ', 1)),
    Mistake("bad_working_hours", "Working Hours", _put("Working Hours", "whenever"), severity="warning"),
)


CIRCLE: Final = (
    Mistake("manager_cycle", _MANAGER, lambda row, _earlier: row.update({_MANAGER: bad_number(1)}), severity="warning"),
    Mistake("", _MANAGER, lambda row, _earlier: row.update({_MANAGER: bad_number(0)}), severity="warning"),
)
"""Two people who manage each other; that is reported once, at the first of them."""


def bad_number(place: int) -> str:
    """The employee number of the bad row at this place among the bad rows; no good person has it."""
    return f"B{place:06d}"


def mix_in(
    rng: random.Random, good: Sequence[Cells], bad_rows: int, to_line: Callable[[Cells], str]
) -> Iterator[tuple[str, BadRow | None]]:
    """The file's lines after the header: all good rows in their order, and `bad_rows` further rows among them.

    The mistakes are made in turn, so few rows already have many kinds of them.
    """
    mistakes = itertools.chain(CIRCLE if bad_rows >= 2 else (), itertools.cycle(MISTAKES))
    follows = collections.Counter(rng.randrange(len(good)) for _ in range(bad_rows))
    made = 0
    for place, row in enumerate(good):
        yield to_line(row), None
        for mistake in itertools.islice(mistakes, follows[place]):
            bad = row | {"Employee Number": bad_number(made), "Email": f"{bad_number(made).casefold()}@example.com"}
            mistake.cells(bad, row)
            line = 3 + place + made  # after the header and all rows so far
            report = BadRow(line, mistake.column, mistake.code, mistake.severity) if mistake.code else None
            yield mistake.line(to_line(bad)), report
            made += 1
