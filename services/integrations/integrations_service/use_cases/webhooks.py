"""Webhooks are registered, changed, given new secrets, tried out and removed; what was delivered is delivered again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from integrations_service import queries, sql
from integrations_service.domain.events import document_of
from integrations_service.domain.webhooks import (
    TEST_TYPE,
    Delivery,
    DeliveryState,
    Secret,
    Webhook,
    WebhookDisabled,
    WebhookState,
    refuse_address,
)
from peerloom_events import rfc3339
from peerloom_service.context import ExpectedVersion
from peerloom_service.identifiers import new_id
from peerloom_service.problems import PreconditionFailed
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RegisterWebhook:
    """`after`: the place in the log behind which deliveries begin. `http_allowed`: on a developer's machine."""

    url: str
    description: str
    types: Sequence[str]
    after: str
    http_allowed: bool


async def register_webhook(tx: Transaction, command: RegisterWebhook) -> Webhook:
    """Send events to an address from now on, or from a place in the log.

    Raises: UrlNotAllowed, CursorTooOld, BadRequest.
    """
    refuse_address(command.url, http_allowed=command.http_allowed)
    place = (await queries.head_in(tx)).place(command.after)
    webhook = Webhook(
        id=_id(),
        version=1,
        url=command.url,
        description=command.description,
        types=list(command.types),
        state=WebhookState.ENABLED,
        disabled_because=None,
        secrets=[Secret.new()],
        created_at=await tx.now(),
    )
    tx.add(webhook)
    await tx.execute(sql.BEGIN_WEBHOOK, tx.tenant_id, webhook.id, place.seq, place.day)
    return webhook


@dataclass(frozen=True, slots=True)
class ChangeWebhook:
    """What is not None is changed."""

    webhook_id: UUID
    expected: ExpectedVersion
    url: str | None
    description: str | None
    types: Sequence[str] | None
    state: WebhookState | None
    http_allowed: bool


async def change_webhook(tx: Transaction, command: ChangeWebhook) -> Webhook:
    """Change a webhook. One that is enabled again goes on where it was.

    Raises: NotFound, PreconditionFailed, UrlNotAllowed.
    """
    webhook = await tx.lock(Webhook, command.webhook_id)
    if not command.expected.allows(webhook.version):
        raise PreconditionFailed("This webhook has been changed since you read it. Read it again.")
    if command.url is not None:
        refuse_address(command.url, http_allowed=command.http_allowed)
    changed = webhook.changed(url=command.url, description=command.description, types=command.types, state=command.state)
    await tx.save(changed)
    await tx.execute(sql.CLOSE_CIRCUIT, tx.tenant_id, webhook.id)
    return changed


@dataclass(frozen=True, slots=True)
class OneWebhook:
    webhook_id: UUID


async def remove_webhook(tx: Transaction, command: OneWebhook) -> Webhook:
    """Send nothing to it any more, and forget it with its deliveries. Raises: NotFound."""
    webhook = await tx.lock(Webhook, command.webhook_id)
    await tx.execute(sql.END_WEBHOOK, tx.tenant_id, webhook.id)
    return webhook


async def rotate_secret(tx: Transaction, command: OneWebhook) -> Webhook:
    """Sign with a new secret, and for a day with the one before too. Raises: NotFound."""
    webhook = (await tx.lock(Webhook, command.webhook_id)).with_new_secret(await tx.now())
    await tx.save(webhook)
    return webhook


async def send_test(tx: Transaction, command: OneWebhook) -> Delivery:
    """Send an event that says nothing, at once, even where the endpoint is being left alone.

    Raises: NotFound, WebhookDisabled.
    """
    webhook = await _enabled(tx, command.webhook_id)
    event_id, now = _id(), await tx.now()
    delivery = Delivery(
        id=_id(),
        version=1,
        webhook_id=webhook.id,
        event_id=event_id,
        event_type=TEST_TYPE,
        subject=str(event_id),
        seq=0,
        day=None,
        document=_test_document(tx.tenant_id, webhook.id, event_id, now),
        state=DeliveryState.WAITING,
        attempts=[],
        next_attempt_at=now,
        created_at=now,
    )
    tx.add(delivery)
    await tx.execute(sql.CLOSE_CIRCUIT, tx.tenant_id, webhook.id)
    return delivery


@dataclass(frozen=True, slots=True)
class OneDelivery:
    delivery_id: UUID


async def deliver_again(tx: Transaction, command: OneDelivery) -> Delivery:
    """Deliver once more what was delivered or has failed.

    Raises: NotFound, DeliveryWaiting, WebhookDisabled.
    """
    delivery = (await tx.lock(Delivery, command.delivery_id)).again(await tx.now())
    await _enabled(tx, delivery.webhook_id)
    await tx.save(delivery)
    await tx.execute(sql.CLOSE_CIRCUIT, tx.tenant_id, delivery.webhook_id)
    return delivery


async def _enabled(tx: Transaction, webhook_id: UUID) -> Webhook:
    webhook = await tx.get(Webhook, webhook_id)
    if webhook.state is WebhookState.DISABLED:
        raise WebhookDisabled("Enable this webhook first: PATCH it with the state `enabled`.")
    return webhook


def _test_document(tenant_id: UUID, webhook_id: UUID, event_id: UUID, now: datetime) -> str:
    attributes = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/integrations",
        "type": TEST_TYPE,
        "time": rfc3339(now),
        "subject": str(webhook_id),
        "tenantid": str(tenant_id),
    }
    return document_of(attributes, b'{"webhook_id":"%s"}' % str(webhook_id).encode()).decode()


def _id() -> UUID:
    return UUID(int=new_id().int)
