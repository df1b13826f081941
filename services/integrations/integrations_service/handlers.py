"""Events in: each becomes an entry of the log, as it was sent."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from integrations_service.domain.events import Entry, entry_of
from integrations_service.use_cases.log import record
from peerloom_service.consuming.decoding import Received
from peerloom_service.use_cases.transaction import Transaction


class Versioned(Struct, frozen=True):
    """All that is asked of an event before it is logged: it is JSON, and a fact of ours."""

    version: Annotated[int, Meta(ge=1)]


async def log(tx: Transaction, events: Sequence[Received]) -> None:
    """Things happened, in whatever organisations."""
    await record(tx, [_entry(one) for one in events])


def _entry(received: Received) -> Entry:
    assert received.delivery.value is not None
    headers = received.delivery.headers
    attributes = {name.removeprefix("ce_"): value.decode() for name, value in headers if name.startswith("ce_") and value}
    return entry_of(received.tenant_id, received.event_id, attributes, received.delivery.value)
