"""Events carry ids and facts. A name or an address in an event would be copied to every consumer and every backup."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from peerloom_events import Event, event_types, golden_records
from peerloom_events.contracts.files import schema_of

PERSONAL = re.compile(
    r"(^|_)(name|first|last|given|family|surname|nickname|initials|mail|email|phone|mobile|fax|address|street|birth\w*|born\w*"
    r"|gender|sex|ssn|iban|photo|picture|avatar|employee_number|user|username|login)(_|$)",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"\S@\S+\.\w|\+?\d[\d ()/-]{8,}\d")
every_event = pytest.mark.parametrize("event", event_types().values(), ids=lambda event: event.__name__)


@every_event
def test_no_field_of_an_event_is_meant_for_personal_data(event: type[Event]) -> None:
    schema = schema_of(event)
    fields = [name for model in (schema, *schema.get("$defs", {}).values()) for name in model.get("properties", {})]

    assert fields, "an event without fields says nothing"
    assert not [name for name in fields if PERSONAL.search(name)]


@every_event
def test_no_sample_holds_an_address(event: type[Event]) -> None:
    for record in golden_records(event.type):
        everything = [*_texts(record.data), *(value.decode() for _, value in record.headers), record.key.decode()]

        assert not [text for text in everything if ADDRESS.search(_without_ids(text))]


@pytest.mark.parametrize(
    "name", ["name", "first_name", "manager_email", "phone", "home_address", "employee_number", "birthday"]
)
def test_a_personal_field_would_be_noticed(name: str) -> None:
    assert PERSONAL.search(name)


@pytest.mark.parametrize("text", ["write to ada@example.org", "+49 (30) 901820-00", "0171 2345678"])
def test_an_address_in_a_sample_would_be_noticed(text: str) -> None:
    assert ADDRESS.search(_without_ids(text))


@pytest.mark.parametrize("name", ["participant_id", "job_title", "employee_level", "requested_at", "subject", "metric"])
def test_a_fact_is_not_mistaken_for_a_personal_field(name: str) -> None:
    assert not PERSONAL.search(name)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inside in value.values():
            yield from _texts(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _texts(inside)


def _without_ids(text: str) -> str:
    """The text without UUIDs, hashes, dates and trace contexts, whose digits are no telephone number."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|\d{4}-\d\d-\d\d\S*|00-[0-9a-f]{32}-[0-9a-f]{16}-\d\d", "", text)
