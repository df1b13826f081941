"""Calendar dates as files have them, and in which order a column writes day and month."""

import functools
import re
import unicodedata
from datetime import date, timedelta
from typing import Final, Literal

from profile_service.imports.people_file.cells import CellError, CellNote, required_text, shown

EARLIEST_DATE: Final = date(1900, 1, 1)
LATEST_DATE: Final = date(2100, 12, 31)
PIVOT: Final = 70
"""Two-digit years from here on are of the 20th century, those before it of the 21st."""

DateOrder = Literal["day-first", "month-first"]

# What may follow a day: a time of it, and how that lies to UTC.
_TIME: Final = r"(?:,?[T ]+[0-9]{1,2}[:.][0-9.:]+(?: ?[AaPp][Mm])?)?(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
_YEAR_FIRST: Final = re.compile(rf"([0-9]{{4}})(?P<sep>[-/.])([0-9]{{1,2}})(?P=sep)([0-9]{{1,2}}){_TIME}")
_COMPACT: Final = re.compile(r"([0-9]{4})()([0-9]{2})([0-9]{2})")
_HAN: Final = re.compile(r"([0-9]{4})()年([0-9]{1,2})月([0-9]{1,2})日")
_DOTTED: Final = re.compile(rf"([0-9]{{1,2}})\.([0-9]{{1,2}})\.([0-9]{{4}}|[0-9]{{2}}){_TIME}")
_SLASHED: Final = re.compile(rf"([0-9]{{1,2}})([/-])([0-9]{{1,2}})\2([0-9]{{4}}|[0-9]{{2}}){_TIME}")
_DAY_NAMED: Final = re.compile(
    rf"(?:\w+\.?,? )?([0-9]{{1,2}})(?:\.|st|nd|rd|th)?[ -]+([^\W\d]+)\.?,?[ -]+([0-9]{{4}}|[0-9]{{2}}){_TIME}"
)
_MONTH_NAMED: Final = re.compile(rf"(?:\w+\.?,? )?([^\W\d]+)\.? ([0-9]{{1,2}})(?:st|nd|rd|th)?,? ([0-9]{{4}}){_TIME}")
_EXCEL_SERIAL: Final = re.compile(r"[1-9][0-9]{4}(?:\.[0-9]+)?")
_NO_END: Final = re.compile(r"9999\D|9999[0-9]{4}$|.*\D9999(?:\D|$)")
_DATE_HINT: Final = "Write dates as YYYY-MM-DD."
_LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt", "pl")


def shows_order(cell: str) -> DateOrder | None:
    """Which order of day and month a cell can only have; None where it may have either, or is no such date."""
    found = _SLASHED.fullmatch(" ".join(cell.split()))
    if found is None:
        return None
    first, second = int(found[1]), int(found[3])
    if first > 12 >= second:
        return "day-first"
    return "month-first" if second > 12 >= first else None


class DateCells:
    """The rule of a cell that holds a day: year first in any usual writing, with dots (day first), or with a month's name.

    With slashes or dashes in the order of the column, and without one only where day and month cannot be confused.
    """

    def __init__(self, order: DateOrder | None = None) -> None:
        self._order = order

    def __call__(self, cell: str) -> date:
        words = required_text(cell)
        if found := _YEAR_FIRST.fullmatch(words) or _COMPACT.fullmatch(words) or _HAN.fullmatch(words):
            return _date(words, found[1], int(found[3]), int(found[4]))
        if found := _DOTTED.fullmatch(words):
            return _date(words, found[3], int(found[2]), int(found[1]))
        if found := _SLASHED.fullmatch(words):
            return self._slashed(words, int(found[1]), int(found[3]), found[4])
        if found := _DAY_NAMED.fullmatch(words):
            return _date(words, found[3], _month(words, found[2]), int(found[1]))
        if found := _MONTH_NAMED.fullmatch(words):
            return _date(words, found[3], _month(words, found[1]), int(found[2]))
        if _EXCEL_SERIAL.fullmatch(words):
            day = date(1899, 12, 30) + timedelta(days=int(float(words)))
            raise CellNote(
                _in_range(words, day),
                "spreadsheet_date",
                f"{shown(words)} is a spreadsheet's day count and was read as {day}. "
                "Format the column as a date (YYYY-MM-DD) and export it again if that is wrong.",
            )
        raise CellError("bad_date", f"{shown(words)} is not a date. {_DATE_HINT}")

    def _slashed(self, words: str, first: int, second: int, year: str) -> date:
        if self._order == "day-first":
            return _date(words, year, second, first)
        if self._order == "month-first":
            return _date(words, year, first, second)
        if first > 12:
            return _date(words, year, second, first)
        if second > 12 or first == second:
            return _date(words, year, first, second)
        whole = _whole_year(year)
        raise CellError(
            "ambiguous_date",
            f"{shown(words)} may mean {whole}-{first:02}-{second:02} or {whole}-{second:02}-{first:02}. {_DATE_HINT} "
            "Or say which comes first by date_order.",
        )


class EndDateCells:
    """`DateCells`; None while the person stays. A day after `LATEST_DATE` is what software writes for no end."""

    def __init__(self, order: DateOrder | None = None) -> None:
        self._date = DateCells(order)

    def __call__(self, cell: str) -> date | None:
        if not cell.strip() or _NO_END.match(cell.strip()):
            return None
        return self._date(cell)


def _whole_year(year: str) -> int:
    if len(year) == 4:
        return int(year)
    return int(year) + (1900 if int(year) >= PIVOT else 2000)


def _date(words: str, year: str, month: int, day: int) -> date:
    try:
        value = date(_whole_year(year), month, day)
    except ValueError:
        raise CellError("bad_date", f"{shown(words)} is not a day of the calendar. {_DATE_HINT}") from None
    return _in_range(words, value)


def _in_range(words: str, value: date) -> date:
    if not EARLIEST_DATE <= value <= LATEST_DATE:
        raise CellError(
            "date_out_of_range",
            f"{shown(words)} is not between {EARLIEST_DATE.year} and {LATEST_DATE.year}. Correct the year.",
        )
    return value


def _month(words: str, name: str) -> int:
    found = _months().get(_folded(name))
    if found is None:
        raise CellError("bad_date", f"{shown(words)} is not a date. {_DATE_HINT}")
    return found


@functools.cache
def _months() -> dict[str, int]:
    """Months by their names and abbreviations in some languages; none that two of them mean differently."""
    from babel import Locale  # noqa: PLC0415 - most files write months as numbers, and need none of it

    found: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        for form in Locale(language).months.values():
            for width in ("wide", "abbreviated"):
                for number, name in form[width].items():
                    found.setdefault(_folded(name), set()).add(number)
                    found.setdefault(_folded(name)[:3], set()).add(number)
    return {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1 and not name.isdigit()}


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in plain if char.isalnum())
