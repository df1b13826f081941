"""What each cell of a people file may hold: one rule per column, a value or a `CellError` that says what to do."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, NamedTuple, NoReturn, TypeVar

from profile_service.plain_text import plain, plain_identity

Value = TypeVar("Value")

HIGHEST_LEVEL: Final = 12
EARLIEST_DATE: Final = date(1900, 1, 1)
LATEST_DATE: Final = date(2100, 12, 31)
MAX_TEXT_CHARS: Final = 200
MAX_EMAIL_CHARS: Final = 254
MAX_SKILLS: Final = 100
MAX_GOALS: Final = 20

_EMAIL: Final = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\".]+(\.[^\s@,;<>\".]+)+")
_SCIENTIFIC: Final = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_WHOLE_NUMBER: Final = re.compile(r"([0-9]{1,6})(?:\.0+)?")
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})(?P<sep>[-/.])([0-9]{1,2})(?P=sep)([0-9]{1,2})(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?")
_COMPACT: Final = re.compile(r"([0-9]{4})()([0-9]{2})([0-9]{2})")
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_SLASHED: Final = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})")
_EXCEL_SERIAL: Final = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_HOURS: Final = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?\s*[-\u2013]\s*([0-9]{1,2})(?::([0-9]{2}))?")
_UNDECODED: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_NO_END: Final = re.compile(r"9999\D|9999[0-9]{4}$|.*\D9999$")
_PLACEHOLDER: Final = re.compile(
    r"[-–—/.\s]+|0{1,4}[-/.]0{1,2}[-/.]0{1,4}|#?n\.?[/.]?a\.?|#n/a|null|none|nil|no[_ ]?manager", re.IGNORECASE
)
_DATE_HINT: Final = "Write dates as YYYY-MM-DD."


class CellError(Exception):
    """The cell's value cannot be used. `code` is stable, `message` says what is wrong and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class SkillLevel(NamedTuple):
    """A skill and a level: offered 1 (beginner) to 5 (expert); sought 0 (nothing yet) to 5, where someone stands now."""

    skill: str
    level: int


class WorkingHours(NamedTuple):
    """Wall time of the person's own zone: minutes after midnight, Monday to Friday."""

    starts: int
    ends: int


USUAL_HOURS: Final = WorkingHours(9 * 60, 17 * 60)


class Remembered(dict[str, Value]):
    """A rule that is applied once to each distinct short cell; how many it remembers is limited."""

    def __init__(self, rule: Callable[[str], Value]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, cell: str) -> Value:
        value = self._rule(cell)
        if len(cell) <= 128 and len(self) < 8192:
            self[cell] = value
        return value


def shown(value: str) -> str:
    """A value as it may stand in a message: short, and free of characters that harm a log or a database."""
    cut = value if len(value) <= 60 else value[:60] + "…"
    return "“" + "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut) + "”"


def text(cell: str, most: int = MAX_TEXT_CHARS) -> str:
    """Trimmed, with single blanks, in composed form (NFC), without invisible characters; may be empty."""
    words = " ".join(cell.split())
    if not words.isascii():
        words = " ".join(plain(words).split())
    if not words.isprintable():
        if _UNDECODED.search(words):
            raise CellError("undecodable", f"{shown(words)} has bytes that are not text. Save the file as “CSV UTF-8”.")
        if _CONTROL.search(words):
            raise CellError("control_character", f"{shown(words)} has a control character. Remove it.")
    if len(words) > most:
        raise CellError("too_long", f"{shown(words)} has {len(words)} characters. Shorten it to at most {most}.")
    return words


def required_text(cell: str) -> str:
    """`text`, refusing an empty cell."""
    return text(cell) or missing()


def missing() -> NoReturn:
    """Refuse an empty cell."""
    raise CellError("missing", "The cell is empty. Every person needs a value here.")


def employee_number(cell: str) -> str:
    """As written, leading zeros kept; Excel's `="00123"` is unwrapped."""
    number = plain_identity(text(cell, most=64))
    if number[:2] == '="' and number[-1] == '"':
        number = number[2:-1].strip()
    if _SCIENTIFIC.fullmatch(number):
        raise CellError(
            "damaged_number",
            f"{shown(number)} is a number a spreadsheet has shortened. Format the column as text and export it again.",
        )
    return number


def required_employee_number(cell: str) -> str:
    """`employee_number`, refusing an empty cell."""
    return employee_number(cell) or missing()


def manager_number(cell: str) -> str | None:
    """`employee_number`; nobody when empty."""
    return employee_number(cell) or None


def email(cell: str) -> str:
    """An address that can plausibly receive mail; only mailing it would tell."""
    address = plain_identity(text(cell, most=MAX_EMAIL_CHARS)) or missing()
    if not _EMAIL.fullmatch(address):
        raise CellError("bad_email", f"{shown(address)} is not an e-mail address. Write one, such as ann@example.com.")
    return address


def level(cell: str) -> int:
    """The level in the job ladder; `3.0` is what a table with gaps makes of 3."""
    words = required_text(cell)
    found = _WHOLE_NUMBER.fullmatch(words)
    if found is None or not 1 <= int(found[1]) <= HIGHEST_LEVEL:
        raise CellError("bad_level", f"{shown(words)} is not a level. Write a whole number from 1 to {HIGHEST_LEVEL}.")
    return int(found[1])


def calendar_date(cell: str) -> date:
    """Year first in any usual writing, or DD.MM.YYYY; with slashes only where day and month cannot be confused."""
    words = required_text(cell)
    if found := _COMPACT.fullmatch(words) or _YEAR_FIRST.fullmatch(words):
        return _date(words, int(found[1]), int(found[3]), int(found[4]))
    if found := _DAY_FIRST.fullmatch(words):
        return _date(words, int(found[3]), int(found[2]), int(found[1]))
    if found := _SLASHED.fullmatch(words):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        if first > 12:
            return _date(words, year, second, first)
        if second > 12 or first == second:
            return _date(words, year, first, second)
        raise CellError(
            "ambiguous_date",
            f"{shown(words)} may mean {year}-{first:02}-{second:02} or {year}-{second:02}-{first:02}. {_DATE_HINT}",
        )
    if _EXCEL_SERIAL.fullmatch(words):
        likely = date(1899, 12, 30) + timedelta(days=int(float(words)))
        raise CellError(
            "spreadsheet_date",
            f"{shown(words)} is a spreadsheet's day count, probably {likely}. "
            "Format the column as a date (YYYY-MM-DD) and export it again.",
        )
    raise CellError("bad_date", f"{shown(words)} is not a date. {_DATE_HINT}")


def leaving_date(cell: str) -> date | None:
    """`calendar_date`; None while the person stays. A day after `LATEST_DATE` is what software writes for no end."""
    if not cell.strip() or _NO_END.match(cell.strip()):
        return None
    return calendar_date(cell)


def or_placeholder(rule: Callable[[str], Value]) -> Callable[[str], Value]:
    """The rule of an optional cell, to which whatever software and people write for nothing is an empty cell."""
    return lambda cell: rule("" if _PLACEHOLDER.fullmatch(cell.strip()) else cell)


def _date(words: str, year: int, month: int, day: int) -> date:
    try:
        value = date(year, month, day)
    except ValueError:
        raise CellError("bad_date", f"{shown(words)} is not a day of the calendar. {_DATE_HINT}") from None
    if not EARLIEST_DATE <= value <= LATEST_DATE:
        raise CellError(
            "date_out_of_range",
            f"{shown(words)} is not between {EARLIEST_DATE.year} and {LATEST_DATE.year}. Correct the year.",
        )
    return value


def working_hours(cell: str) -> WorkingHours:
    """Such as `08:30-16:45` or `9-17`; nine to five when empty."""
    words = text(cell)
    if not words:
        return USUAL_HOURS
    if found := _HOURS.fullmatch(words):
        starts = 60 * int(found[1]) + int(found[2] or 0)
        ends = 60 * int(found[3]) + int(found[4] or 0)
        if starts < ends <= 24 * 60 and int(found[2] or 0) < 60 and int(found[4] or 0) < 60:
            return WorkingHours(starts, ends)
    raise CellError("bad_working_hours", f"{shown(words)} are not hours of one day. Write them as 09:00-17:00.")


def parts(cell: str) -> list[str]:
    """The entries of a cell that lists several."""
    if "|" in cell:
        cell = cell.replace("|", ";")
    return [part for part in cell.split(";") if part and not part.isspace()]


def goals(cell: str) -> tuple[str, ...]:
    """In the order of the cell, none twice."""
    found = tuple(dict.fromkeys(text(part) for part in parts(cell)))
    if len(found) > MAX_GOALS:
        raise CellError("too_many_entries", f"The cell lists {len(found)} goals. Keep at most {MAX_GOALS}.")
    return found


class SkillCells:
    """The rule of a cell such as `Python:3; Public speaking:5`.

    Entries repeat from person to person far more than cells do, so the entries are what is remembered.
    """

    def __init__(self, lowest: int) -> None:
        self._lowest = lowest
        self._entries = Remembered(self._entry)

    def __call__(self, cell: str) -> tuple[SkillLevel, ...]:
        """In the order of the cell, none twice."""
        entries = parts(cell)
        by_name = dict(map(self._entries.__getitem__, entries))
        if len(by_name) < len(entries):
            raise CellError("duplicate_skill", f"A skill is listed twice in {shown(cell)}. Keep one level for each.")
        if len(by_name) > MAX_SKILLS:
            raise CellError("too_many_entries", f"The cell lists {len(by_name)} skills. Keep at most {MAX_SKILLS}.")
        return tuple(by_name.values())

    def _entry(self, entry: str) -> tuple[str, SkillLevel]:
        name, colon, number = entry.rpartition(":")
        skill = text(name)
        found = _WHOLE_NUMBER.fullmatch(number.strip())
        if not colon or not skill or found is None or not self._lowest <= int(found[1]) <= 5:
            raise CellError(
                "bad_skill",
                f"{shown(entry.strip())} is not a skill with a level from {self._lowest} to 5. "
                "Write Skill:3, and a semicolon between skills.",
            )
        return skill.casefold(), SkillLevel(skill, int(found[1]))
