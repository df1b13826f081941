"""A handler that reads a part of an event reads it as the event's own class does."""

import importlib
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json, to_jsonable_python

from peerloom_events import Event, Fact, golden_records
from peerloom_service.hearing import InBatches
from tests.contracts.openapi import SERVICES

PARTS = [
    pytest.param(kind, handler.reads, id=f"{name} of {kind.__name__}")
    for name in SERVICES
    for kind, handler in importlib.import_module(f"{name}_service.main").service.hears.items()
    if isinstance(handler, InBatches) and handler.reads
]


@pytest.mark.parametrize(("kind", "part"), PARTS)
def test_a_part_declares_fields_of_its_event_with_the_same_types_bounds_and_defaults(
    kind: type[Event], part: type[Fact]
) -> None:
    assert _more_than(_shape(part), _shape(kind)) == []


@pytest.mark.parametrize(("kind", "part"), PARTS)
def test_a_part_of_a_golden_sample_is_what_the_event_says_there(kind: type[Event], part: type[Fact]) -> None:
    for record in golden_records(kind.type):
        read, said = (to_jsonable_python(one.from_json(record.value)) for one in (part, kind))

        assert _more_than(read, said) == []


@pytest.mark.parametrize(("kind", "part"), PARTS)
def test_a_part_is_refused_where_a_field_of_it_is_missing_or_wrong(kind: type[Event], part: type[Fact]) -> None:
    sound = from_json(next(golden_records(kind.type)).value)

    for name in part.model_fields:
        for spoilt in ({key: value for key, value in sound.items() if key != name}, sound | {name: -1}):
            with pytest.raises(ValidationError):
                part.from_json(to_json(spoilt))


def test_matching_reads_all_that_is_said_of_a_person() -> None:
    """It keeps what it reads: what it left out now, no later version of it could use."""
    (part,) = {one.values[1] for one in PARTS if str(one.id).startswith("matching of Participant")}  # type: ignore[attr-defined]
    (kind, *_others) = [one.values[0] for one in PARTS if one.values[1] is part]

    assert _more_than(_shape(kind), _shape(part)) == []  # type: ignore[arg-type]


def _shape(model: type[BaseModel]) -> dict[str, Any]:
    """Its JSON Schema without names and descriptions, with every reference written out."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return plain(definitions[node["$ref"].rpartition("/")[2]])
        if "properties" in node:
            node = node["properties"]
        return {key: plain(value) for key, value in node.items() if key not in ("title", "description")}

    shape: dict[str, Any] = plain(schema)
    return shape


def _more_than(part: Any, whole: Any, at: str = "") -> list[str]:
    """Where `part` has or says something that `whole` does not."""
    if isinstance(part, dict) and isinstance(whole, dict):
        if part.get("default") != whole.get("default"):
            return [f"{at} has another default"]
        return [
            wrong
            for key, value in part.items()
            for wrong in (_more_than(value, whole[key], f"{at}.{key}") if key in whole else [f"{at}.{key} is not there"])
        ]
    return [] if part == whole else [f"{at} is {part}, not {whole}"]
