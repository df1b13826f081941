"""Working hours as files have them."""

import functools
import re
from typing import Final

from profile_service.imports.people_file.cells import (
    MONDAY_TO_FRIDAY,
    USUAL_HOURS,
    CellError,
    CellNote,
    WorkingHours,
    shown,
    text,
)

_CLOCK: Final = r"([0-9]{1,2})(?:[:.h]?([0-9]{2}))?(?::[0-9]{2})? ?(?:h|uhr)? ?([ap]\.?m\.?)?"
_SPAN: Final = re.compile(rf"{_CLOCK} ?(?:-|to|bis|à|until) ?{_CLOCK}(?: ?uhr)?", re.IGNORECASE)
_DAYS: Final = re.compile(r"([^\W\d]+)\.?(?: ?(-|to|bis) ?([^\W\d]+)\.?)?[ ,:]+", re.IGNORECASE)
_DASHES: Final = str.maketrans("\u2010\u2011\u2012\u2013\u2014\u2212", "------")
_NOON: Final = 12
_LONGEST_BREAK: Final = 120
_MINUTES_PER_DAY: Final = 24 * 60


def working_hours(cell: str) -> WorkingHours:
    """Such as `08:30-16:45`, `9am-5pm`, `Mon-Thu 9-17`, or `22:00-06:00`, a night shift; nine to five when empty."""
    words = text(cell).translate(_DASHES)
    if not words:
        return USUAL_HOURS
    weekdays, rest = _weekdays(words)
    spans = [_span(part.strip()) for part in re.split("[;,]| and | und | et ", rest) if part.strip()]
    if not spans or None in spans:
        raise _unreadable(words)
    blocks = sorted(span for span in spans if span is not None)
    starts, ends = blocks[0]
    for next_starts, next_ends in blocks[1:]:
        if not 0 <= next_starts - ends <= _LONGEST_BREAK or next_ends < next_starts:
            raise _unreadable(words)
        ends = next_ends
    hours = WorkingHours(starts, ends, weekdays)
    if len(blocks) > 1:
        raise CellNote(
            hours,
            "break_within_hours",
            f"{shown(words)} has a break, which is not kept: the hours are {_clock(starts)}-{_clock(ends)}.",
        )
    return hours


def _unreadable(words: str) -> CellError:
    return CellError("bad_working_hours", f"{shown(words)} are not hours of one day. Write them as 09:00-17:00.")


def _span(words: str) -> tuple[int, int] | None:
    found = _SPAN.fullmatch(words)
    if found is None:
        return None
    starts, ends = _minute(*found.groups()[:3]), _minute(*found.groups()[3:])
    if starts is None or ends is None or starts in (ends, _MINUTES_PER_DAY):
        return None
    return starts, ends


def _minute(hour: str, minute: str | None, half: str | None) -> int | None:
    hours, minutes = int(hour), int(minute or 0)
    if half is not None:
        if not 1 <= hours <= _NOON:
            return None
        hours = hours % _NOON + (_NOON if half[0] in "pP" else 0)
    value = 60 * hours + minutes
    return value if minutes < 60 and value <= _MINUTES_PER_DAY else None


def _weekdays(words: str) -> tuple[tuple[int, ...], str]:
    """The days before the hours, and what stands behind them; Monday to Friday where none do."""
    found = _DAYS.match(words)
    if found is None or (first := _day_names().get(found[1].casefold()[:2])) is None:
        return MONDAY_TO_FRIDAY, words
    if found[3] is None:
        return (first,), words[found.end() :]
    last = _day_names().get(found[3].casefold()[:2])
    if last is None:
        return MONDAY_TO_FRIDAY, words
    days = [(first - 1 + later) % 7 + 1 for later in range((last - first) % 7 + 1)]
    return tuple(sorted(days)), words[found.end() :]


@functools.cache
def _day_names() -> dict[str, int]:
    """ISO weekdays by the first two letters of their English, German and French names, none that two mean differently."""
    names = ("mo lu", "tu di", "we mi me", "th do je", "fr ve", "sa", "su so")
    days = {name: day for day, of_one in enumerate(names, start=1) for name in of_one.split()}
    del days["di"]  # Dienstag and dimanche
    return days


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
