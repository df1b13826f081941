"""Every format of the registry is whole: options, policy, search, check, example, page; and each says what its programs get."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from matching_service.engine import FORMATS, Format, Policy, format_for, format_of, match_population
from matching_service.engine import formats as registry
from peerloom_events.formats import FORMATS as CONTRACTS
from tests.matching.engine.people import company

ROOT = Path(__file__).parents[3]
FOLDER = Path(registry.__file__).parent
EVERY_FORMAT = pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)


def policy_of(name: str, **options: Any) -> Policy:
    format_ = format_of(name)
    return format_.policy(format_.options(options))


def test_the_formats_programs_may_name_are_those_the_engine_has_in_a_module_each() -> None:
    modules = {path.stem.replace("_", "-") for path in FOLDER.glob("*.py")} - {"--init--", "format"}

    assert set(FORMATS) == set(CONTRACTS) == modules
    assert {name: format_.options_model for name, format_ in FORMATS.items()} == dict(CONTRACTS)


@EVERY_FORMAT
def test_a_typical_program_of_a_format_is_matched_and_the_answer_passes_its_check(format_: Format[Any]) -> None:
    options = format_.options(format_.example)
    people, policy = company(25), format_.policy(options)

    matched = match_population(people, policy, target_gap=0.0)

    assert format_for(policy) is format_
    assert matched.method == format_.search.method
    assert format_.check(people, policy, matched) == []
    assert {len(match.people) for match in matched.matches} <= set(format_.sizes(options)) != set()
    assert all(format_.seats(options, level) >= 1 for level in range(1, 9))


@EVERY_FORMAT
def test_the_page_of_a_format_tells_every_option_and_the_example(format_: Format[Any]) -> None:
    page = (ROOT / "docs" / "formats" / f"{format_.name}.md").read_text()

    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    assert dict(format_.example) in shown
    for option in format_.options_model.model_fields:
        assert f"`{option}`" in page, f"the page does not tell what {option} is"


def test_no_other_module_asks_for_a_format_by_its_name() -> None:
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "services" / "matching" / "matching_service").rglob("*.py")
        if FOLDER not in path.parents and any(f'"{name}"' in path.read_text() for name in FORMATS)
    }

    assert asking == set()


def test_a_format_nobody_knows_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=f"There is no format 'speed'; there are {', '.join(sorted(FORMATS))}."):
        format_of("speed")
    with pytest.raises(ValueError, match="no format 'speed'"):
        match_population(company(4), Policy(format="speed"))


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("junior-senior", {}, "A program needs the option junior_up_to_level of the format junior-senior. Up to this"),
        ("junior-senior", {"junior_up_to_level": 0}, "0 is no value for the option junior_up_to_level of the format junior"),
        ("junior-senior", {"junior_up_to_level": 3, "seats_per_senior": 9}, "9 is no value for the option seats_per_senior"),
        ("one-to-one", {"trio_when_odd": "often"}, "'often' is no value for the option trio_when_odd"),
        ("one-to-one", {"reporting_line": "half"}, "'half' is no value for the option reporting_line.*'off', nobody"),
    ],
)
def test_options_that_are_missing_or_impossible_are_refused_in_plain_words(
    name: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        format_of(name).options(options)
    assert "Input should" not in str(refused.value)


def test_what_a_newer_release_adds_to_the_options_is_passed_over() -> None:
    assert format_of("one-to-one").options({"trio_when_odd": True, "some_day": 1}).trio_when_odd


def test_one_to_one_is_two_people_or_three_where_somebody_would_be_left_over() -> None:
    pairs, trios = (format_of("one-to-one").options({"trio_when_odd": odd}) for odd in (False, True))
    format_ = format_of("one-to-one")

    assert [list(format_.sizes(options)) for options in (pairs, trios)] == [[2], [2, 3]]
    assert [format_.policy(options).trios for options in (pairs, trios)] == [False, True]
    assert {format_.seats(trios, level) for level in (1, 5, 9)} == {1}


def test_a_senior_has_the_seats_the_program_says_and_a_junior_one() -> None:
    format_ = format_of("junior-senior")
    options = format_.options({"junior_up_to_level": 3, "seats_per_senior": 4})

    assert [format_.seats(options, level) for level in (1, 3, 4, 8)] == [1, 1, 4, 4]
    assert format_.policy(options).juniors_up_to == 3


SHARED_BY_BOTH = (
    '"experienced_level":3,"shared_goal_without_experience":500000,"similar_level_within":1,"full_common_hours":10,'
    '"prefer_same":[],"prefer_different":[],"level_rule":"prefer","min_common_hours":1,"common_language":true,'
    '"reporting_line_depth":2,"must_share":[],"must_differ":[]'
)
OF_PEERS = (
    '"name":"one-to-one peers","version":1,"coverage_first":true,"trios":false,"weaker_side":700000,"both_sides":150000,'
    '"context":150000,"junior_side":0,"juniors_up_to":null,'
    '"context_shares":{"goals":400000,"level":200000,"common_hours":200000,"complement":200000,"nearness":0}'
)
OF_JUNIORS = (
    '"name":"junior-senior","version":1,"coverage_first":true,"trios":false,"weaker_side":0,"both_sides":0,'
    '"context":150000,"junior_side":850000,"juniors_up_to":4,'
    '"context_shares":{"goals":600000,"level":0,"common_hours":400000,"complement":0,"nearness":0}'
)
STORED = {
    "one-to-one": (OF_PEERS, "c01bf4a0696d1944fac4ed7bbefd263d3bddd04915f6011d94f1109440b4dc56"),
    "junior-senior": (OF_JUNIORS, "e36948daec574e30744397d2ae3316847634be44929e7637513fe992cdebf47f"),
}


@pytest.mark.parametrize("name", STORED)
def test_a_policy_stored_before_formats_had_names_is_of_its_format_and_has_its_fingerprint(name: str) -> None:
    stored, fingerprint = STORED[name]

    policy = Policy.model_validate_json(f"{{{stored},{SHARED_BY_BOTH}}}")

    assert (format_for(policy).name, policy.fingerprint) == (name, fingerprint)
