"""What holds for every people file, the hostile ones too."""

import codecs
import itertools
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import astuple
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profile_service.imports.good_rows import GoodRow
from profile_service.imports.people_file import PeopleFileError, PeopleFileReader, PersonRow, RowError, SkillLevel, WorkingHours
from profile_service.imports.people_file.cells import Remembered, or_placeholder
from profile_service.imports.people_file.records import BrokenRecord, Record, RecordReader, TextDecoder
from profile_service.plain_text import plain

from .people_files import cells, line_of, outcomes, text_of

words = (
    st.text(
        st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"), exclude_characters=";|:"),
        min_size=1,
        max_size=12,
    )
    .map(plain)
    .filter(bool)
)
phrases = st.lists(words, min_size=1, max_size=3).map(" ".join)
minutes = st.integers(0, 24 * 60)


def skill_levels(lowest: int) -> st.SearchStrategy[tuple[SkillLevel, ...]]:
    skills = st.lists(
        st.builds(SkillLevel, phrases, st.integers(lowest, 5)), max_size=5, unique_by=lambda entry: entry.skill.casefold()
    )
    return skills.map(tuple)


def _says_something(cell: str) -> bool:
    """Not what people write for nothing."""
    return or_placeholder(bool)(cell)


@st.composite
def companies(draw: st.DrawFn) -> list[PersonRow]:
    number = st.from_regex(r"[0-9A-Z]{1,8}", fullmatch=True).filter(_says_something)
    names = draw(st.lists(number, max_size=6, unique=True))
    return [
        PersonRow(
            line=place + 2,
            employee_number=number,
            name=draw(phrases),
            email=f"{number}@mail.example.com",
            department=draw(phrases),
            job_title=draw(phrases),
            employee_level=draw(st.integers(1, 12)),
            manager_employee_number=draw(st.none() | st.sampled_from(names)),
            location=draw(phrases),
            time_zone=draw(st.sampled_from(["Asia/Kolkata", "America/New_York", "Pacific/Apia", "UTC"])),
            languages=tuple(draw(st.lists(st.sampled_from(["en", "de", "zh", "hi"]), min_size=1, unique=True))),
            hired_on=draw(st.dates(date(1900, 1, 1), date(1999, 12, 31))),
            leaving_date=draw(st.none() | st.dates(date(2000, 1, 1), date(2100, 12, 31))),
            working_hours=WorkingHours(*sorted(draw(st.lists(minutes, min_size=2, max_size=2, unique=True)))),
            offers=draw(skill_levels(1)),
            seeks=draw(skill_levels(0)),
            goals=tuple(draw(st.lists(phrases.filter(_says_something), max_size=3, unique=True))),
        )
        for place, number in enumerate(names)
    ]


def exported(person: PersonRow) -> list[str]:
    """As a careful HR system would write them."""
    hours = person.working_hours
    return [
        person.employee_number,
        person.name,
        person.email,
        person.department,
        person.job_title,
        str(person.employee_level),
        person.manager_employee_number or "",
        person.location,
        person.time_zone,
        "; ".join(person.languages),
        person.hired_on.isoformat(),
        person.leaving_date.isoformat() if person.leaving_date else "",
        f"{hours.starts // 60:02}:{hours.starts % 60:02}-{hours.ends // 60:02}:{hours.ends % 60:02}",
        "; ".join(f"{entry.skill}:{entry.level}" for entry in person.offers),
        " | ".join(f"{entry.skill} : {entry.level}" for entry in person.seeks),
        ";".join(person.goals),
    ]


@given(
    companies(),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_company_comes_back_as_it_was_exported(company: list[PersonRow], delimiter: str, encoding: str) -> None:
    people, errors = outcomes(text_of(map(exported, company), delimiter).encode(encoding))

    assert errors == []
    assert people == company
    assert read_again(people) == [GoodRow.of(person) for person in people]


_PIECES = [*(bytes([one]) for one in b'",;\n\r\0\x1e\x1f\xff1 '), b"\xc3\xa9", b"\xed\xa0\x80", line_of(cells()).encode()]
hostile_bytes = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=3), max_size=60).map(b"".join)


@settings(max_examples=300)
@given(st.sampled_from([b"", text_of([]).encode(), codecs.BOM_UTF16_LE + text_of([]).encode("utf-16-le")]), hostile_bytes)
def test_whatever_the_bytes_only_people_row_errors_or_a_file_error_come_out(beginning: bytes, rest: bytes) -> None:
    reader = PeopleFileReader(max_rows=50)
    try:
        people, errors = outcomes(beginning + rest, reader)
    except PeopleFileError as error:
        people, errors = [], [RowError(0, None, error.code, error.message)]

    reader.check_reporting_lines({})
    told: list[PersonRow | RowError] = [*people, *errors]
    for value in [field for outcome in told for field in _fields(outcome) if isinstance(field, str)]:
        assert "\0" not in value
        assert value.encode()
    assert read_again(people) == [GoodRow.of(person) for person in people]


def read_again(people: list[PersonRow]) -> list[GoodRow]:
    """What an import finds where it has put people aside."""
    put_aside = "\x1e".join(GoodRow.of(person).encoded() for person in people)
    return [GoodRow.decoded(row) for row in put_aside.split("\x1e") if row]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(["a", "b,", '"', "\r", "\n", "\r\n", " "]), max_size=30).map("".join))
def test_where_the_blocks_are_cut_does_not_change_the_records(text: str) -> None:
    def records(pieces: Iterable[str]) -> list[Record | BrokenRecord]:
        reader = RecordReader(",", width=2, first_line=1)
        found = [record for piece in pieces for record in reader.read(piece, final=False)]
        return found + list(reader.read("", final=True))

    assert records(text) == records([text])


@given(st.text(max_size=30), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.lists(st.integers(1, 60)))
def test_where_the_bytes_are_cut_does_not_change_the_text(text: str, encoding: str, cuts: list[int]) -> None:
    text = "header line " + text
    data = text.encode(encoding)
    places = [0, *(20 + cut for cut in sorted(cuts) if 20 + cut < len(data)), len(data)]
    decoder = TextDecoder()

    pieces = [decoder.decode(data[start:end], final=end == len(data)) for start, end in itertools.pairwise(places)]

    assert "".join(pieces) == text


Chunk = Callable[[int], bytes]
"""The bytes of the chunk at a place."""


def test_a_rule_remembers_a_limited_number_of_cells() -> None:
    rule = Remembered(int)

    for place in range(20_000):
        assert rule[str(place)] == place
    assert rule["7" * 200] == int("7" * 200)

    assert len(rule) < 10_000
    assert max(map(len, rule)) < 200


def _endless(pattern: bytes) -> Callable[[int], bytes]:
    return lambda place: (pattern * (65_536 // len(pattern) + 1))[:65_536]


def _all_different(place: int) -> bytes:
    rows = (cells(f"{place}-{row}", time_zone=f"Zone/{place}-{row}", department=f"D{place}-{row}") for row in range(200))
    return text_of(rows, header=None).encode()


LONG = b"x" * 40
HOSTILE = {
    "no line end": _endless(b"x"),
    "commas": _endless(b","),
    "quotes": _endless(b'"'),
    "a record without end": _endless(b'z","' + LONG + b"\n"),
    "a quote opened by every line": _endless(b'"' + LONG + b"\n"),
    "stray quotes": _endless(b'"a"' + LONG + b"\n"),
    "blank lines": _endless(b" " * 20 + b"\n"),
    "carriage returns": _endless(b" " * 20 + b"\r"),
    "a quote opened and never closed": lambda place: b'"' if place == 0 else _endless(LONG + b"\n")(place),
    "broken bytes": _endless(b"\xff\xc3\xa9"),
    "NULs": _endless(b"\0"),
    "no value twice": _all_different,
}


@pytest.mark.parametrize("chunk", HOSTILE.values(), ids=HOSTILE.keys())
def test_memory_does_not_grow_with_the_file_however_hostile(chunk: Chunk) -> None:
    reader = PeopleFileReader(max_rows=10**9)
    reader.feed(text_of([]).encode())

    def peak(chunks: range) -> int:
        tracemalloc.reset_peak()
        for place in chunks:
            reader.feed(chunk(place))
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        at_first, later = peak(range(6)), peak(range(6, 12))
    finally:
        tracemalloc.stop()
    assert at_first < 16_000_000
    assert later < at_first + 300_000


@pytest.mark.parametrize("chunk", HOSTILE.values(), ids=HOSTILE.keys())
def test_work_is_in_proportion_to_the_file_however_hostile(chunk: Chunk) -> None:
    reader = PeopleFileReader(max_rows=10**9)
    started = time.process_time()

    reader.feed(text_of([]).encode())
    for place in range(30):
        reader.feed(chunk(place))
    reader.close()

    assert time.process_time() - started < 15


def _fields(outcome: PersonRow | RowError) -> tuple[object, ...]:
    return outcome if isinstance(outcome, PersonRow) else astuple(outcome)
