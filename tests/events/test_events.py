"""What holds for every event, whoever says it."""

import json
import math
import re
from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from peerloom_events import (
    TOPICS,
    Event,
    MatchConfirmed,
    MatchReason,
    SessionScheduled,
    dead_letter_topic,
    event_types,
    golden_records,
)
from peerloom_events import event as event_module
from peerloom_events.topics import MATCHES

from .strategies import any_of

EVENTS = list(event_types().values())
every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)


@every_event
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_said_is_what_is_heard(event: type[Event], data: st.DataObject) -> None:
    said = data.draw(any_of(event))

    heard = event.from_json(said.to_json())

    assert heard == said
    assert heard.to_json() == said.to_json()


@every_event
def test_a_newer_revision_can_be_read_by_who_knows_only_this_one(event: type[Event]) -> None:
    record = next(golden_records(event.type))
    of_tomorrow = json.dumps(record.data | {"learned_tomorrow": {"deeply": ["nested"]}}).encode()

    assert event.from_json(of_tomorrow) == event.from_json(record.value)


@every_event
def test_an_event_is_a_fact_and_cannot_be_changed(event: type[Event]) -> None:
    said = event.from_json(next(golden_records(event.type)).value)

    with pytest.raises(ValidationError, match="frozen"):
        said.version = 99  # type: ignore[misc]  # that is what is tried


@every_event
def test_a_type_says_who_and_what_and_which_version(event: type[Event]) -> None:
    assert re.fullmatch(r"io\.peerloom\.[a-z]+\.[a-z_]+\.[a-z_]+\.v[1-9][0-9]*", event.type)
    assert event.dataschema() == "urn:peerloom:schema:" + event.type.removeprefix("io.peerloom.")
    assert event.topic in TOPICS, "a topic outside TOPICS is neither created nor documented"
    assert event.topic.name.startswith(f"{event.service()}."), "a service speaks on its own topics only"
    assert event.__doc__, "an event says in a sentence what happened"


@every_event
def test_the_key_is_the_id_of_what_the_event_is_about(event: type[Event]) -> None:
    said = event.from_json(next(golden_records(event.type)).value)

    assert isinstance(said.key, UUID)
    assert said.key == getattr(said, event.key_field)


def test_topics_have_names_of_their_own() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert dead_letter_topic("sessions", MATCHES.name) == "dlt.sessions.matching.matches.v1"


def test_an_instant_without_a_zone_is_refused() -> None:
    data = next(golden_records(MatchConfirmed.type)).data | {"confirmed_at": "2026-03-04T13:20:44"}

    with pytest.raises(ValidationError, match="timezone"):
        MatchConfirmed.model_validate(data)


@every_event
def test_every_instant_of_every_event_has_a_zone(event: type[Event]) -> None:
    naive = [path for path, annotation in _annotations(event) if annotation is datetime]

    assert not naive, f"{event.__name__}: use AwareDatetime for {naive}"


@pytest.mark.parametrize("amount", [math.nan, math.inf, -math.inf])
def test_a_number_json_does_not_have_is_refused(amount: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        MatchReason(code="common_hours", amount=amount)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"{}", b'{"version": 0}', b"\xff", b"[" * 5000])
def test_a_body_that_is_not_the_event_is_one_kind_of_error(body: bytes) -> None:
    with pytest.raises(ValidationError):
        SessionScheduled.from_json(body)


def test_a_type_belongs_to_one_event() -> None:
    with pytest.raises(TypeError, match=r"already taken by MatchConfirmed"):

        class MatchSealed(Event, type=MatchConfirmed.type, topic=MATCHES, key="match_id"):
            match_id: UUID


def test_a_key_has_to_be_a_field() -> None:
    with pytest.raises(TypeError, match=r"MatchSealed: its key 'match_id' is not one of its fields"):

        class MatchSealed(Event, type="io.peerloom.matching.match.sealed.v1", topic=MATCHES, key="match_id"):
            pair_id: UUID


def test_a_declared_event_is_known_by_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_module, "_registry", {})

    class MatchSealed(Event, type="io.peerloom.matching.match.sealed.v1", topic=MATCHES, key="match_id"):
        match_id: UUID

    assert event_types() == {"io.peerloom.matching.match.sealed.v1": MatchSealed}
    assert (MatchSealed.service(), MatchSealed.topic, MatchSealed.key_field) == ("matching", MATCHES, "match_id")


def _annotations(model: type[BaseModel], path: str = "") -> list[tuple[str, object]]:
    """Every type mentioned by a model and by the models inside it."""
    found: list[tuple[str, object]] = []
    for name, field in model.model_fields.items():
        under_way: list[object] = [field.annotation]
        while under_way:
            annotation = under_way.pop()
            found.append((f"{path}{name}", annotation))
            under_way.extend(getattr(annotation, "__args__", ()))
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                found.extend(_annotations(annotation, f"{path}{name}."))
    return found
