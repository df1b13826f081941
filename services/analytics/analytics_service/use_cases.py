"""What analytics does: it keeps the facts that events carry, and counts the events."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics_service import sql
from analytics_service.domain import Fact
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class KeepFacts:
    """Facts of one kind, each from an event of that type."""

    event_type: str
    facts: Sequence[Fact]


async def keep_facts(tx: Transaction, command: KeepFacts) -> None:
    """Keep each fact unless a newer one of the same thing is known, and count the events."""
    statement = sql.KEEP[type(command.facts[0])]
    await tx.execute(statement, tx.tenant_id, command.event_type, len(command.facts), command.facts)


@dataclass(frozen=True, slots=True)
class CountEvents:
    event_type: str
    events: int


async def count_events(tx: Transaction, command: CountEvents) -> None:
    """Count events that no figure is made of."""
    await tx.execute(sql.COUNT, tx.tenant_id, command.event_type, command.events)
