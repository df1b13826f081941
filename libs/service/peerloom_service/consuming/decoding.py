"""First step: which handler subscribes to which event, and the event in a record."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from pydantic import ValidationError

from peerloom_events import Envelope, Event, MalformedEnvelope
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.identifiers import id_from
from peerloom_service.use_cases.transaction import Transaction

Handler = Callable[[Transaction, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class InBatches:
    """Marks a handler that takes consecutive events of one type and organisation together; it cannot publish events itself.

    `reads`: what the handler is given instead of the whole event, a class that declares some of its fields. Reading all of a
    large event costs more than most handlers do; msgspec passes over what is not declared, and takes half of the time
    pydantic does, or less.
    """

    handler: Callable[[Transaction, Sequence[Any]], Awaitable[None]]
    reads: type[msgspec.Struct] | None = None


@dataclass(frozen=True, slots=True)
class AcrossOrganisations(InBatches):
    """Marks a handler that takes all that came together, whatever their types and organisations, with their envelopes; its
    transaction works for the platform, and its statements name the organisation of each row.
    """


Subscriptions = Mapping[type[Event], Handler | InBatches]


class Received(NamedTuple):
    """A decoded event on its way to its handler."""

    delivery: Delivery
    envelope: Envelope
    kind: type[Event]
    event: Event | msgspec.Struct
    event_id: UUID
    tenant_id: UUID


class Undecodable(ValueError):
    """The record is not an event of ours, or not a sound one."""


class Decoder:
    """Reads records as their handlers want them."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._types = {kind.type: kind for kind in subscriptions}
        self._read: dict[type[Event], Callable[[bytes], Event | msgspec.Struct]] = {
            kind: msgspec.json.Decoder(how.reads).decode if isinstance(how, InBatches) and how.reads else kind.from_json
            for kind, how in subscriptions.items()
        }

    def one(self, delivery: Delivery) -> Received | None:
        """The event in a record; None for tombstones and for types this service does not subscribe to.

        Raises: Undecodable, saying what is wrong.
        """
        if delivery.value is None:  # whoever wrote the tombstone: it may have no envelope
            return None
        try:
            envelope = Envelope.from_headers(delivery.headers)
            kind = self._types.get(envelope.type)
            if kind is None:
                return None
            event = self._read[kind](delivery.value)
            return Received(delivery, envelope, kind, event, id_from(envelope.id), _tenant(envelope.tenantid))
        except MalformedEnvelope as error:
            raise Undecodable(str(error)) from error
        except ValidationError as error:
            places = "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors()[:5])
            raise Undecodable(f"the event's data is not what its type says: {places}") from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise Undecodable(f"the event's data is not what its type says: {error}") from error
        except ValueError as error:
            raise Undecodable(f"the event's id or tenant is no UUID: {error}") from error

    def all(self, deliveries: Sequence[Delivery]) -> list[Received]:
        """The events in them that the service subscribes to, in their order. Raises: Undecodable."""
        return [event for delivery in deliveries if (event := self.one(delivery)) is not None]


_tenant = lru_cache(maxsize=1024)(UUID)
"""An organisation's id: the same for many events."""
