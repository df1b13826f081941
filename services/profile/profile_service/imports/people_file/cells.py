"""What each cell of a people file may hold: one rule per column, a value or a `CellError` that says what to do."""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

from profile_service.plain_text import plain, plain_identity

Value = TypeVar("Value")

HIGHEST_LEVEL: Final = 12
MAX_TEXT_CHARS: Final = 200

_SCIENTIFIC: Final = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_WHOLE_NUMBER: Final = re.compile(r"([0-9]{1,6})(?:[.,]0+)?")
_NUMBER_AS_FLOAT: Final = re.compile(r"([0-9]+)\.0+")
_UNDECODED: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_PLACEHOLDER: Final = re.compile(
    r"[-–—/.\s]+|0{1,4}[-/.]0{1,2}[-/.]0{1,4}|#?n\.?[/.]?a\.?|#n/a|null|none|nil|no[_ ]?manager", re.IGNORECASE
)


class CellError(Exception):
    """The cell's value cannot be used. `code` is stable, `message` says what is wrong and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class CellNote(CellError):
    """The cell's value can be used, and something has to be said of it. `value` is what it was taken for."""

    def __init__(self, value: Any, code: str, message: str) -> None:
        super().__init__(code, message)
        self.value = value


MONDAY_TO_FRIDAY: Final = (1, 2, 3, 4, 5)


class SkillLevel(NamedTuple):
    """A skill and a level: offered 1 (beginner) to 5 (expert); sought 0 (nothing yet) to 5, where someone stands now."""

    skill: str
    level: int


class WorkingHours(NamedTuple):
    """Wall time of the person's own zone: minutes after midnight, on ISO weekdays. An end before the start: a night shift."""

    starts: int
    ends: int
    weekdays: tuple[int, ...] = MONDAY_TO_FRIDAY


USUAL_HOURS: Final = WorkingHours(9 * 60, 17 * 60)


class Remembered(dict[str, Value]):
    """A rule that is applied once to each distinct short cell; how many it remembers is limited.

    What it notes of a cell is said for one row only: the second time that it is asked, for the row's findings, is the last.
    """

    def __init__(self, rule: Callable[[str], Value]) -> None:
        super().__init__()
        self._rule = rule
        self._noted: set[str] = set()

    def __missing__(self, cell: str) -> Value:
        try:
            value = self._rule(cell)
        except CellNote as note:
            if cell in self._noted:
                self._keep(cell, note.value)
            self._noted.add(cell)
            raise
        self._keep(cell, value)
        return value

    def _keep(self, cell: str, value: Value) -> None:
        if len(cell) <= 128 and len(self) < 8192:
            self[cell] = value


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
    """As written, leading zeros kept; Excel's `="00123"` is unwrapped, and `1001.0` is what a table with gaps makes of 1001."""
    number = plain_identity(text(cell, most=64))
    if number[:2] == '="' and number[-1] == '"':
        number = number[2:-1].strip()
    if _SCIENTIFIC.fullmatch(number):
        raise CellError(
            "damaged_number",
            f"{shown(number)} is a number a spreadsheet has shortened. Format the column as text and export it again.",
        )
    if number[-2:] == ".0" and (whole := _NUMBER_AS_FLOAT.fullmatch(number)):
        return whole[1]
    return number


def required_employee_number(cell: str) -> str:
    """`employee_number`, refusing an empty cell."""
    return employee_number(cell) or missing()


def manager_number(cell: str) -> str | None:
    """`employee_number`; nobody when empty."""
    return employee_number(cell) or None


def level(cell: str) -> int:
    """The level in the job ladder; `3.0` is what a table with gaps makes of 3."""
    words = required_text(cell)
    found = _WHOLE_NUMBER.fullmatch(words)
    if found is None or not 1 <= int(found[1]) <= HIGHEST_LEVEL:
        raise CellError("bad_level", f"{shown(words)} is not a level. Write a whole number from 1 to {HIGHEST_LEVEL}.")
    return int(found[1])


def or_placeholder(rule: Callable[[str], Value]) -> Callable[[str], Value]:
    """The rule of an optional cell, to which whatever software and people write for nothing is an empty cell."""
    return lambda cell: rule("" if _PLACEHOLDER.fullmatch(cell.strip()) else cell)


def parts(cell: str) -> list[str]:
    """The entries of a cell that lists several."""
    if "|" in cell:
        cell = cell.replace("|", ";")
    return [part for part in cell.split(";") if part and not part.isspace()]
