"""Delivers what is due, of every organisation: an endpoint at a time to itself, many endpoints at once.

An endpoint is one worker's while it holds the lease. What it has sent is written down page by page; a worker that is killed
sends the last page again, under the same `webhook-id`s.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from integrations_service import sql
from integrations_service.delivering.endpoint import Endpoint
from integrations_service.delivering.sender import WebhookSender
from integrations_service.domain.events import Cursor
from integrations_service.settings import Settings
from peerloom_service.identifiers import new_id
from peerloom_service.storage.database import TRANSIENT
from peerloom_service.use_cases.runtime import Runtime

_AT_ONCE: Final = 200
_POLL_SECONDS: Final = 0.03
_OUTAGE_SECONDS: Final = 1.0


async def deliver(runtime: Runtime) -> bool:
    """Until cancelled: claim endpoints that something is due to, and deliver to each in a task of its own."""
    settings = runtime.settings
    assert isinstance(settings, Settings)
    lease = UUID(int=new_id().int)
    busy: set[asyncio.Task[None]] = set()
    async with WebhookSender.opened(settings) as sender:
        try:
            while True:
                try:
                    claimed = await _claim(runtime, lease, _AT_ONCE - len(busy))
                except TRANSIENT as error:
                    _log.warning("webhooks wait for their database", error=type(error).__name__)
                    await asyncio.sleep(_OUTAGE_SECONDS)
                    continue
                for endpoint in claimed:
                    task = asyncio.create_task(_served(endpoint, sender))
                    busy.add(task)
                    task.add_done_callback(busy.discard)
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)


async def _claim(runtime: Runtime, lease: UUID, most: int) -> Sequence[Endpoint]:
    if most <= 0:
        return []
    rows = await runtime.database.fetch(None, sql.CLAIM, lease, most)
    return [
        Endpoint(runtime, lease, row["tenant_id"], row["webhook_id"], Cursor(row["seq"], row["day"]), row["failures"])
        for row in rows
    ]


async def _served(endpoint: Endpoint, sender: WebhookSender) -> None:
    try:
        await endpoint.serve(sender)
    except TRANSIENT as error:
        _log.warning("deliveries put off", webhook_id=str(endpoint.webhook_id), error=type(error).__name__)
    except Exception:  # noqa: BLE001 - a defect: the lease ends by itself, and other endpoints go on
        _log.exception("deliveries failed", webhook_id=str(endpoint.webhook_id))


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
