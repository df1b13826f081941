"""What may change inside a major version: a field may be added when it is optional and has a default. Nothing else.

Widening breaks as surely as narrowing: a record written today is read by consumers built on an older revision, and a
record written years ago is read by today's model. So apart from added fields the two schemas must mean the same.
Schemas are compared by meaning: `$ref` is followed, so renaming or moving a nested class is no change; titles and
descriptions may be improved at any time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peerloom_events.contracts.files import Schema

_WORDS = frozenset({"$defs", "$id", "$ref", "$schema", "deprecated", "description", "discriminator", "examples", "title"})
_STRUCTURE = frozenset(
    {
        "additionalProperties",
        "anyOf",
        "const",
        "default",
        "enum",
        "items",
        "oneOf",
        "prefixItems",
        "properties",
        "required",
    }
)
_LOWER_BOUNDS = frozenset({"exclusiveMinimum", "minItems", "minLength", "minProperties", "minimum"})
_UPPER_BOUNDS = frozenset({"exclusiveMaximum", "maxItems", "maxLength", "maxProperties", "maximum"})

_READERS = "consumers built on that revision cannot read what is written now"
_RECORDS = "records written with that revision cannot be read any more"
_MEANING = "records written without it change their meaning"
_BOTH = "old consumers and old records no longer fit"
_WHOM = {
    "x-topic": "consumers subscribed to the old topic never hear it again",
    "x-key": "order between this event and others of the same aggregate is lost",
}


@dataclass(frozen=True, slots=True)
class Break:
    """One incompatible change. `path` as in `facts.seeks[].level`, empty for the event itself."""

    path: str
    what: str
    whom: str

    def __str__(self) -> str:
        return f"{self.path or 'the event'} {self.what}: {self.whom}"


def breaks(old: Schema, new: Schema) -> list[Break]:
    """Every change from `old` to `new` that someone would notice and not survive."""
    return list(_Comparison(old, new).of(old, new, ""))


def same_on_the_wire(one: Schema, other: Schema) -> bool:
    """Whether two schemas describe the same records (words aside)."""
    return not breaks(one, other) and not breaks(other, one)


class _Comparison:
    """Two documents, walked together; remembers the pairs of `$ref` under way, since a type may contain itself."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._under_way: set[tuple[str, str]] = set()

    def of(self, old: Schema, new: Schema, path: str) -> Iterator[Break]:
        refs = (old.get("$ref", ""), new.get("$ref", ""))
        if all(refs):
            if refs in self._under_way:
                return
            self._under_way.add(refs)
        yield from self._nodes(_resolved(old, self._old), _resolved(new, self._new), path)
        self._under_way.discard(refs)

    def _nodes(self, old: Schema, new: Schema, path: str) -> Iterator[Break]:
        old, old_variants, old_nullable = _alternatives(old, self._old)
        new, new_variants, new_nullable = _alternatives(new, self._new)
        if new_nullable and not old_nullable:
            yield Break(path, "may now be null", _READERS)
        if old_nullable and not new_nullable:
            yield Break(path, "may no longer be null", _RECORDS)
        yield from self._variants(old_variants, new_variants, path)
        yield from _values(old, new, path)
        for keyword in sorted((old.keys() | new.keys()) - _WORDS - _STRUCTURE):
            yield from _keyword(keyword, old.get(keyword), new.get(keyword), path)
        yield from self._fields(old, new, path)
        yield from self._items(old, new, path)

    def _variants(self, old: list[Schema], new: list[Schema], path: str) -> Iterator[Break]:
        """Each alternative must still be there, in any order; a new one is one more than old consumers know."""
        left = list(new)
        for variant in old:
            match = next((other for other in left if not list(self.of(variant, other, path))), None)
            if match is None:
                yield Break(path, "lost or changed one of its alternatives", _RECORDS)
            else:
                left.remove(match)
        if len(new) > len(old):
            yield Break(path, "gained an alternative", _READERS)

    def _fields(self, old: Schema, new: Schema, path: str) -> Iterator[Break]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        added = [name for name in after if name not in before]
        for name, field in before.items():
            here = f"{path}.{name}" if path else name
            if name not in after:
                renamed = next((other for other in added if not list(self.of(field, after[other], here))), None)
                guess = f" (renamed to {renamed!r}?)" if renamed else ""
                yield Break(here, f"is gone{guess}", _READERS if name in needed_before else _BOTH)
                continue
            if name in needed_after - needed_before:
                yield Break(here, "became required", _RECORDS)
            elif name in needed_before - needed_after:
                yield Break(here, "became optional", _READERS)
            elif name not in needed_before:
                yield from _default(field, after[name], here)
            yield from self.of(field, after[name], here)
        for name in added:
            here = f"{path}.{name}" if path else name
            if name in needed_after:
                yield Break(here, "is new and required", _RECORDS)
            elif "default" not in after[name]:
                yield Break(here, "is new and has no literal default", "nobody can tell what its absence means")

    def _items(self, old: Schema, new: Schema, path: str) -> Iterator[Break]:
        for keyword, place in (("items", "[]"), ("additionalProperties", "{}")):
            before, after = old.get(keyword, True), new.get(keyword, True)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from self.of(before, after, path + place)
            elif before != after:
                yield Break(path, f"{keyword} {_shown(before)} became {_shown(after)}", _BOTH)
        before, after = old.get("prefixItems", []), new.get("prefixItems", [])
        if len(before) != len(after):
            yield Break(path, f"had {len(before)} fixed items and now has {len(after)}", _BOTH)
        for index, (item, other) in enumerate(zip(before, after, strict=False)):
            yield from self.of(item, other, f"{path}[{index}]")


def _resolved(node: Schema, document: Schema) -> Schema:
    while "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        node = {**document["$defs"][name], **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _alternatives(node: Schema, document: Schema) -> tuple[Schema, list[Schema], bool]:
    """The node itself, its alternatives when there are several, and whether it may be null."""
    alternatives = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    variants = [variant for variant in alternatives if variant.get("type") != "null"]
    nullable = len(variants) < len(alternatives) or node.get("type") == "null"
    rest = {key: value for key, value in node.items() if key not in ("anyOf", "oneOf")}
    if len(variants) == 1:
        return {**_resolved(variants[0], document), **rest}, [], nullable
    return rest, variants, nullable


def _values(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    before, after = _allowed(old), _allowed(new)
    if before is None or after is None:
        if before is not None:
            yield Break(path, "allows any value now", _READERS)
        elif after is not None:
            yield Break(path, f"allows only {_shown(after)} now", _RECORDS)
        return
    if lost := [value for value in before if value not in after]:
        yield Break(path, f"no longer allows {_shown(lost)}", _RECORDS)
    if gained := [value for value in after if value not in before]:
        yield Break(path, f"now also allows {_shown(gained)}", _READERS)


def _allowed(node: Schema) -> list[Any] | None:
    return [node["const"]] if "const" in node else node.get("enum")


def _keyword(keyword: str, old: Any, new: Any, path: str) -> Iterator[Break]:
    if old == new and type(old) is type(new):
        return
    whom = _WHOM.get(keyword, _BOTH)
    if keyword in _LOWER_BOUNDS:
        whom = _RECORDS if new is not None and (old is None or new > old) else _READERS
    elif keyword in _UPPER_BOUNDS:
        whom = _RECORDS if new is not None and (old is None or new < old) else _READERS
    yield Break(path, f"{keyword.removeprefix('x-')} {_shown(old)} became {_shown(new)}", whom)


def _default(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    before, after = old.get("default", ...), new.get("default", ...)
    if before != after or type(before) is not type(after):
        yield Break(path, f"default {_shown(before)} became {_shown(after)}", _MEANING)


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if value is ...:
        return "nothing"
    return ", ".join(map(repr, value)) if isinstance(value, list) and value else repr(value)
