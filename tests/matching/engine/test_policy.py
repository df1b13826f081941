"""A policy says what it means, or is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from matching_service.engine import Context, Policy
from tests.matching.engine.people import junior_senior


def test_the_defaults_are_the_one_to_one_peer_format() -> None:
    policy = Policy()

    assert policy.coverage_first
    assert (policy.weaker_side, policy.both_sides, policy.context) == (700_000, 150_000, 150_000)
    assert (policy.level_rule, policy.similar_level_within) == ("prefer", 1)
    assert policy.reporting_line_depth == 2
    assert policy.common_language
    assert policy.label == "one-to-one peers@1"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"must_share": {"department"}, "must_differ": {"department"}}, "cannot have the same and a different department"),
        ({"min_common_hours": 20, "full_common_hours": 10}, "asks for 20 common hours"),
        ({"weaker_side": 800_000}, "must add up to 1,000,000; they add up to 1,100,000"),
        ({"context_shares": {"goals": 500_000}}, "context shares must add up"),
        ({"weaker_side": -1}, "greater than or equal to 0"),
        ({"weaker_side": 0.7}, "valid integer"),
        ({"min_common_hours": 169}, "less than or equal to 168"),
        ({"version": 0}, "greater than or equal to 1"),
        ({"max_distance": 3}, "Extra inputs are not permitted"),
        ({"level_rule": "maybe"}, "'prefer' or 'require'"),
        ({"must_share": {"manager"}}, "'department' or 'location'"),
        ({"juniors_up_to": 4, "level_rule": "require"}, "so a similar one cannot be asked for or count"),
        ({"juniors_up_to": 4, "context_shares": {}}, "so a similar one cannot be asked for or count"),
        ({"juniors_up_to": 4, "weaker_side": 700_000}, "junior_side must add up to 1,000,000; they add up to 1,700,000"),
        ({"juniors_up_to": 4, "trios": True}, "are two people"),
        ({"juniors_up_to": -1}, "greater than or equal to 0"),
        ({"reporting_line": "whole-line", "reporting_line_depth": 2}, "leave the other one out"),
        ({"reporting_line_depth": None}, "Choose reporting_line or reporting_line_depth"),
        ({"reporting_line": 0}, "greater than or equal to 1"),
        ({"junior_side": 150_000, "both_sides": 0}, "say with juniors_up_to who is one"),
    ],
)
def test_contradictions_and_nonsense_are_refused_in_a_sentence(values: dict[str, object], sentence: str) -> None:
    of_the_format = junior_senior(4).model_dump() if "juniors_up_to" in values else {}
    with pytest.raises(ValidationError, match=sentence):
        Policy.model_validate({**of_the_format, **values})


def test_with_juniors_what_counts_is_what_they_gain_unless_told_otherwise() -> None:
    policy = junior_senior(4)

    assert (policy.junior_side, policy.context, policy.weaker_side, policy.both_sides) == (850_000, 150_000, 0, 0)
    assert policy.context_shares.level == 0
    assert policy.label == "junior-senior@2"
    assert junior_senior(4, name="mentors", junior_side=600_000, both_sides=250_000).name == "mentors"
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


def test_a_policy_for_peers_has_the_fingerprint_it_had_before_there_were_juniors() -> None:
    assert Policy().fingerprint == "c01bf4a0696d1944fac4ed7bbefd263d3bddd04915f6011d94f1109440b4dc56"
    assert len({junior_senior(up_to).fingerprint for up_to in (3, 4)} | {Policy().fingerprint}) == 3


def test_a_policy_comes_back_from_json_as_it_was() -> None:
    policy = Policy(must_differ=frozenset({"location", "department"}), version=7)

    assert Policy.model_validate_json(policy.model_dump_json()) == policy


def test_the_fingerprint_follows_every_value() -> None:
    same = Policy(must_differ=frozenset({"location", "department"}))
    again = Policy(must_differ=frozenset({"department", "location"}))
    others = [Policy(), Policy(version=2), Policy(context_shares=Context(goals=300_000, level=300_000))]

    assert same.fingerprint == again.fingerprint
    assert len({policy.fingerprint for policy in [same, *others]}) == 4


def test_what_a_program_chose_of_the_reporting_line_comes_back_from_json_and_shows_in_the_fingerprint() -> None:
    chosen = [Policy(reporting_line=line, same_manager=same) for line in ("whole-line", 2, "off") for same in (False, True)]

    assert [Policy.model_validate_json(policy.model_dump_json()) for policy in chosen] == chosen
    assert len({policy.fingerprint for policy in [*chosen, Policy()]}) == 7


def test_every_field_is_explained_in_plain_words() -> None:
    explained = {name for name, field in {**Policy.model_fields, **Context.model_fields}.items() if field.description}

    assert set(Policy.model_fields) | set(Context.model_fields) == explained | {"name", "version", "context_shares"}
