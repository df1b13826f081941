"""Every pair can say why, as data and in a sentence, without a name."""

from __future__ import annotations

from pydantic import TypeAdapter

from matching_service.engine import (
    Policy,
    Reason,
    Skill,
    SoughtSkill,
    WorkingHours,
    explain_match,
    explain_pair,
    match_population,
    sentence,
)
from tests.matching.engine.people import company, junior_senior, number, person, population

ANA = person(
    0,
    offers=(Skill("python", 4), Skill("writing", 3)),
    seeks=(SoughtSkill("sales", own=1, priority=2), SoughtSkill("law")),
    goals=("leading", "writing"),
    level=3,
    languages=("de", "en"),
)
BO = person(
    1,
    offers=(Skill("sales", 3), Skill("leading", 5)),
    seeks=(SoughtSkill("python", wanted=3, own=2),),
    goals=("writing",),
    level=5,
    languages=("de", "en", "fr"),
    working_hours=WorkingHours(16 * 60, 18 * 60),
)


def test_the_reasons_of_a_pair_are_data_a_front_end_can_phrase() -> None:
    reasons = explain_pair(population(ANA, BO), Policy(), ANA.id, BO.id)

    lesson = {"code": "learns_from", "level_now": 1, "level_reached": 3, "level_gap": 2, "priority": 2}
    return_lesson = {"code": "learns_from", "level_now": 2, "level_reached": 3, "level_gap": 1, "priority": 1}
    assert [reason.model_dump() for reason in reasons] == [
        lesson | {"from_side": "b", "skill": "sales"},
        return_lesson | {"from_side": "a", "skill": "python"},
        {"code": "experienced_in_goal", "from_side": "b", "goal": "leading"},
        {"code": "shared_goal", "goal": "writing", "experienced": ("a",)},
        {"code": "common_hours", "hours_per_week": 5},
        {"code": "level_difference", "difference": 2, "similar": False},
        {"code": "common_languages", "languages": ("de", "en")},
    ]


def test_every_reason_has_an_english_sentence() -> None:
    reasons = explain_pair(population(ANA, BO), Policy(), ANA.id, BO.id)

    assert [sentence(reason) for reason in reasons] == [
        "A can learn sales from B, 2 levels up.",
        "B can learn python from A, 1 level up.",
        "B is experienced in leading, which A wants to develop.",
        "A and B both want to develop writing, with experience on the side of A.",
        "A and B share 5 working hours a week.",
        "A and B are 2 levels apart.",
        "A and B both speak de and en.",
    ]
    assert sentence(reasons[0], a="One", b="the other") == "One can learn sales from the other, 2 levels up."


def test_seen_from_the_other_side_the_reasons_are_the_same_with_the_sides_swapped() -> None:
    people = population(ANA, BO)

    from_bo = explain_pair(people, Policy(), BO.id, ANA.id)

    assert sentence(from_bo[0], a="B", b="A") == "A can learn sales from B, 2 levels up."
    assert len(from_bo) == len(explain_pair(people, Policy(), ANA.id, BO.id))


def test_a_trio_says_why_two_by_two_with_the_hours_and_languages_all_three_share() -> None:
    cleo = person(
        2, seeks=(SoughtSkill("sales", own=1),), level=4, languages=("de", "fr"), working_hours=WorkingHours(8 * 60, 17 * 60)
    )
    people = population(ANA, BO, cleo)

    reasons = explain_match(people, Policy(), (ANA.id, BO.id, cleo.id))

    assert set(reasons) == {(ANA.id, BO.id), (ANA.id, cleo.id), (BO.id, cleo.id)}
    assert [sentence(reason, "Bo", "Cleo") for reason in reasons[BO.id, cleo.id]] == [
        "Cleo can learn sales from Bo, 2 levels up.",
        "Bo and Cleo share 5 working hours a week.",
        "Bo and Cleo are 1 level apart.",
        "Bo and Cleo both speak de.",
    ]
    alone = explain_pair(people, Policy(), BO.id, cleo.id)
    assert [reason.languages for reason in alone if reason.code == "common_languages"] == [("de", "fr")]


def test_what_is_learnt_adds_up_to_the_benefit_of_the_pair() -> None:
    people = company(60)

    for pair in match_population(people, Policy()).pairs:
        gained = {"a": 0, "b": 0}
        for reason in explain_pair(people, Policy(), pair.a, pair.b):
            if reason.code == "learns_from":
                gained["b" if reason.from_side == "a" else "a"] += reason.priority * reason.level_gap
        for side, who, benefit in (("a", pair.a, pair.benefit_a), ("b", pair.b, pair.benefit_b)):
            seeks = people.member(people.index[who]).seeks
            possible = sum(seek.priority * min(4, max(0, seek.wanted - seek.own)) for seek in seeks)
            assert benefit == (1_000_000 * gained[side] // possible if possible else 0)


def test_reasons_survive_storage() -> None:
    reasons = explain_pair(population(ANA, BO), Policy(), ANA.id, BO.id)
    stored = TypeAdapter(tuple[Reason, ...])

    assert stored.validate_json(stored.dump_json(reasons)) == reasons


def test_people_with_nothing_in_common_still_get_their_levels_compared() -> None:
    strangers = population(person(0, languages=("de",)), person(1, languages=("fr",), working_hours=WorkingHours(0, 60)))

    reasons = explain_pair(strangers, Policy(), number(0), number(1))

    assert [sentence(reason) for reason in reasons] == ["A and B have the same job level."]


def test_of_a_junior_and_a_senior_it_says_who_is_who() -> None:
    people, policy = population(person(0, level=7), person(1, level=2)), junior_senior(4)

    reasons = explain_pair(people, policy, number(0), number(1))

    assert [reason.code for reason in reasons] == ["common_hours", "junior_and_senior", "common_languages"]
    assert sentence(reasons[1], "Ana", "Bo") == "Ana is the senior, 5 levels above Bo."
