"""CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_*` headers, the value is the event's JSON.

The mapping is checked against the `cloudevents` library in both directions (tests/contracts); it is written out here
because that library's validation costs 15 µs an event each way, about half of what a batch consumer may spend on one.
"""

from collections.abc import Container, Iterable
from datetime import UTC, datetime
from typing import NamedTuple, Self

CONTENT_TYPE = "application/json"

Headers = list[tuple[str, bytes]]


class MalformedEnvelope(ValueError):
    """The record's headers are not those of a Peerloom CloudEvent."""


class Envelope(NamedTuple):
    """What is said about an event rather than in it. Names are the CloudEvents attribute names.

    `tenantid`: organisation the fact belongs to. `correlationid`: the request that started it all. `causationid`: the
    event (or request) that led to this one directly. `partitionkey`: the aggregate's id. `time`: RFC 3339, UTC.
    """

    id: str
    source: str
    type: str
    time: str
    subject: str
    dataschema: str
    partitionkey: str
    tenantid: str
    correlationid: str
    causationid: str = ""
    traceparent: str = ""
    specversion: str = "1.0"

    def headers(self) -> Headers:
        """Kafka headers; empty attributes are left out, as CloudEvents asks."""
        written = [(header, value.encode()) for header, value in zip(_ATTRIBUTES, self, strict=True) if value]
        written.append(("content-type", CONTENT_TYPE.encode()))
        return written

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]]) -> Self:
        """Read the headers of a record; unknown extension attributes are ignored, an empty attribute is a missing one.

        Raises: MalformedEnvelope, naming what is missing or wrong.
        """
        try:
            found = {
                attribute: value.decode()
                for header, value in headers
                if value and (attribute := _ATTRIBUTES.get(header)) is not None
            }
            envelope = cls(**found)
        except UnicodeDecodeError as error:
            raise MalformedEnvelope("a CloudEvents header is not UTF-8") from error
        except TypeError as error:
            raise MalformedEnvelope(f"CloudEvents headers missing: {_missing(found)}") from error
        if "specversion" not in found:
            raise MalformedEnvelope("CloudEvents headers missing: ce_specversion")
        if envelope.specversion != "1.0":
            raise MalformedEnvelope(f"CloudEvents version {envelope.specversion!r} is not '1.0'")
        if not _is_instant(envelope.time):
            raise MalformedEnvelope(f"CloudEvents time {envelope.time!r} is not an RFC 3339 time with its zone")
        return envelope


_ATTRIBUTES = {f"ce_{name}": name for name in Envelope._fields}
_REQUIRED = (*(name for name in Envelope._fields if name not in Envelope._field_defaults), "specversion")


def _missing(found: Container[str]) -> str:
    return ", ".join(f"ce_{name}" for name in _REQUIRED if name not in found)


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def rfc3339(moment: datetime) -> str:
    """CloudEvents `time`: an aware datetime as UTC, ending in Z.

    Raises: ValueError for a naive datetime.
    """
    if moment.tzinfo is None:
        raise ValueError("an event's time needs a time zone")
    return f"{moment.astimezone(UTC).isoformat()[:-6]}Z"
