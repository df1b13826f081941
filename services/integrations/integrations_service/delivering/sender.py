"""One try to deliver one event: a signed POST, and what the receiver made of it."""

import email.utils
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import httpcore

from integrations_service.delivering.guard import AddressRefused, GuardedNetwork
from integrations_service.domain.webhooks import Attempt, Webhook
from integrations_service.settings import Settings

_CONNECTIONS: Final = 400
_READ_BYTES: Final = 65_536
_LONGEST_PAUSE: Final = timedelta(hours=24)
_PAUSES: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`pause`: the receiver asks to be left alone for so long. `gone`: it wants nothing any more."""

    attempt: Attempt
    pause: timedelta | None = None
    gone: bool = False


class WebhookSender:
    """Sends over connections that are kept open between deliveries, and never follows a redirect."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, seconds: float) -> None:
        self._pool = pool
        self._timeout = {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds}

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings) -> AsyncIterator["WebhookSender"]:
        """Ready to send; its connections are closed at the end."""
        pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=_CONNECTIONS,
            keepalive_expiry=4,  # before most servers give an idle connection up
            network_backend=GuardedNetwork(settings.webhook_networks),
        )
        async with pool:
            yield cls(pool, settings.webhook_timeout_seconds)

    async def send(self, webhook: Webhook, event_id: str, body: bytes) -> Outcome:
        """Try once. Whatever goes wrong is an outcome, in words for whoever reads the delivery log."""
        now, began = datetime.now(UTC), time.perf_counter()
        timestamp = int(now.timestamp())
        headers = {
            "content-type": "application/cloudevents+json",
            "user-agent": "Peerloom-Webhooks/1",
            "webhook-id": event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": webhook.signatures(event_id, timestamp, body, now),
        }
        status, pause, problem = None, None, None
        try:
            async with self._pool.stream(
                "POST",
                webhook.url,
                headers=list(headers.items()),
                content=body,
                extensions={"timeout": self._timeout},
            ) as response:
                status, pause = response.status, _pause(response, now)
                left = _READ_BYTES
                async for chunk in response.aiter_stream():
                    left -= len(chunk)
                    if left < 0:
                        break
        except AddressRefused as error:
            problem = str(error)
        except httpcore.TimeoutException:
            problem = "no answer in time" if status is None else None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, ssl.SSLError, OSError) as error:
            problem = f"no connection: {error or type(error).__name__}" if status is None else None
        if status is not None and not 200 <= status < 300:
            problem = "redirects are not followed" if 300 <= status < 400 else f"answered {status}"
        attempt = Attempt(now, round((time.perf_counter() - began) * 1000), status, problem)
        return Outcome(attempt, pause, gone=status == 410)


def _pause(response: httpcore.Response, now: datetime) -> timedelta | None:
    """How long Retry-After asks us to wait, at most a day."""
    if response.status not in _PAUSES:
        return None
    said = next((value.decode("latin-1") for name, value in response.headers if name.lower() == b"retry-after"), "")
    try:
        asked = timedelta(seconds=int(said)) if said.isdigit() else email.utils.parsedate_to_datetime(said) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(asked, timedelta()), _LONGEST_PAUSE)
