"""CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_*` headers, the value is the event's JSON.

The mapping is checked against the `cloudevents` library in both directions (tests/contracts); it is written out here
because that library's validation costs 15 µs an event each way, about half of what a batch consumer may spend on one.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, Self

CONTENT_TYPE = "application/json"

Headers = list[tuple[str, bytes]]


class MalformedEnvelope(ValueError):
    """The record's headers are not those of a Peerloom CloudEvent."""


class Envelope(NamedTuple):
    """What is said about an event rather than in it. Names are the CloudEvents attribute names.

    `tenantid`: organisation the fact belongs to. `correlationid`: the request that started it all. `causationid`: the
    event (or request) that led to this one directly. `partitionkey`: the aggregate's id. `time`: RFC 3339, UTC.
    `actorid`, `actortype`: who did it, by id alone: a person (`person`: the participant's id), an organisation's client
    (`client`), the operator of the platform (`operator`), or a service by itself (`service`); empty in events older than that.
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
    actorid: str = ""
    actortype: str = ""
    specversion: str = "1.0"

    def headers(self) -> Headers:
        """Kafka headers; empty attributes are left out, as CloudEvents asks."""
        written = [(header, value.encode()) for header, value in zip(_NOTHING, self, strict=True) if value]
        written.append(("content-type", CONTENT_TYPE.encode()))
        return written

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]]) -> Self:
        """Read the headers of a record; unknown extension attributes are ignored, an empty attribute is a missing one.

        Raises: MalformedEnvelope, naming what is missing or wrong.
        """
        try:
            given = _NOTHING.copy()
            given.update(headers)
            envelope = cls._make([value.decode() if value else "" for value in _attributes(given)])
        except UnicodeDecodeError as error:
            raise MalformedEnvelope("a CloudEvents header is not UTF-8") from error
        if "" in envelope[:_REQUIRED] or not envelope.specversion:
            missing = [f"ce_{name}" for name in (*cls._fields[:_REQUIRED], "specversion") if not getattr(envelope, name)]
            raise MalformedEnvelope(f"CloudEvents headers missing: {', '.join(missing)}")
        if envelope.specversion != "1.0":
            raise MalformedEnvelope(f"CloudEvents version {envelope.specversion!r} is not '1.0'")
        if not _is_instant(envelope.time):
            raise MalformedEnvelope(f"CloudEvents time {envelope.time!r} is not an RFC 3339 time with its zone")
        return envelope


_NOTHING = {f"ce_{name}": b"" for name in Envelope._fields}
_attributes = itemgetter(*_NOTHING)
_REQUIRED = len(Envelope._fields) - len(Envelope._field_defaults)  # the first ones, and the version of CloudEvents itself


@lru_cache(maxsize=1024)  # events said together have one time
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
