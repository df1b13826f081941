"""Webhooks over HTTP, and the log of what was delivered to them."""

from uuid import UUID

from integrations_service.domain import events, webhooks
from integrations_service.domain.webhooks import Delivery, Webhook
from integrations_service.rules import WebhookReader, WebhookWriter
from integrations_service.schemas import DeliveryOut, NewWebhook, WebhookChange, WebhookOut, WebhookWithSecretOut
from integrations_service.use_cases import webhooks as use_cases
from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.http.work import Work
from peerloom_service.problems import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)

router = Router(prefix="/v1")
KEYED = (IdempotencyKeyMissing, IdempotencyKeyReused)


@router.post(
    "/webhooks",
    status_code=201,
    response_model=WebhookWithSecretOut,
    responses=problems(*KEYED, webhooks.UrlNotAllowed, events.CursorTooOld),
    tags=["webhooks"],
)
async def register_webhook(body: NewWebhook, work: WebhookWriter) -> Response:
    """Have events sent to an address. The secret in the answer verifies their signatures (Standard Webhooks)."""
    command = use_cases.RegisterWebhook(body.url, body.description, body.types, body.after, _http_allowed(work))
    return await work(
        use_cases.register_webhook,
        command,
        returns=WebhookWithSecretOut.of,
        status=201,
        location=lambda webhook: f"/v1/webhooks/{webhook.id}",
    )


@router.get("/webhooks", response_model=Page[WebhookOut], tags=["webhooks"])
async def list_webhooks(
    work: WebhookReader, limit: Limit = 100, cursor: Cursor = None, state: webhooks.WebhookState | None = None
) -> Page[WebhookOut]:
    """Where the organisation's events are sent."""
    return await work.page(Webhook, returns=WebhookOut.of, limit=limit, cursor=cursor, state=state)


@router.get("/webhooks/{webhook_id}", response_model=WebhookOut, responses=problems(NotFound), tags=["webhooks"])
async def read_webhook(webhook_id: UUID, work: WebhookReader) -> Response:
    """One webhook, with an ETag."""
    return await work.one(Webhook, webhook_id, returns=WebhookOut.of)


@router.patch(
    "/webhooks/{webhook_id}",
    response_model=WebhookOut,
    responses=problems(NotFound, PreconditionFailed, PreconditionRequired, webhooks.UrlNotAllowed),
    tags=["webhooks"],
)
async def change_webhook(webhook_id: UUID, body: WebhookChange, work: WebhookWriter) -> Response:
    """Change a webhook, disable it, or enable it again: deliveries then go on where they were."""
    command = use_cases.ChangeWebhook(
        webhook_id, work.if_match(), body.url, body.description, body.types, body.state, _http_allowed(work)
    )
    return await work(use_cases.change_webhook, command, returns=WebhookOut.of)


@router.delete("/webhooks/{webhook_id}", response_model=WebhookOut, responses=problems(NotFound), tags=["webhooks"])
async def remove_webhook(webhook_id: UUID, work: WebhookWriter) -> Response:
    """Send nothing there any more, and forget the webhook with the log of its deliveries."""
    return await work(use_cases.remove_webhook, use_cases.OneWebhook(webhook_id), returns=WebhookOut.of)


@router.post(
    "/webhooks/{webhook_id}/secrets",
    status_code=201,
    response_model=WebhookWithSecretOut,
    responses=problems(*KEYED, NotFound),
    tags=["webhooks"],
)
async def rotate_webhook_secret(webhook_id: UUID, work: WebhookWriter) -> Response:
    """A new secret. For 24 hours deliveries are signed with it and with the one before: receivers change in between."""
    return await work(
        use_cases.rotate_secret,
        use_cases.OneWebhook(webhook_id),
        returns=WebhookWithSecretOut.of,
        status=201,
        location=lambda webhook: f"/v1/webhooks/{webhook.id}",
    )


@router.post(
    "/webhooks/{webhook_id}/test",
    status_code=202,
    response_model=DeliveryOut,
    responses=problems(*KEYED, NotFound, webhooks.WebhookDisabled),
    tags=["webhooks"],
)
async def send_test_event(webhook_id: UUID, work: WebhookWriter) -> Response:
    """Send an event that says nothing, to see whether it arrives; the delivery at `Location` tells."""
    return await work(
        use_cases.send_test, use_cases.OneWebhook(webhook_id), returns=DeliveryOut.of, status=202, location=_delivery
    )


@router.get("/webhook-deliveries", response_model=Page[DeliveryOut], tags=["webhooks"])
async def list_deliveries(
    work: WebhookReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    webhook_id: UUID | None = None,
    event_id: UUID | None = None,
    state: webhooks.DeliveryState | None = None,
) -> Page[DeliveryOut]:
    """What was sent, with every try; with `state=failed`, what was given up."""
    return await work.page(
        Delivery,
        returns=DeliveryOut.of,
        limit=limit,
        cursor=cursor,
        webhook_id=webhook_id,
        event_id=event_id,
        state=state,
    )


@router.get("/webhook-deliveries/{delivery_id}", response_model=DeliveryOut, responses=problems(NotFound), tags=["webhooks"])
async def read_delivery(delivery_id: UUID, work: WebhookReader) -> Response:
    """One delivery with every try, with an ETag."""
    return await work.one(Delivery, delivery_id, returns=DeliveryOut.of)


@router.post(
    "/webhook-deliveries/{delivery_id}/replay",
    status_code=202,
    response_model=DeliveryOut,
    responses=problems(*KEYED, NotFound, webhooks.DeliveryWaiting, webhooks.WebhookDisabled),
    tags=["webhooks"],
)
async def replay_delivery(delivery_id: UUID, work: WebhookWriter) -> Response:
    """Deliver once more what has failed, or what the receiver has lost."""
    return await work(
        use_cases.deliver_again, use_cases.OneDelivery(delivery_id), returns=DeliveryOut.of, status=202, location=_delivery
    )


def _delivery(delivery: Delivery) -> str:
    return f"/v1/webhook-deliveries/{delivery.id}"


def _http_allowed(work: Work) -> bool:
    return work.settings.environment == "local"
