"""Which bytes are read as text, and what is said of those that cannot be."""

import codecs

import pytest

from .people_files import cells, file_error, numbers, outcomes, text_of


@pytest.mark.parametrize(
    "encoded",
    [
        codecs.BOM_UTF8 + text_of([cells("1")]).encode(),
        text_of([cells("1")]).encode("utf-16"),
        codecs.BOM_UTF16_BE + text_of([cells("1")]).encode("utf-16-be"),
        text_of([cells("1")]).encode("utf-16-le"),
    ],
    ids=["UTF-8 with BOM", "UTF-16 with BOM", "UTF-16 big-endian", "UTF-16 without BOM"],
)
def test_unicode_files_are_read_with_or_without_byte_order_mark(encoded: bytes) -> None:
    people, errors = outcomes(encoded)

    assert (people[0].name, errors) == ("Zoë Müller", [])


def test_a_windows_1252_file_is_read_with_a_warning() -> None:
    people, errors = outcomes(text_of([cells("1", name="Jürgen Weiß – Ĉ".replace("Ĉ", "€"))]).encode("cp1252"))

    assert people[0].name == "Jürgen Weiß – €"
    assert [(error.code, error.severity) for error in errors] == [("not_utf8", "warning")]


def test_a_windows_1252_file_is_recognised_when_its_first_accent_comes_late() -> None:
    plain = [cells(str(place), name="Ann Smith") for place in range(3000)]
    people, errors = outcomes(text_of([*plain, cells("late", name="José")]).encode("cp1252"))

    assert people[-1].name == "José"
    assert [error.code for error in errors] == ["not_utf8"]


def test_a_broken_byte_in_a_utf_8_file_costs_only_its_row() -> None:
    file = text_of([cells("1"), cells("2", name="BROKEN"), cells("3")]).encode().replace(b"BROKEN", b"Zo\xeb")
    people, errors = outcomes(file)

    assert numbers(people) == ["1", "3"]
    assert [(error.line, error.column, error.code) for error in errors] == [(3, "Name", "undecodable")]


def test_a_byte_order_mark_outweighs_broken_bytes() -> None:
    file = text_of([cells("1", name="BROKEN"), cells("2", name="Ann")]).encode().replace(b"BROKEN", b"\xeb\xeb\xeb")

    people, errors = outcomes(codecs.BOM_UTF8 + file)

    assert numbers(people) == ["2"]
    assert [error.code for error in errors] == ["undecodable"]


@pytest.mark.parametrize("encoding", ["cp1251", "cp932", "cp1253"])
def test_an_encoding_that_cannot_be_told_is_a_file_error_and_not_mangled_names(encoding: str) -> None:
    name = {"cp1251": "Дмитрий Иванов", "cp932": "山田 太郎", "cp1253": "Γιώργος Παπαδόπουλος"}[encoding]

    error = file_error(text_of([cells("1", name=name)] * 3).replace("Zoë", "Zoe").encode(encoding))

    assert error.code == "encoding"
    assert "CSV UTF-8" in error.message


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"%PDF-1.7", b"\xd0\xcf\x11\xe0", b"\x1f\x8b\x08"])
def test_a_workbook_or_another_kind_of_file_is_named_as_such(magic: bytes) -> None:
    assert file_error(magic + bytes(range(256)) * 10).code == "not_csv"


def test_lone_surrogates_are_refused_row_by_row() -> None:
    utf16 = text_of([cells("1"), cells("2", name="Zo\ud800"), cells("3")]).encode("utf-16-le", "surrogatepass")
    utf8 = text_of([cells("1"), cells("2", name="Zo\ud800"), cells("3")]).encode("utf-8", "surrogatepass")

    for file in (codecs.BOM_UTF16_LE + utf16, utf8):
        people, errors = outcomes(file)
        assert numbers(people) == ["1", "3"]
        assert [(error.column, error.code) for error in errors] == [("Name", "undecodable")]
        assert errors[0].message.encode()
