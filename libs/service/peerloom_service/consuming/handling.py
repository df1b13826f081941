"""Third step: events have their effect, in the transaction that remembers them in the inbox (the second step).

Handlers are called in the order of the events. What they publish is written to the outbox in the same transaction.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import groupby
from typing import Any
from uuid import UUID

from peerloom_service import telemetry
from peerloom_service.consuming.decoding import AcrossOrganisations, Handler, InBatches, Received, Subscriptions
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.consuming.inbox import first_deliveries
from peerloom_service.consuming.parking import unpark
from peerloom_service.context import Cause
from peerloom_service.storage.database import TRANSIENT, Connection
from peerloom_service.storage.tables import Storage
from peerloom_service.use_cases.transaction import Transaction


class Handling:
    """Calls a service's handlers. `wake_relay` is set where they have published something."""

    def __init__(
        self, group: str, subscriptions: Subscriptions, storages: dict[type, Storage[Any]], wake_relay: asyncio.Event
    ) -> None:
        self._group = group
        self._subscriptions = subscriptions
        self._storages = storages
        self._wake_relay = wake_relay

    async def __call__(
        self,
        connection: Connection,
        received: Sequence[Received],
        *,
        released: Delivery | None = None,
        worked: Callable[[], None] | None = None,
    ) -> None:
        """Give those events their effect that have not had it, and remember all, in one transaction. `connection` serves the
        platform. `released`: the parked record they come from, which is parked no longer. `worked` is called after a handler.

        Raises: what a handler raises; then nothing has changed.
        """
        await connection.execute("BEGIN")
        try:
            new = await first_deliveries(connection, self._group, received)
            something_published = False
            for (_, tenant_id), group in groupby(new, key=self._taken_together):
                run = list(group)
                handler = self._subscriptions[run[0].kind]
                for some in [run] if isinstance(handler, InBatches) else [[one] for one in run]:
                    await self._call(connection, handler, tenant_id, some)
                    if worked is not None:
                        worked()
                something_published |= not isinstance(handler, InBatches)
            if released is not None:
                await connection.serve(None)
                await unpark(connection, self._group, released)
            await connection.execute("COMMIT")
        except BaseException:
            connection.forget_tenant()
            if not connection.is_closed():
                with suppress(*TRANSIENT):
                    await connection.execute("ROLLBACK")
            raise
        if something_published:
            self._wake_relay.set()
        telemetry.consumed.add(len(new))
        if new and released is None:  # what was parked is not late by the group's fault
            first = min(new, key=lambda one: one.envelope.time)
            telemetry.record_event_age(first.envelope.time, topic=first.delivery.topic, group=self._group)
        if len(new) < len(received):
            telemetry.repeated.add(len(received) - len(new))

    def _taken_together(self, one: Received) -> tuple[object, UUID | None]:
        """Consecutive events of one type and organisation are handed over together; of any, where the handler takes them."""
        handler = self._subscriptions[one.kind]
        return (handler, None) if isinstance(handler, AcrossOrganisations) else (one.kind, one.tenant_id)

    async def _call(
        self, connection: Connection, handler: Handler | InBatches, tenant_id: UUID | None, run: Sequence[Received]
    ) -> None:
        await connection.serve(tenant_id)
        if isinstance(handler, AcrossOrganisations):
            with self._span(run):
                tx = self._transaction(connection, run[0], tenant_id)
                await handler.handler(tx, run)
                await tx.flush()
            return
        if isinstance(handler, InBatches):
            with self._span(run):
                tx = self._transaction(connection, run[0], tenant_id)
                await handler.handler(tx, [one.event for one in run])
                await tx.flush()
            return
        for one in run:
            with self._span([one]):
                tx = self._transaction(connection, one, tenant_id)
                await handler(tx, one.event)
                await tx.flush()

    def _span(self, run: Sequence[Received]) -> AbstractContextManager[object]:
        first = run[0]
        return telemetry.processing(
            (one.envelope.traceparent for one in run),
            topic=first.delivery.topic,
            group=self._group,
            event_type=first.envelope.type,
        )

    def _transaction(self, connection: Connection, received: Received, tenant_id: UUID | None) -> Transaction:
        cause = Cause(
            correlation_id=received.envelope.correlationid,
            causation_id=received.envelope.id,
            traceparent=telemetry.current_traceparent() or received.envelope.traceparent,
            actor_type=received.envelope.actortype,
            actor_id=received.envelope.actorid,
        )
        return Transaction(connection, self._storages, tenant_id=tenant_id, cause=cause, begun=True)
