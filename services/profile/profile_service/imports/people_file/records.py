"""Bytes of a people file in, records out: text encoding, physical lines, CSV quoting. Knows nothing of people.

Both stages are pushed, block by block, and hold at most one unfinished record: memory follows the block, not the file.
"""

import codecs
import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_FIELD_CHARS: Final = 64 * 1024
MAX_RECORD_CHARS: Final = 256 * 1024
MAX_RECORD_LINES: Final = 2_000
"""A record longer than this has an unclosed quote or an absurd cell; either way it is given up and reported."""

FIELD_TOO_LONG: Final = f"The cell is longer than {MAX_FIELD_CHARS // 1024} KB. Shorten it, or leave the column out."
UNCLOSED_QUOTE: Final = (
    'A quote (") is opened here and not closed, so the rest of the row cannot be read. '
    'Close it, or write a quote that belongs to the text twice ("").'
)
STRAY_QUOTE: Final = (
    'A closing quote (") is followed by more text. Write a quote that belongs to the text of a quoted cell twice ("").'
)

_NOT_TEXT: Final = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
}
_SAVE_AS_UTF8: Final = "Save it as “CSV UTF-8” and send it again."
_HIGH_BYTES: Final = re.compile(rb"[\x80-\xff]+")
_UNUSED_IN_CP1252: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_UNDECODED: Final = re.compile("[\udc80-\udcff]")
_SURROGATE_IN_UTF8: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_NEWLINE: Final = re.compile(r"\r\n?|\n")


class PeopleFileError(Exception):
    """The file as a whole cannot be read; nothing more will come out of it.

    `code` is stable; the message says what is wrong and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A record that could not be cut into cells. `cell` is the index of the cell at fault, where that is known."""

    line: int
    cell: int | None
    code: str
    message: str


class TextDecoder:
    """Decides by evidence which encoding the bytes are in, and decodes them block by block.

    A byte-order mark decides; NULs in every second place of the beginning mean UTF-16 without one. Otherwise the file
    is UTF-8 until a byte contradicts it. When the text up to there shows at least as many UTF-8 sequences as broken
    bytes it stays UTF-8, and broken bytes come out as lone surrogates, which the cell rules refuse row by row. When it
    shows fewer, and the bytes look like a Western European text, the file is read as Windows-1252 from there on.
    An encoding that is `given` is taken, whatever the bytes look like.

    Raises: PeopleFileError (`not_csv`, `encoding`).
    """

    def __init__(self, given: str | None = None) -> None:
        self.encoding = given or "utf-8"
        self._decoder: codecs.IncrementalDecoder | None = None
        self._given = given is not None
        self._utf8_evidence = 0

    def decode(self, block: bytes, *, final: bool) -> str:
        """The text of the next block, but for a character that the block cuts."""
        if self._decoder is None:
            self._decoder, block = self._choose(block)
        try:
            text = self._decoder.decode(block, final)
        except UnicodeDecodeError as error:
            if self.encoding != "utf-8" or self._given:  # half a character at the very end
                return "\udfff"
            return self._decide_again(error.object, final=final)
        self._utf8_evidence += len(block) - len(text)
        return text

    def _choose(self, block: bytes) -> tuple[codecs.IncrementalDecoder, bytes]:
        for magic, kind in _NOT_TEXT.items():
            if block.startswith(magic):
                raise PeopleFileError("not_csv", f"This is {kind}, not a CSV file. {_SAVE_AS_UTF8}")
        if self._given:
            without_mark = block.removeprefix(codecs.BOM_UTF8) if self.encoding == "utf-8" else block
            return codecs.getincrementaldecoder(self.encoding)("surrogateescape"), without_mark
        if block.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise PeopleFileError("encoding", f"The file is encoded as UTF-32. {_SAVE_AS_UTF8}")
        if block.startswith(codecs.BOM_UTF8):
            self._utf8_evidence = sys.maxsize
            return codecs.getincrementaldecoder("utf-8")(), block[len(codecs.BOM_UTF8) :]
        beginning = block[:200]
        for encoding, mark, zeros in (
            ("utf-16-le", codecs.BOM_UTF16_LE, beginning[1::2]),
            ("utf-16-be", codecs.BOM_UTF16_BE, beginning[0::2]),
        ):
            if block.startswith(mark) or zeros.count(0) > 0.8 * len(zeros):
                self.encoding = encoding
                return codecs.getincrementaldecoder(encoding)("surrogatepass"), block.removeprefix(mark)
        return codecs.getincrementaldecoder("utf-8")(), block

    def _decide_again(self, data: bytes, *, final: bool) -> str:
        text = data.decode("utf-8", "surrogateescape")
        surrogates = len(_SURROGATE_IN_UTF8.findall(data))  # written by careless UTF-16 software: still UTF-8
        broken = len(_UNDECODED.findall(text)) - 3 * surrogates
        valid = self._utf8_evidence + sum(char > "\x7f" for char in text) - broken - 2 * surrogates
        if broken > valid:
            if not _looks_western(data):
                raise PeopleFileError(
                    "encoding",
                    "The file is neither UTF-8 nor UTF-16, and not Windows-1252 either. Say which encoding it has by "
                    f"encoding=…, such as cp1251. {_SAVE_AS_UTF8}",
                )
            self.encoding = "cp1252"
        self._decoder = codecs.getincrementaldecoder(self.encoding)("surrogateescape")
        return self._decoder.decode(data, final)


def _looks_western(data: bytes) -> bool:
    """Accented letters stand alone in Western text; other alphabets in old encodings give whole words of high bytes."""
    if _UNUSED_IN_CP1252.search(data):
        return False
    runs = [len(run) for run in _HIGH_BYTES.findall(data)]
    in_words = sum(length for length in runs if length >= 3)
    return sum(runs) < 8 or 2 * in_words <= sum(runs)


class _Lines:
    """An iterator of lines whose place can be read and set back."""

    __slots__ = ("_lines", "at")

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.at = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        at = self.at
        if at == len(self._lines):
            raise StopIteration
        self.at = at + 1
        return self._lines[at]


Record = tuple[int, list[str]]
"""The physical line a record starts on (1-based), and its cells."""


class RecordReader:
    """Cuts text into CSV records of `width` cells, each with the physical line it starts on.

    The csv module's strict reader does the cutting. Where a record that spans lines turns out broken (text after a
    closing quote, another number of cells, too long), the quote that opened it is taken as the mistake: its first line
    is reported, the lines in between are read each on its own, and normal reading goes on at the line that showed it.
    So one unclosed quote costs one row, and no line is read more than three times.
    """

    def __init__(self, delimiter: str, width: int, first_line: int) -> None:
        self._delimiter = delimiter
        self._width = width
        self._line = first_line
        self._open: list[str] = []
        self._rest = ""
        self._skipping = False
        self._padded_quote = re.compile(rf'" +(?=[{delimiter}\r\n]|$)')

    def read(self, text: str, *, final: bool) -> Iterator[Record | BrokenRecord]:
        """The records that `text` completes. With `final`, whatever is left as well."""
        lines = self._open + self._whole_lines(text, final)
        endless_line = len(self._rest) > MAX_RECORD_CHARS
        yield from self._records(lines, final or endless_line)
        if endless_line:
            yield BrokenRecord(self._line, self._last_cell(self._rest), "field_too_long", FIELD_TOO_LONG)
            self._rest = self._rest[-1:]  # may be the first half of a line end
            self._skipping = True

    def _whole_lines(self, text: str, final: bool) -> list[str]:
        text = self._rest + text
        if self._skipping:
            end = _NEWLINE.search(text)
            if end is None or (end.group() == "\r" and end.end() == len(text) and not final):
                self._rest = text[-1:]
                return []
            text = text[end.end() :]
            self._line += 1
            self._skipping = False
        # A carriage return at the very end may be the first half of a line end.
        cut = len(text) if final else max(text.rfind("\n"), text.rfind("\r", 0, max(len(text) - 1, 0))) + 1
        self._rest = text[cut:]
        return list(io.StringIO(text[:cut], newline=""))

    def _records(self, lines: list[str], final: bool) -> Iterator[Record | BrokenRecord]:
        source = _Lines(lines)
        reader = csv.reader(source, delimiter=self._delimiter, skipinitialspace=True, strict=True)
        some_long = any(len(line) > MAX_FIELD_CHARS for line in lines)
        first = 0
        while True:
            problem = ""
            try:
                for cells in reader:
                    if source.at - first == 1 and not some_long:
                        yield self._line + first, cells
                    elif source.at - first == 1 or self._fits(cells):
                        yield _checked(self._line + first, cells)
                    else:
                        problem = "a record of several lines with another number of cells"
                        break
                    first = source.at
            except csv.Error as error:
                problem = str(error)
            if not problem:
                self._open = []
                self._line += len(lines)
                return
            still_open = "unexpected end of data" in problem
            if still_open and not final and _may_go_on(lines, first):
                self._open = lines[first:]
                self._line += first
                return
            resume = source.at if still_open or source.at - first == 1 else source.at - 1
            for index in range(first, resume):
                yield self._alone(self._line + index, lines[index])
            source.at = first = resume

    def _alone(self, line: int, text: str) -> Record | BrokenRecord:
        """One physical line as one record."""
        problem = ""
        for candidate in (text, self._padded_quote.sub('"', text)):
            reader = csv.reader([candidate], delimiter=self._delimiter, skipinitialspace=True, strict=True)
            try:
                return _checked(line, next(reader))
            except csv.Error as error:
                problem = str(error)
        if "field larger" in problem:
            return BrokenRecord(line, self._last_cell(text), "field_too_long", FIELD_TOO_LONG)
        if "unexpected end" in problem:
            return BrokenRecord(line, self._last_cell(text), "unclosed_quote", UNCLOSED_QUOTE)
        return BrokenRecord(line, None, "stray_quote", STRAY_QUOTE)

    def _last_cell(self, text: str) -> int:
        """The index of the cell that is still open where `text`, or the beginning of it that matters, ends."""
        beginning = text[: MAX_FIELD_CHARS + 1]
        return len(next(csv.reader([beginning], delimiter=self._delimiter, skipinitialspace=True))) - 1

    def _fits(self, cells: list[str]) -> bool:
        return len(cells) == self._width or (len(cells) > self._width and not any(cells[self._width :]))


def _may_go_on(lines: list[str], first: int) -> bool:
    """Whether the unfinished record that starts at line `first` may be waited for."""
    return len(lines) - first <= MAX_RECORD_LINES and sum(map(len, lines[first:])) <= MAX_RECORD_CHARS


def _checked(line: int, cells: list[str]) -> Record | BrokenRecord:
    for index, cell in enumerate(cells):
        if len(cell) > MAX_FIELD_CHARS:
            return BrokenRecord(line, index, "field_too_long", FIELD_TOO_LONG)
    return line, cells
