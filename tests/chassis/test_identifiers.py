"""Identifiers that come of another one."""

from uuid import UUID

from peerloom_service.identifiers import id_from, new_id, numbered_id

NUMBERS = [0, 1, 2, 0xFFFF, 0x10000, 0x10001, 250_000, (1 << 28) - 1]


def test_numbered_identifiers_are_the_same_each_time_and_follow_each_other_as_their_numbers_do() -> None:
    origin = new_id()
    made = [numbered_id(origin, number) for number in NUMBERS]

    assert made == [numbered_id(origin, number) for number in NUMBERS]
    assert made == sorted(set(made))
    assert {(one.version, one.int >> 80) for one in made} == {(7, origin.int >> 80)}
    assert {one.variant for one in made} == {origin.variant}


def test_numbered_identifiers_of_two_origins_differ_even_where_these_are_of_one_moment() -> None:
    origin = new_id()
    other = UUID(int=origin.int ^ 1)

    assert not {numbered_id(origin, number) for number in NUMBERS} & {numbered_id(other, number) for number in NUMBERS}


def test_an_identifier_from_text_is_the_identifier() -> None:
    made = new_id()

    assert id_from(str(made)) == made
    assert hash(id_from(str(made))) == hash(made)
