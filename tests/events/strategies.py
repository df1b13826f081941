"""Any envelope and any event, for property tests: built from what the classes themselves declare."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, JsonValue

from peerloom_events import Envelope, rfc3339

instants = st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1))  # noqa: DTZ001
words = st.text(min_size=1, max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    """An envelope with text of any script, and with or without its optional attributes."""
    given = {name: draw(words) for name in Envelope._fields}
    given |= {name: draw(st.one_of(st.just(""), words)) for name in ("causationid", "traceparent")}
    return Envelope(**given | {"time": rfc3339(draw(instants)), "specversion": "1.0"})


def any_of(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Any value of a model: its own bounds respected, nothing else assumed."""
    return st.builds(
        model,
        **{name: _values(Annotated[field.annotation, None, *field.metadata]) for name, field in model.model_fields.items()},
    )


def _values(annotation: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one for each kind of type
    simple = {
        bool: st.booleans(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        UUID: st.uuids(),
        date: st.dates(),
        AwareDatetime: instants,
        type(None): st.none(),
    }
    kind, bounds = _unwrapped(annotation)
    if kind is str:
        return st.text(min_size=max(bounds.get("min_length", [0])), max_size=20)
    if kind is int:
        return st.integers(min(bounds.get("ge", [-(2**53)])), min(bounds.get("le", [2**53])))
    if kind in simple:
        return simple[kind]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return any_of(kind)
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is dict:
        values = get_args(kind)[1]
        return st.dictionaries(st.text(max_size=10), json_values if values in (Any, JsonValue) else _values(values), max_size=4)
    if get_origin(kind) is tuple:
        return st.lists(_values(get_args(kind)[0]), max_size=4).map(tuple)
    return st.one_of([_values(choice) for choice in get_args(kind)])


def _unwrapped(annotation: Any) -> tuple[Any, dict[str, list[int]]]:
    """The bare type, and its bounds by their name in `Field` (ge, le, min_length)."""
    bounds: dict[str, list[int]] = {}
    while get_origin(annotation) is Annotated:
        annotation, *metadata = get_args(annotation)
        for part in metadata:
            for name in ("ge", "le", "min_length"):
                for found in (part, *getattr(part, "metadata", ())):
                    if hasattr(found, name):
                        bounds.setdefault(name, []).append(getattr(found, name))
    return annotation, bounds
