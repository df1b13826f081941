"""Which order of day and month the date columns of a whole file have, decided once for all of its rows."""

from collections.abc import Iterable
from typing import Final

from profile_service.imports.people_file import PeopleFileReader, RowError
from profile_service.imports.people_file.cells import shown
from profile_service.imports.people_file.dates import DateOrder, shows_order
from profile_service.imports.people_file.records import Record

_COLUMNS: Final = ("hired_on", "leaving_date")


class ColumnOrder:
    """Gathers what cells show that can be read in one way only."""

    def __init__(self) -> None:
        self._shown: dict[DateOrder, tuple[int, str]] = {}

    def look_at(self, reader: PeopleFileReader, records: Iterable[Record | RowError]) -> None:
        """What some rows show."""
        if reader.columns is None:
            return
        places = [reader.columns.place[name] for name in _COLUMNS if name in reader.columns.place]
        for record in records:
            if isinstance(record, RowError):
                continue
            line, cells = record
            for place in places:
                if place < len(cells) and (order := shows_order(cells[place])):
                    self._shown.setdefault(order, (line, cells[place]))

    @property
    def order(self) -> DateOrder | None:
        """The one order there is; None where no cell shows one, or cells show both."""
        return next(iter(self._shown)) if len(self._shown) == 1 else None

    def finding(self) -> RowError:
        """What was decided, and why."""
        if self.order is not None:
            line, cell = self._shown[self.order]
            message = (
                f"Dates such as 07/08/2013 were read {self.order} in the whole file, because line {line} has {shown(cell)}. "
                "Say date_order if that is wrong."
            )
            return RowError(line, None, "date_order", message, "warning")
        if not self._shown:
            message = "No date shows whether day or month comes first. Send the file with date_order=day-first or month-first."
        else:
            lines = " and ".join(f"line {line} has {shown(cell)}" for line, cell in self._shown.values())
            message = f"Dates show both orders of day and month: {lines}. Correct those, or say date_order."
        return RowError(1, None, "date_order_open", message, "warning")
