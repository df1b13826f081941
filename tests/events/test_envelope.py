"""The envelope against the CloudEvents library, in both directions, and against everything that is not an envelope."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from peerloom_events import Envelope, MalformedEnvelope, event_types, golden_records, rfc3339

from .strategies import envelopes, instants

BODY = {"session_id": "01938fa0-5b3c-7d17-84e9-c2f06a1d7b51", "note": "Grüße, 東京"}
REQUIRED = ["id", "source", "type", "time", "subject", "dataschema", "partitionkey", "tenantid", "correlationid", "specversion"]


@given(envelopes())
def test_what_is_written_is_read_back(envelope: Envelope) -> None:
    assert Envelope.from_headers(envelope.headers()) == envelope


@given(envelopes())
def test_the_cloudevents_library_reads_what_we_write(envelope: Envelope) -> None:
    value = json.dumps(BODY).encode()

    heard = from_binary_event(KafkaMessage(dict(envelope.headers()), envelope.partitionkey.encode(), value))

    attributes = heard.get_attributes()
    assert {name: _text(value) for name, value in attributes.items()} == _attributes(envelope) | {
        "datacontenttype": "application/json"
    }
    assert heard.get_data() == BODY


@given(envelopes())
def test_we_read_what_the_cloudevents_library_writes(envelope: Envelope) -> None:
    said = CloudEvent(
        _attributes(envelope) | {"time": datetime.fromisoformat(envelope.time), "datacontenttype": "application/json"}, BODY
    )

    message = to_binary_event(said)

    assert Envelope.from_headers(list(message.headers.items())) == envelope
    assert message.key == envelope.partitionkey


@pytest.mark.parametrize("event_type", event_types())
def test_the_cloudevents_library_reads_every_golden_record(event_type: str) -> None:
    for record in golden_records(event_type):
        heard = from_binary_event(KafkaMessage(dict(record.headers), record.key, record.value))

        assert heard.get_type() == event_type
        assert heard.get_extension("tenantid") == Envelope.from_headers(record.headers).tenantid
        assert heard.get_data() == record.data


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_attribute_is_named(name: str) -> None:
    headers = [(header, value) for header, value in headers_of_a_record() if header != f"ce_{name}"]

    with pytest.raises(MalformedEnvelope, match=f"missing: ce_{name}$"):
        Envelope.from_headers(headers)


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("nothing", [b"", None])
def test_an_empty_attribute_is_a_missing_one(name: str, nothing: bytes | None) -> None:
    headers = dict(headers_of_a_record()) | {f"ce_{name}": nothing}

    with pytest.raises(MalformedEnvelope, match=f"missing: ce_{name}$"):
        Envelope.from_headers(headers.items())  # type: ignore[arg-type]  # Kafka allows a header without a value


def test_a_record_that_is_no_cloudevent_is_told_all_it_lacks() -> None:
    with pytest.raises(MalformedEnvelope) as refused:
        Envelope.from_headers([("content-type", b"application/cloudevents+json")])

    assert all(f"ce_{name}" in str(refused.value) for name in REQUIRED)


def test_a_header_that_is_not_text_is_refused() -> None:
    headers = dict(headers_of_a_record()) | {"ce_subject": b"\xff\xfe"}

    with pytest.raises(MalformedEnvelope, match="not UTF-8"):
        Envelope.from_headers(headers.items())


@pytest.mark.parametrize("version", [b"0.3", b"2.0", b"1.0.2", b"one"])
def test_another_version_of_cloudevents_is_refused(version: bytes) -> None:
    headers = dict(headers_of_a_record()) | {"ce_specversion": version}

    with pytest.raises(MalformedEnvelope, match="version"):
        Envelope.from_headers(headers.items())


@pytest.mark.parametrize("time", ["yesterday", "2026-03-02T09:30:00", "1772443800", "2026-13-02T09:30:00Z"])
def test_a_time_that_is_no_instant_is_refused(time: str) -> None:
    headers = dict(headers_of_a_record()) | {"ce_time": time.encode()}

    with pytest.raises(MalformedEnvelope, match="RFC 3339"):
        Envelope.from_headers(headers.items())


@given(st.dictionaries(st.sampled_from([f"ce_{name}" for name in REQUIRED]) | st.text(), st.binary() | st.none()))
def test_any_headers_give_an_envelope_or_one_kind_of_refusal(spoilt: dict[str, bytes]) -> None:
    headers = dict(headers_of_a_record()) | spoilt

    with suppress(MalformedEnvelope):
        envelope = Envelope.from_headers(headers.items())
        assert Envelope.from_headers(envelope.headers()) == envelope


def test_attributes_of_others_are_ignored() -> None:
    headers = [*headers_of_a_record(), ("ce_sampledrate", b"3"), ("x-request", b"7"), ("ce_", b"?")]

    assert Envelope.from_headers(headers) == Envelope.from_headers(headers_of_a_record())


@given(instants)
def test_a_time_names_the_same_instant_in_utc(moment: datetime) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=10, minutes=30)))

    assert rfc3339(elsewhere) == rfc3339(moment)
    assert rfc3339(moment).endswith("Z")
    assert datetime.fromisoformat(rfc3339(moment)) == moment


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        rfc3339(datetime(2026, 3, 2))  # noqa: DTZ001 - that is what is refused


def headers_of_a_record() -> list[tuple[str, bytes]]:
    return next(golden_records("io.peerloom.matching.match.confirmed.v1")).headers


def _attributes(envelope: Envelope) -> dict[str, str]:
    return {name: value for name in Envelope._fields if (value := getattr(envelope, name))}


def _text(value: object) -> object:
    return rfc3339(value.astimezone(UTC)) if isinstance(value, datetime) else value
