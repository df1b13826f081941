"""Every way to change an event inside its major version: one may be taken, the others are refused."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import ConfigDict, Field

from peerloom_events import Event, Fact
from peerloom_events.contracts.accept import accept
from peerloom_events.contracts.checks import check, next_major
from peerloom_events.contracts.compatibility import breaks, same_on_the_wire
from peerloom_events.contracts.files import ContractFiles, schema_of
from peerloom_events.topics import MATCHES

from .conftest import NAME, NOT_ASKED, TYPE, Craft, CraftWithHobby, Declare, findings

OLD_CONSUMERS = "consumers built on that revision cannot read what is written now"
OLD_RECORDS = "records written with that revision cannot be read any more"


class CraftWithoutLevel(Fact):
    skill: str


class CraftUpTo4(Fact):
    skill: str
    level: int = Field(ge=1, le=4)


class CraftWithYears(Craft):
    years: int


class StrictCraft(Craft):
    model_config = ConfigDict(extra="forbid")


class Talent(Fact):
    """Other name, same shape."""

    skill: str = Field(description="What it is called in the organisation.")
    level: int = Field(ge=1, le=5)


BREAKING: dict[str, tuple[dict[str, Any], str, str]] = {
    "a field removed": ({"without": "title"}, "title is gone", OLD_CONSUMERS),
    "an optional field removed": ({"without": "note"}, "note is gone", "old consumers and old records no longer fit"),
    "a field renamed": ({"without": "title", "label": str}, "title is gone (renamed to 'label'?)", OLD_CONSUMERS),
    "a required field added": ({"city": str}, "city is new and required", OLD_RECORDS),
    "a nullable required field added": ({"city": str | None}, "city is new and required", OLD_RECORDS),
    "an optional field without a literal default": (
        {"tags": (tuple[str, ...], Field(default_factory=tuple))},
        "tags is new and has no literal default",
        "nobody can tell",
    ),
    "an optional field made required": ({"pace": Annotated[int, Field(ge=1, le=9)]}, "pace became required", OLD_RECORDS),
    "a required field made optional": ({"title": (str, "member")}, "title became optional", OLD_CONSUMERS),
    "a default changed": ({"pace": (int, Field(default=3, ge=1, le=9))}, "pace default 2 became 3", "change their meaning"),
    "an upper bound narrowed": ({"hours": Annotated[int, Field(ge=1, le=20)]}, "hours maximum 40 became 20", OLD_RECORDS),
    "an upper bound widened": ({"hours": Annotated[int, Field(ge=1, le=60)]}, "hours maximum 40 became 60", OLD_CONSUMERS),
    "a lower bound narrowed": ({"hours": Annotated[int, Field(ge=2, le=40)]}, "hours minimum 1 became 2", OLD_RECORDS),
    "a lower bound dropped": ({"hours": Annotated[int, Field(le=40)]}, "hours minimum 1 became none", OLD_CONSUMERS),
    "a length bound added": ({"title": Annotated[str, Field(max_length=80)]}, "title maxLength none became 80", OLD_RECORDS),
    "a pattern added": ({"title": Annotated[str, Field(pattern="^[a-z]+$")]}, "title pattern none became", "no longer fit"),
    "a type changed": ({"title": int}, "title type 'string' became 'integer'", "no longer fit"),
    "an integer made a number": (
        {"hours": Annotated[float, Field(ge=1, le=40)]}, "hours type 'integer' became 'number'", "no longer fit",
    ),
    "a format dropped": ({"guild_id": str}, "guild_id format 'uuid' became none", "no longer fit"),
    "a format changed": ({"joined_at": UUID}, "joined_at format 'date-time' became 'uuid'", "no longer fit"),
    "null allowed": ({"guild_id": UUID | None}, "guild_id may now be null", OLD_CONSUMERS),
    "null no longer allowed": ({"sponsor_id": UUID}, "sponsor_id may no longer be null", OLD_RECORDS),
    "a value removed from an enum": (
        {"standing": Literal["apprentice"]}, "standing no longer allows 'journeyman'", OLD_RECORDS,
    ),
    "a value added to an enum": (
        {"standing": Literal["apprentice", "journeyman", "master"]}, "standing now also allows 'master'", OLD_CONSUMERS,
    ),
    "an enum opened": ({"standing": str}, "standing allows any value now", OLD_CONSUMERS),
    "text closed to an enum": ({"title": Literal["member"]}, "title allows only 'member' now", OLD_RECORDS),
    "an alternative added": ({"best": Craft | int}, "best gained an alternative", OLD_CONSUMERS),
    "items of a list changed": ({"crafts": tuple[str, ...]}, "crafts[]", "no longer fit"),
    "a bound inside a list narrowed": (
        {"crafts": tuple[CraftUpTo4, ...]}, "crafts[].level maximum 5 became 4", OLD_RECORDS,
    ),
    "a field inside a list removed": ({"crafts": tuple[CraftWithoutLevel, ...]}, "crafts[].level is gone", OLD_CONSUMERS),
    "a required field inside a value": ({"best": CraftWithYears}, "best.years is new and required", OLD_RECORDS),
    "a value closed to unknown fields": ({"best": StrictCraft}, "best additionalProperties True became False", "no longer fit"),
    "a list made a fixed tuple": ({"crafts": tuple[Craft, Craft]}, "crafts had 0 fixed items and now has 2", "no longer fit"),
    "a fixed tuple made longer": ({"span": tuple[int, int, int]}, "span had 2 fixed items and now has 3", "no longer fit"),
    "a fixed tuple's item changed": ({"span": tuple[int, str]}, "span[1] type 'integer' became 'string'", "no longer fit"),
    "the topic changed": ({"topic": MATCHES}, "the event topic 'profile.participants.v1' became", "never hear it again"),
    "the key changed": ({"key": "guild_id"}, "the event key 'person_id' became 'guild_id'", "order"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BREAKING)
def test_a_breaking_change_is_refused(kind: str, declare: Declare, promised: ContractFiles) -> None:
    change, what, whom = BREAKING[kind]
    changed = declare(**change)

    said = findings(changed, promised)

    about = [line for line in said if line.startswith(f"{NAME} revision 1: ") and what in line]
    assert about, f"{kind} was not noticed; said: {said}"
    assert whom in about[0]
    assert "say it as a new type 'io.peerloom.profile.guild.joined.v2'" in about[0]


@pytest.mark.parametrize("kind", BREAKING)
def test_a_breaking_change_is_not_accepted_as_a_new_revision(kind: str, declare: Declare, promised: ContractFiles) -> None:
    changed = declare(**BREAKING[kind][0])

    accepted = accept({TYPE: changed}, promised, NOT_ASKED)

    assert accepted.written == []
    assert accepted.refused
    assert list(promised.revisions(NAME)) == [1]


ALLOWED: dict[str, dict[str, Any]] = {
    "an optional field with a default": {"city": (str, "")},
    "an optional field that may be null": {"city": (str | None, None)},
    "an optional field with bounds of its own": {"stars": (int, Field(default=0, ge=0, le=5))},
    "an optional list": {"tags": (tuple[str, ...], ())},
    "an optional field inside a value": {"best": CraftWithHobby},
    "an optional field inside a list": {"crafts": tuple[CraftWithHobby, ...]},
}


@pytest.mark.parametrize("kind", ALLOWED)
def test_an_added_optional_field_asks_only_for_a_new_revision(kind: str, declare: Declare, promised: ContractFiles) -> None:
    grown = declare(**ALLOWED[kind])

    said = findings(grown, promised)
    assert [line.partition(". Run")[0] for line in said] == [f"{NAME}: the model is not its newest snapshot, revision 1"]

    accepted = accept({TYPE: grown}, promised, NOT_ASKED)
    assert accepted.written == [f"schemas/{NAME}/2.json", f"samples/{NAME}/2-typical.json"]
    assert findings(grown, promised) == []


@pytest.mark.parametrize(
    "change",
    [{"best": Talent}, {"crafts": tuple[Talent, ...]}, {"title": Annotated[str, Field(description="Better words.")]}],
    ids=["a nested class renamed", "a nested class in a list renamed", "a description improved"],
)
def test_words_may_change_at_any_time(change: dict[str, Any], declare: Declare, promised: ContractFiles) -> None:
    assert findings(declare(**change), promised) == []


def test_every_revision_counts_and_not_only_the_newest(declare: Declare, promised: ContractFiles) -> None:
    accept({TYPE: declare(city=(str, ""))}, promised, NOT_ASKED)

    without_city, without_title = findings(declare(), promised), findings(declare(city=(str, ""), without="title"), promised)

    assert [line for line in without_city if line.startswith(f"{NAME} revision 2: city is gone")]
    assert [line for line in without_title if line.startswith(f"{NAME} revision 1: title is gone")]
    assert [line for line in without_title if line.startswith(f"{NAME} revision 2: title is gone")]


def test_an_event_that_writes_other_than_it_reads_is_refused(declare: Declare, promised: ContractFiles) -> None:
    priced = declare(price=(Decimal, Decimal(0)))

    assert [line for line in findings(priced, promised) if "writes something other than it reads" in line]


def test_a_removed_event_class_is_refused(promised: ContractFiles) -> None:
    [finding] = check({}, promised, NOT_ASKED)

    assert finding.about == NAME
    assert finding.what == "its event class is gone, and records of it can no longer be read"
    assert "Put the class back" in finding.todo


def test_alternatives_may_stand_in_any_order() -> None:
    one = {"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}
    other = {"properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "string"}]}}}
    less = {"properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "boolean"}]}}}

    assert same_on_the_wire(one, other)
    assert [broken.what for broken in breaks(one, less)] == ["lost or changed one of its alternatives"]


def test_a_value_that_contains_itself_can_be_compared() -> None:
    def tree(maximum: int) -> dict[str, Any]:
        leaf = {"type": "integer", "maximum": maximum}
        node = {"properties": {"size": leaf, "parts": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}
        return {"$defs": {"Tree": node}, "$ref": "#/$defs/Tree"}

    assert same_on_the_wire(tree(5), tree(5))
    assert [str(broken) for broken in breaks(tree(5), tree(4))] == [f"size maximum 5 became 4: {OLD_RECORDS}"]


def test_true_is_not_one() -> None:
    def flag(default: object) -> dict[str, Any]:
        return {"properties": {"flag": {"default": default}}}

    assert [broken.what for broken in breaks(flag(1), flag(True))] == ["default 1 became True"]
    assert [broken.what for broken in breaks({"uniqueItems": 1}, {"uniqueItems": True})] == ["uniqueItems 1 became True"]


def test_an_unknown_keyword_is_never_overlooked() -> None:
    assert [broken.what for broken in breaks({}, {"dependentRequired": {"a": ["b"]}})] == [
        "dependentRequired none became {'a': ['b']}"
    ]


def test_an_event_is_compatible_with_itself(declare: Declare) -> None:
    event: type[Event] = declare()

    assert same_on_the_wire(schema_of(event), schema_of(event))


def test_the_next_major_version_has_the_next_number() -> None:
    assert next_major("io.peerloom.profile.guild.joined.v9") == "io.peerloom.profile.guild.joined.v10"
