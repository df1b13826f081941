"""The push parser: chunks of a people file in, people and row errors out."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from profile_service.imports.people_file.cells import shown
from profile_service.imports.people_file.columns import OTHER_NAMES, Columns, ignored_columns, missed_columns, read_header
from profile_service.imports.people_file.options import FileOptions
from profile_service.imports.people_file.records import BrokenRecord, PeopleFileError, Record, RecordReader, TextDecoder
from profile_service.imports.people_file.reporting import KnownLines, ReportingCheck, check_reporting_lines
from profile_service.imports.people_file.rows import Outcome, PersonRow, RowError, RowReader

BLOCK_BYTES: Final = 64 * 1024
DEFAULT_MAX_ROWS: Final = 250_000
USUAL: Final = FileOptions()
_END_OF_FILE: Final = ["\x1a"]
"""What old software writes behind the last line."""
_WITH_ACCENT: Final = re.compile(r"\w*[^\x00-\x7f]\w*")


class PeopleFileReader:
    """Reads one people file, pushed in chunks of any size, as an HTTP body arrives::

        reader = PeopleFileReader()
        async for chunk in body:
            for outcome in reader.feed(chunk): ...
        for outcome in reader.close(): ...
        check = reader.check_reporting_lines(known)

    Memory grows with the number of people only by what the whole-file rules remember: numbers, managers, e-mails.

    `mapping` is {our column: their header}; `defaults` is {our column: cell} for columns the file lacks and cells it
    leaves empty. More than `max_rows` rows is a file error. Of the rows that share an employee number or an e-mail
    address, the first valid one is a person and each later one an error.

    Each of the two does three things, which may also be asked for one by one: `cut` finds the rows, `outcomes` holds the rules
    of the columns against each by itself, `admit` the rules between rows.

    `feed`, `close`, `cut` and `cut_rest` raise PeopleFileError when the file as a whole cannot be used; then reading is over.
    """

    def __init__(
        self,
        *,
        mapping: Mapping[str, str] | None = None,
        defaults: Mapping[str, str] | None = None,
        options: FileOptions = USUAL,
        max_rows: int = DEFAULT_MAX_ROWS,
    ) -> None:
        self.rows = 0
        """Data rows seen so far, good and bad."""
        self.columns: Columns | None = None
        """What the header line told; None until it was read."""
        self.defaults = _by_our_names(defaults)
        self.options = replace(options, values={OTHER_NAMES.get(name, name): means for name, means in options.values.items()})
        self._mapping = _by_our_names(mapping)
        self._max_rows = max_rows
        self._bytes = bytearray()
        self._decoder = TextDecoder(options.encoding)
        self._stages: tuple[RecordReader, RowReader] | None = None
        self._line_by_email: dict[str, int] = {}
        self._reporting: dict[str, tuple[int, str | None]] = {}

    @property
    def encoding(self) -> str:
        """As decided so far: utf-8, utf-16-le, utf-16-be or cp1252."""
        return self._decoder.encoding

    def feed(self, chunk: bytes) -> list[Outcome]:
        """The outcomes that these bytes complete, in the order of the file; small chunks are gathered first."""
        return self._admitted(self.cut(chunk))

    def close(self) -> list[Outcome]:
        """The outcomes of what is left, when all bytes were fed."""
        return self._admitted(self.cut_rest())

    def cut(self, chunk: bytes) -> list[Record | RowError]:
        """The rows that these bytes complete, and what is wrong with those that are none."""
        self._bytes += chunk
        found: list[Record | RowError] = []
        while len(self._bytes) >= BLOCK_BYTES:
            block = bytes(self._bytes[:BLOCK_BYTES])
            del self._bytes[:BLOCK_BYTES]
            found.extend(self._cut(block, final=False))
        return found

    def cut_rest(self) -> list[Record | RowError]:
        """What is left, when all bytes were cut."""
        block = bytes(self._bytes)
        self._bytes.clear()
        return list(self._cut(block, final=True))

    def outcomes(self, records: Iterable[Record | RowError]) -> Iterator[Outcome]:
        """What the rules of the columns say of rows that were cut."""
        return self._stages[1].outcomes(records) if self._stages else iter(())

    def admit(self, line: int, employee_number: str, email: str, manager: str | None) -> RowError | None:
        """Remember a person for the rules between rows; call it in the order of the file.

        The error where an earlier row has the employee number or the address, which is then nobody's but theirs.
        """
        address = email.casefold()
        if earlier := self._reporting.get(employee_number):
            return self._duplicate(line, "employee_number", earlier[0])
        if address:
            if earlier_line := self._line_by_email.get(address):
                return self._duplicate(line, "email", earlier_line)
            self._line_by_email[address] = line
        self._reporting[employee_number] = line, manager
        return None

    def addresses(self) -> dict[str, int]:
        """By case-folded e-mail address of everybody admitted: the line of their row."""
        return self._line_by_email

    def withdraw(self, employee_number: str) -> None:
        """Forget a person who cannot be taken after all, so that they are nobody's manager by this file."""
        self._reporting.pop(employee_number, None)

    def managers_outside(self) -> set[str]:
        """The managers' numbers that no person of the file has: look these up among the people already known."""
        return {manager for _, manager in self._reporting.values() if manager is not None} - self._reporting.keys()

    def read_managers_as(self, numbers: Mapping[str, str]) -> None:
        """What the file writes for a manager is the employee number given for it here."""
        for employee_number, (line, manager) in self._reporting.items():
            if manager is not None and manager in numbers:
                self._reporting[employee_number] = line, numbers[manager]

    def check_reporting_lines(self, known: KnownLines) -> ReportingCheck:
        """The rules about managers, for everyone read; call it after `close`. `known`: `managers_outside` who are registered
        and everybody above them, each with their manager's number.
        """
        return check_reporting_lines(self._reporting, known, self._header_of("manager_employee_number"))

    def _cut(self, block: bytes, *, final: bool) -> Iterator[Record | RowError]:
        encoding = self._decoder.encoding
        text = self._decoder.decode(block, final=final)
        if self._decoder.encoding == "cp1252" != encoding:
            example = _WITH_ACCENT.search(text)
            message = _READ_AS_CP1252 if example is None else f"{_READ_AS_CP1252} One of them reads {shown(example[0])}."
            yield RowError(1, None, "not_utf8", message, "warning")
        if self._stages is None:
            lines = list(io.StringIO(text, newline=""))
            if len(lines) == 1 and not final:
                raise PeopleFileError("bad_header", "The first line is far too long for a header line. Send a CSV file.")
            columns = self.columns = read_header(lines, self._mapping, self._may_lack())
            if columns.above:
                yield RowError(1, None, "title_lines", _titles(columns), "warning")
            for message in missed_columns(columns, self.defaults):
                yield RowError(columns.lines, None, "no_column", message, "warning")
            for header, message in ignored_columns(columns):
                code = "ignored_columns" if header is None else "ignored_column"
                yield RowError(columns.lines, header, code, message, "warning")
            records = RecordReader(columns.delimiter, len(columns.headers), columns.lines + 1)
            self._stages = records, RowReader(columns, self.defaults, self.options)
            text = "".join(lines[columns.lines :])
        records, rows = self._stages
        for record in records.read(text, final=final):
            if isinstance(record, BrokenRecord):
                self._count_row()
                yield RowError(record.line, rows.header(record.cell), record.code, record.message)
            elif any(record[1]) and record[1] != _END_OF_FILE:
                self._count_row()
                yield record

    def _may_lack(self) -> set[str]:
        """Our columns that the file need not have."""
        return {*self.defaults, "email"} if self.options.without_email else set(self.defaults)

    def _count_row(self) -> None:
        self.rows += 1
        if self.rows > self._max_rows:
            raise PeopleFileError(
                "too_many_rows", f"The file has more than {self._max_rows:,} rows. Split it into several files."
            )

    def _admitted(self, records: Iterable[Record | RowError]) -> list[Outcome]:
        return [
            self.admit(one.line, one.employee_number, one.email, one.manager_employee_number) or one
            if isinstance(one, PersonRow)
            else one
            for one in self.outcomes(records)
        ]

    def _duplicate(self, line: int, column: str, taken_by: int) -> RowError:
        message = (
            f"Line {taken_by} already has this {column.replace('_', ' ')}; that row was taken and this one left out. "
            "Remove one of them, or correct the value."
        )
        return RowError(line, self._header_of(column), f"duplicate_{column}", message)

    def _header_of(self, column: str) -> str | None:
        found = self.columns
        return found.headers[found.place[column]] if found and column in found.place else None


def _titles(columns: Columns) -> str:
    return (
        f"{columns.above} line(s) above the header line, which is line {columns.lines}, were passed over. "
        "Leave them out if the columns are not as you meant."
    )


def _by_our_names(given: Mapping[str, str] | None) -> dict[str, str]:
    return {OTHER_NAMES.get(name, name): value for name, value in (given or {}).items()}


_READ_AS_CP1252: Final = (
    "The file is not UTF-8; it was read as Windows-1252 (Western European). "
    "Check the accents in some names; if they are wrong, save the file as “CSV UTF-8” and send it again."
)


def read_people(chunks: Iterable[bytes], reader: PeopleFileReader) -> Iterator[Outcome]:
    """All outcomes of a file at hand.

    Raises: PeopleFileError.
    """
    for chunk in chunks:
        yield from reader.feed(chunk)
    yield from reader.close()
