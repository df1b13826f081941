"""Events in: each becomes an entry of the log, as it was sent."""

from collections.abc import Sequence

from integrations_service.domain.events import Entry, entry_of
from integrations_service.use_cases.log import record
from peerloom_service.consuming.decoding import Received
from peerloom_service.use_cases.transaction import Transaction


async def log(tx: Transaction, events: Sequence[Received]) -> None:
    """Things happened, in whatever organisations."""
    await record(tx, [_entry(one) for one in events])


def _entry(received: Received) -> Entry:
    assert received.delivery.value is not None
    headers = received.delivery.headers
    attributes = {name.removeprefix("ce_"): value.decode() for name, value in headers if name.startswith("ce_") and value}
    return entry_of(received.tenant_id, received.event_id, attributes, received.delivery.value)
