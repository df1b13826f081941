"""A snapshot is the same for the same people, and its hash tells when it is not."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest

from matching_service.engine import Population, Skill, SoughtSkill, WorkingHours
from tests.matching.engine.people import A_MONDAY, company, number, person, population

ANA = person(
    0,
    offers=(Skill("python", 4), Skill("sql", 2)),
    seeks=(SoughtSkill("sales", priority=2), SoughtSkill("law")),
    goals=("leading a team", "sales"),
    languages=("en", "de"),
    excluded=frozenset({number(5), number(6)}),
)


def test_the_order_in_which_people_and_their_facts_arrive_does_not_matter() -> None:
    shuffled = replace(
        ANA, offers=ANA.offers[::-1], seeks=ANA.seeks[::-1], goals=ANA.goals[::-1], languages=ANA.languages[::-1]
    )

    assert population(ANA, person(1)).hash == population(person(1), shuffled).hash


@pytest.mark.parametrize(
    "change",
    [
        {"id": number(9)},
        {"offers": (Skill("python", 5), Skill("sql", 2))},
        {"seeks": (SoughtSkill("sales", priority=1), SoughtSkill("law"))},
        {"seeks": (SoughtSkill("sales", priority=2, own=1), SoughtSkill("law"))},
        {"goals": ("sales",)},
        {"level": 2},
        {"department": "Finance"},
        {"location": "Oslo"},
        {"time_zone": "Asia/Tokyo"},
        {"working_hours": WorkingHours(0, 60)},
        {"languages": ("en",)},
        {"manager_id": number(1)},
        {"excluded": frozenset({number(5)})},
        {"seats": 0},
        {"seats": 2},
    ],
)
def test_the_hash_follows_every_fact(change: dict[str, object]) -> None:
    others = person(5), person(6)

    assert population(replace(ANA, **change), *others).hash != population(ANA, *others).hash  # type: ignore[arg-type]


def test_every_fact_of_a_person_can_be_read_back() -> None:
    snapshot = population(ANA, person(5), person(6, manager_id=number(5)))

    kept = snapshot.member(0)
    assert (kept.id, kept.offers, kept.goals, kept.level) == (ANA.id, ANA.offers, ANA.goals, ANA.level)
    assert sorted(kept.seeks, key=lambda seek: seek.skill) == sorted(ANA.seeks, key=lambda seek: seek.skill)
    assert (kept.languages, kept.excluded) == (("de", "en"), {number(5), number(6)})
    assert (kept.seats, population(replace(ANA, seats=2**31)).member(0).seats) == (1, 2**31)
    assert snapshot.member(1).excluded == {number(0)}
    assert snapshot.member(2).managers_above == (number(5),)


def test_the_hash_is_the_same_on_every_machine_and_in_every_release() -> None:
    assert population(ANA).hash == "30e0b6ed6349c71e4a0200ff61a8ac1907a21a4ed9760dde8f057ece87c73bda"


def test_the_week_counts_when_clocks_have_changed() -> None:
    berliner = replace(ANA, time_zone="Europe/Berlin")

    assert population(berliner, on=date(2026, 1, 12)).hash == population(berliner, on=date(2026, 1, 16)).hash
    assert population(berliner, on=date(2026, 1, 12)).hash != population(berliner, on=date(2026, 7, 13)).hash


def test_a_reporting_line_goes_up_through_managers_who_do_not_take_part() -> None:
    takes_part = person(0, manager_id=number(1))

    known = Population.of([takes_part], A_MONDAY, {number(1): number(2), number(2): number(3)})

    assert known.member(0).managers_above == (number(1), number(2), number(3))
    assert population(takes_part).member(0).managers_above == (number(1),)


def test_a_circle_of_managers_ends_where_it_closes() -> None:
    circle = [person(0, manager_id=number(1)), person(1, manager_id=number(2)), person(2, manager_id=number(0))]

    assert population(*circle).member(0).managers_above == (number(1), number(2))
    assert population(person(0, manager_id=number(0))).member(0).managers_above == ()


def test_a_person_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="is in the population twice"):
        population(person(0), person(1), person(0))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"offers": (Skill("sql", 1), Skill("sql", 2))}, "offers the skill 'sql' twice"),
        ({"seeks": (SoughtSkill("sql"), SoughtSkill("sql"))}, "seeks the skill 'sql' twice"),
        ({"goals": ("a", "a")}, "has the goal 'a' twice"),
        ({"languages": ("en", "en")}, "speaks 'en' twice"),
        ({"level": -1}, "job level -1"),
        ({"seats": -1}, "-1 is no number of seats"),
        ({"seats": 2**63}, "is no number of seats"),
    ],
)
def test_facts_that_cannot_be_are_refused(facts: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        person(0, **facts)


def test_levels_outside_one_to_five_are_refused() -> None:
    with pytest.raises(ValueError, match="level 6"):
        Skill("sql", 6)
    with pytest.raises(ValueError, match="wanted must be 1 to 5"):
        SoughtSkill("sql", wanted=0)
    with pytest.raises(ValueError, match="priority 0"):
        SoughtSkill("sql", priority=0)


@pytest.mark.parametrize("people", [population(), population(person(0)), population(ANA, person(1)), company(150)], ids=len)
def test_the_bytes_of_a_population_are_the_population(people: Population) -> None:
    again = Population.from_bytes(people.to_bytes())

    assert (again.hash, again.reference_date, len(again)) == (people.hash, people.reference_date, len(people))
    assert again.to_bytes() == people.to_bytes()
    for field in fields(people):
        kept, own = getattr(again, field.name), getattr(people, field.name)
        assert getattr(kept, "dtype", None) == getattr(own, "dtype", None), field.name
        assert np.array_equal(kept, own), field.name


def test_equal_populations_have_equal_bytes_and_others_have_not() -> None:
    assert population(ANA, person(1)).to_bytes() == population(person(1), ANA).to_bytes()
    assert population(ANA, person(1)).to_bytes() != population(ANA, person(1, level=2)).to_bytes()


def test_a_population_takes_few_bytes() -> None:
    size = 2_000

    assert len(company(size).to_bytes()) < 120 * size


STORED = company(20).to_bytes()
NO_POPULATIONS = {
    "nothing": b"",
    "no header": b"[]\n",
    "half of one": STORED[: len(STORED) // 2],
    "more than one": STORED + b"\0",
    "one without goals": STORED.replace(b'"goal"', b'"aims"', 1),
}


@pytest.mark.parametrize("content", NO_POPULATIONS.values(), ids=NO_POPULATIONS)
def test_bytes_that_are_no_population_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not the bytes of a population"):
        Population.from_bytes(content)


def test_bytes_that_were_changed_are_refused_by_their_hash() -> None:
    with pytest.raises(ValueError, match="hash"):
        Population.from_bytes(STORED[:-1] + bytes([STORED[-1] ^ 1]))
