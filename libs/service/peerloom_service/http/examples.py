"""An example for every operation: from the examples and defaults of a schema's fields, and plausible values for the rest."""

from collections.abc import Mapping
from typing import Any, Final

_BY_FORMAT: Final = {
    "uuid": "0193b1f0-6e4a-7c11-9d3e-2f5a8c7b4e10",
    "date-time": "2026-12-07T09:00:00Z",
    "date": "2026-12-07",
    "binary": "name\n",
}


class Examples:
    """Values that fit schemas, which may refer to these `schemas` by name. A field's own `examples` go before all else."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas

    def of(self, schema: Mapping[str, Any], name: str) -> Any:  # noqa: PLR0911 - a kind of schema a case
        """A value for the schema of what is called `name`."""
        schema = self._resolved(schema)
        for given in ("examples", "enum"):
            if schema.get(given):
                return schema[given][0]
        for given in ("example", "const", "default"):
            if schema.get(given) is not None:
                return schema[given]
        for choices in ("anyOf", "oneOf", "allOf"):
            if choices in schema:
                return self.of(_not_null(schema[choices]), name)
        match schema.get("type"):
            case "object":
                return self._object(schema)
            case "array":
                wanted = max(1, schema.get("minItems", 0))
                return [self.of(item, name) for item in schema.get("prefixItems", [])] or [
                    self.of(schema.get("items", {}), name) for _ in range(wanted)
                ]
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return _BY_FORMAT.get(schema.get("format", ""), name.replace("_", " "))

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        extra = schema.get("additionalProperties")
        named = {key: self.of(field, key) for key, field in schema.get("properties", {}).items()}
        if not named and isinstance(extra, Mapping):
            named["name"] = self.of(extra, "name")
        return named

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            named = self._schemas[schema["$ref"].rpartition("/")[2]]
            schema = {**named, **{key: value for key, value in schema.items() if key != "$ref"}}
        return schema


def _not_null(choices: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((choice for choice in choices if choice.get("type") != "null"), choices[0])


def _number(schema: Mapping[str, Any]) -> int | float:
    value = _in_range(schema)
    return int(value) if schema["type"] == "integer" else value


def _in_range(schema: Mapping[str, Any]) -> int | float:
    if "minimum" in schema:
        smallest: int | float = schema["minimum"]
        largest: int | float = schema.get("maximum", 1)
        return max(smallest, min(1, largest))
    if "exclusiveMinimum" in schema:
        return int(schema["exclusiveMinimum"]) + 1
    return 1
