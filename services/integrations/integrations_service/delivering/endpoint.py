"""Deliveries to one endpoint: in the order of the log, and never one of a subject before another of it that waits.

First what is due again, then what is new. An endpoint that fails several times in a row, or asks to be left alone, is left
alone for a while: nothing behind that place uses up its tries meanwhile.
"""

import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from integrations_service import queries, sql
from integrations_service.delivering.sender import WebhookSender
from integrations_service.domain.events import Cursor, Logged, Wanted
from integrations_service.domain.webhooks import Delivery, DeliveryState, Webhook, WebhookState, break_seconds
from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.problems import NotFound, PreconditionFailed
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.use_cases.transaction import Transaction

_PAGE: Final = 50
_TURN_SECONDS: Final = 10.0
_WRITE_SECONDS: Final = 5.0


class LeaseLost(Exception):
    """Another worker is at this endpoint now, or it is gone."""


@dataclass
class _Page:
    """What was sent and is not written down yet."""

    place: Cursor
    deliveries: list[Delivery] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)


@dataclass
class Endpoint:
    """An endpoint that this worker holds the lease of."""

    runtime: Runtime
    lease: UUID
    tenant_id: UUID
    webhook_id: UUID
    place: Cursor
    failures: int
    _left_alone: float | None = None
    _gone: bool = False

    async def serve(self, sender: WebhookSender) -> None:
        """Deliver until nothing is due, the endpoint is to be left alone, or it is others' turn."""
        ends = time.monotonic() + _TURN_SECONDS
        with suppress(LeaseLost):
            webhook = await self._webhook()
            while webhook is not None and not self._stopped and time.monotonic() < ends:
                more = await self._due(webhook, sender)
                if not self._stopped:
                    more |= await self._new(webhook, sender)
                if not more:
                    break
                webhook = await self._webhook()
            if self._gone:
                await self._disable("The endpoint answered 410 Gone.")
            await self.runtime.database.execute(self.tenant_id, sql.RELEASE, self.tenant_id, self.webhook_id, self.lease)

    @property
    def _stopped(self) -> bool:
        return self._gone or self._left_alone is not None

    async def _webhook(self) -> Webhook | None:
        storage = self.runtime.storages[Webhook]
        row = await self.runtime.database.fetchrow(self.tenant_id, storage.select, self.tenant_id, self.webhook_id)
        webhook: Webhook | None = None if row is None else storage.load(row)
        return webhook if webhook is not None and webhook.state is WebhookState.ENABLED else None

    async def _due(self, webhook: Webhook, sender: WebhookSender) -> bool:
        """Try again what is due; whether there was anything."""
        storage = self.runtime.storages[Delivery]
        rows = await self.runtime.database.fetch(self.tenant_id, queries.DUE_DELIVERIES, self.tenant_id, self.webhook_id, _PAGE)
        for delivery in map(storage.load, rows):
            page = _Page(self.place)
            await self._try(webhook, sender, delivery, page)
            await self._write(page)
            if self._stopped:
                break
        return bool(rows)

    async def _new(self, webhook: Webhook, sender: WebhookSender) -> bool:
        """Deliver what the log has behind the endpoint's place; whether there was anything."""
        database = self.runtime.database
        head = await queries.head(database, self.tenant_id)
        self.place = max(self.place, replace(self.place, seq=head.floor))  # it was disabled for longer than events are kept
        wanted = Wanted(types=frozenset(webhook.types) or None)
        found, upto = await queries.events(database, self.tenant_id, self.place, wanted, _PAGE, head.last)
        busy = await queries.busy_subjects(database, self.tenant_id, self.webhook_id, [one.subject for one in found])
        page = _Page(self.place)
        for event in found:
            delivery = _delivery(self.webhook_id, event)
            if event.subject in busy:
                page.deliveries.append(replace(delivery, next_attempt_at=None))
            else:
                tried = await self._try(webhook, sender, delivery, page, event.document)
                if tried.state is DeliveryState.WAITING:
                    busy.add(event.subject)
            page.place = event.cursor
            if self._stopped:
                break
            if busy or time.monotonic() - page.began > _WRITE_SECONDS:
                await self._write(page)
                page = _Page(page.place)
        if not self._stopped:
            page.place = upto
        if page.place != self.place or page.deliveries:
            await self._write(page)
        return upto < head.last or bool(found)

    async def _try(
        self, webhook: Webhook, sender: WebhookSender, delivery: Delivery, page: _Page, body: bytes | None = None
    ) -> Delivery:
        if body is None:
            body = await queries.document(self.runtime.database, self.tenant_id, delivery)
        if body is None:
            tried = replace(delivery, state=DeliveryState.FAILED, next_attempt_at=None)
        else:
            outcome = await sender.send(webhook, str(delivery.event_id), body)
            tried = delivery.after(outcome.attempt, pause=outcome.pause, jitter=random.random())  # noqa: S311 - no secret
            self.failures = self.failures + 1 if outcome.attempt.problem else 0
            self._gone = outcome.gone
            seconds = outcome.pause.total_seconds() if outcome.pause else 0
            self._left_alone = max(break_seconds(self.failures) or 0, seconds) or None
        page.deliveries.append(tried)
        if tried.state is not DeliveryState.WAITING:
            page.ended.add(tried.subject)
        return tried

    async def _write(self, page: _Page) -> None:
        """Keep what was sent and how far that is, in one transaction. Raises: LeaseLost; then nothing is kept."""

        async def write(tx: Transaction, page: _Page) -> None:
            kept = await tx.execute(
                sql.PROGRESS,
                self.tenant_id,
                self.webhook_id,
                self.lease,
                page.place.seq,
                page.place.day,
                self.failures,
                self._left_alone,
            )
            if kept != "UPDATE 1":
                raise LeaseLost
            if page.deliveries:
                await tx.execute(sql.KEEP_DELIVERIES, self.tenant_id, self.webhook_id, page.deliveries)
            if page.ended:
                await tx.execute(sql.NEXT_OF_SUBJECT, self.tenant_id, self.webhook_id, sorted(page.ended))

        await self._perform(write, page)
        self.place = page.place

    async def _disable(self, because: str) -> None:
        async def disable(tx: Transaction, because: str) -> None:
            webhook = await tx.lock(Webhook, self.webhook_id)
            await tx.save(webhook.disabled(because))

        with suppress(NotFound, PreconditionFailed):
            await self._perform(disable, because)

    async def _perform(self, use_case: Callable[[Transaction, Any], Awaitable[None]], command: object) -> None:
        await self.runtime.perform(use_case, command, tenant_id=self.tenant_id, cause=Cause(new_id().hex))


def _delivery(webhook_id: UUID, event: Logged) -> Delivery:
    now = datetime.now(UTC)
    return Delivery(
        id=UUID(int=new_id().int),
        version=1,
        webhook_id=webhook_id,
        event_id=event.event_id,
        event_type=event.type,
        subject=event.subject,
        seq=event.seq,
        day=event.day,
        document=None,
        state=DeliveryState.WAITING,
        attempts=[],
        next_attempt_at=now,
        created_at=now,
    )
