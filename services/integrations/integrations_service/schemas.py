"""Bodies in and out of integrations' API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from integrations_service.domain import events, webhooks
from integrations_service.use_cases.tickets import IssuedTicket
from peerloom_service.http.bodies import Body, Out, Passage

EventType = Annotated[
    str,
    StringConstraints(pattern=r"^io\.peerloom\.[a-z_]+\.[a-z_]+\.[a-z_]+\.v[0-9]+$", max_length=100),
    Field(examples=["io.peerloom.matching.match.confirmed.v1"]),
]
"""A CloudEvents type of ours; one that does not exist yet is no error."""

Url = Annotated[str, StringConstraints(min_length=9, max_length=2000), Field(examples=["https://hooks.example.com/peerloom"])]


class EventOut(Out):
    """A CloudEvent, in the JSON format of CloudEvents 1.0: what `docs/asyncapi.yaml` describes, with its attributes."""

    model_config = ConfigDict(frozen=True, extra="allow")

    specversion: str
    id: UUID
    source: str
    type: str
    time: datetime
    subject: str = Field(description="The id of what it is about.")
    dataschema: str | None = None
    partitionkey: str | None = None
    tenantid: UUID
    correlationid: str | None = None
    causationid: str | None = None
    datacontenttype: str
    data: dict[str, Any]


class EventsPage(Out):
    """Events in the order in which they were committed."""

    items: list[EventOut]
    next: str = Field(description="Where to go on: `after` of the next request. There is one even where there is no event.")
    at_end: bool = Field(description="Whether this is all there is at the moment.")


class NewTicket(Body):
    """What the stream may show; left out: all of the organisation's events."""

    types: list[EventType] | None = Field(default=None, min_length=1, max_length=50)
    participant_id: UUID | None = Field(default=None, strict=False, description="Only events about this participant.")
    program_id: UUID | None = Field(default=None, strict=False, description="Only events of this program.")


class TicketOut(Out):
    ticket: str = Field(description="The parameter `ticket` of one stream.")
    expires_at: datetime = Field(description="A stream is opened before; it then goes on.")

    @classmethod
    def of(cls, issued: IssuedTicket) -> Self:
        return cls(ticket=issued.text, expires_at=issued.ticket.expires_at)


class NewWebhook(Body):
    """Where events are to be sent."""

    url: Url = Field(description="https:// and an address on a public network.")
    description: Passage = Field(default="", description="For people: what it is for.")
    types: list[EventType] = Field(default=[], max_length=50, description="Only these events; none: all.")
    after: Annotated[str, StringConstraints(max_length=16)] = Field(
        default=events.LATEST, description="Where deliveries begin: a cursor of the log, `earliest` or `latest`."
    )


class WebhookChange(Body):
    """What is given is changed."""

    url: Url | None = None
    description: Passage | None = None
    types: list[EventType] | None = Field(default=None, max_length=50)
    state: webhooks.WebhookState | None = Field(
        default=None, strict=False, description="`enabled`: deliveries go on where they were."
    )


class WebhookOut(Out):
    id: UUID
    version: int
    url: str
    description: str
    types: list[str]
    state: webhooks.WebhookState
    disabled_because: str | None
    created_at: datetime

    @classmethod
    def of(cls, webhook: webhooks.Webhook) -> Self:
        return cls.model_validate(webhook, from_attributes=True)


class WebhookWithSecretOut(WebhookOut):
    secret: str = Field(description="Keep it: it is shown this once. Receivers verify signatures with it.")


class AttemptOut(Out):
    at: datetime
    milliseconds: int
    status: int | None = Field(description="What the receiver answered; null: it did not.")
    problem: str | None = Field(description="Why this was no delivery; null: it was.")


class DeliveryOut(Out):
    id: UUID
    version: int
    webhook_id: UUID
    event_id: UUID = Field(description="The header `webhook-id`, the same with every try.")
    event_type: str
    state: webhooks.DeliveryState
    attempts: Sequence[AttemptOut]
    next_attempt_at: datetime | None = Field(
        description="Of one that waits; null: it waits behind an earlier event about the same subject."
    )
    created_at: datetime

    @classmethod
    def of(cls, delivery: webhooks.Delivery) -> Self:
        return cls.model_validate(delivery, from_attributes=True)
