"""A first draft of a golden sample, so that a new event is never without one. People make it realistic."""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from peerloom_events.contracts.files import EventClass, Schema, schema_of
from peerloom_events.envelope import Envelope, rfc3339
from peerloom_events.golden import GoldenRecord

_MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def drafted_record(event: EventClass, earlier: GoldenRecord | None = None) -> dict[str, Any]:
    """Headers, key and data of one record of an event.

    Fields that the sample `earlier` (of an older revision) has keep their values; the others get one their schema
    allows.
    """
    schema = schema_of(event)
    drafted = _drafted(schema, schema, event.__name__)
    data = _over(drafted, earlier.data) if earlier else drafted
    key = data[event.key_field]
    envelope = Envelope(
        id=_id(event.type),
        source=f"/{event.service()}",
        type=event.type,
        time=rfc3339(_MOMENT),
        subject=key,
        dataschema=event.dataschema(),
        partitionkey=key,
        tenantid=_id("organisation"),
        correlationid=_id("correlation"),
    )
    headers = {name: value.decode() for name, value in envelope.headers()}
    return {"headers": headers, "key": key, "data": data}


def _drafted(node: Schema, document: Schema, name: str) -> Any:
    node = _first_choice(node, document)
    match node.get("type"):
        case _ if "const" in node or "enum" in node:
            return node["const"] if "const" in node else node["enum"][0]
        case "object":
            return {field: _drafted(child, document, field) for field, child in node.get("properties", {}).items()}
        case "array":
            count = max(1, node.get("minItems", 1))
            items = node.get("prefixItems") or [node.get("items", {})] * count
            return [_drafted(item, document, f"{name} {number}") for number, item in enumerate(items, start=1)]
        case "integer" | "number":
            return min(max(1, node.get("minimum", 1)), node.get("maximum", 1_000_000))
        case "boolean":
            return True
        case _:
            return _text(node.get("format", ""), name)


def _first_choice(node: Schema, document: Schema) -> Schema:
    while True:
        if "$ref" in node:
            node = document["$defs"][node["$ref"].removeprefix("#/$defs/")]
        elif alternatives := node.get("anyOf") or node.get("oneOf"):
            node = alternatives[0]
        else:
            return node


def _over(drafted: Any, known: Any) -> Any:
    """What is known, with the drafted fields it lacks."""
    if not (isinstance(drafted, dict) and isinstance(known, dict)):
        return known
    return drafted | {name: _over(drafted.get(name), value) for name, value in known.items()}


def _text(form: str, name: str) -> str:
    match form:
        case "uuid":
            return _id(name)
        case "date-time":
            return rfc3339(_MOMENT)
        case "date":
            return _MOMENT.date().isoformat()
        case _:
            return name.replace("_", " ")


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))
