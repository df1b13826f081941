"""A handler that reads a part of an event reads it as the event's own class does."""

import importlib
from typing import Any

import msgspec
import pytest
from pydantic_core import from_json, to_json

from peerloom_events import Event, golden_records
from peerloom_service.consuming.decoding import Decoder, InBatches, Undecodable
from peerloom_service.consuming.delivery import Delivery
from tests.contracts.openapi import SERVICES

PARTS = [
    pytest.param(kind, handler.reads, id=f"{name} of {kind.__name__}")
    for name in SERVICES
    for kind, handler in importlib.import_module(f"{name}_service.main").service.subscribes.items()
    if isinstance(handler, InBatches) and handler.reads
]


@pytest.mark.parametrize(("kind", "part"), PARTS)
def test_a_part_declares_fields_of_its_event_with_the_same_types_bounds_and_defaults(
    kind: type[Event], part: type[msgspec.Struct]
) -> None:
    assert _more_than(_part_shape(part), _shape(kind)) == []


@pytest.mark.parametrize(("kind", "part"), PARTS)
def test_a_part_of_a_golden_sample_is_what_the_event_says_there(kind: type[Event], part: type[msgspec.Struct]) -> None:
    for record in golden_records(kind.type):
        read = from_json(msgspec.json.encode(msgspec.json.decode(record.value, type=part)))

        assert _more_than(read, from_json(kind.from_json(record.value).to_json())) == []


@pytest.mark.parametrize(("kind", "part"), PARTS)
def test_a_part_is_refused_where_a_field_of_it_is_missing_or_wrong(kind: type[Event], part: type[msgspec.Struct]) -> None:
    sound = from_json(next(golden_records(kind.type)).value)

    for name in part.__struct_fields__:
        for spoilt in ({key: value for key, value in sound.items() if key != name}, sound | {name: -1}):
            with pytest.raises(msgspec.ValidationError):
                msgspec.json.decode(to_json(spoilt), type=part)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"\x00\xff", b'{"more": ' + b"[" * 100_000, b'{"version": 1, "participant_id": "\xff"}', b'{"version": NaN}'],
)
@pytest.mark.parametrize(("kind", "part"), PARTS)
def test_a_body_that_no_part_can_be_read_from_is_said_to_be_bad(
    kind: type[Event], part: type[msgspec.Struct], body: bytes
) -> None:
    record = next(golden_records(kind.type))
    decoder = Decoder({kind: InBatches(_nothing, reads=part)})

    with pytest.raises(Undecodable, match=r"^the event's data is not what its type says: ."):
        decoder.one(Delivery(kind.topic.name, 0, 0, b"", body, tuple(record.headers)))


async def _nothing(*_: Any) -> None: ...


def test_matching_reads_all_that_is_said_of_a_person() -> None:
    """It keeps what it reads: what it left out now, no later version of it could use."""
    (part,) = {one.values[1] for one in PARTS if str(one.id).startswith("matching of Participant")}  # type: ignore[attr-defined]
    (kind, *_others) = [one.values[0] for one in PARTS if one.values[1] is part]

    assert _more_than(_shape(kind), _part_shape(part)) == []


def _shape(kind: type[Event]) -> dict[str, Any]:
    return _plain(kind.model_json_schema())


def _part_shape(part: type[msgspec.Struct]) -> dict[str, Any]:
    return _plain(msgspec.json.schema(part))


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema without names and descriptions, with every reference written out."""
    schema = from_json(to_json(schema))
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
