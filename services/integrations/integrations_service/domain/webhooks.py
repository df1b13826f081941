"""Webhooks: where events are pushed to, how they are signed, and what becomes of each delivery.

Deliveries follow Standard Webhooks (standardwebhooks.com): its headers, its signatures, its schedule of retries.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from peerloom_service.problems import Conflict, Invalid

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how they begin
OVERLAP: Final = timedelta(hours=24)
"""How long a secret still signs beside the one that has replaced it."""

RETRY_AFTER: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Pauses between the tries of a delivery; after the last of them it has failed."""

BREAKS_AFTER: Final = 5
"""So many failures in a row, of whatever events, and an endpoint is left alone for a while."""

_SHORTEST_BREAK: Final = 5.0
_LONGEST_BREAK: Final = 300.0
TEST_TYPE: Final = "io.peerloom.integrations.webhook.tested.v1"


class WebhookDisabled(Conflict):
    title = "This webhook is disabled"


class DeliveryWaiting(Conflict):
    title = "This delivery is still being tried"


class UrlNotAllowed(Invalid):
    title = "Events cannot be sent to this address"


class WebhookState(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Secret:
    """A key that signs deliveries until `expires_at`; None: until it is replaced."""

    value: str
    expires_at: datetime | None = None

    @classmethod
    def new(cls) -> "Secret":
        """One that nobody can guess."""
        return cls(SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode())


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that an organisation's events are sent to. `types`: only these; none: all."""

    id: UUID
    version: int
    url: str
    description: str
    types: list[str]
    state: WebhookState
    disabled_because: str | None
    secrets: list[Secret]
    created_at: datetime

    @property
    def secret(self) -> str:
        """The newest, which signs first."""
        return self.secrets[0].value

    def changed(
        self, *, url: str | None, description: str | None, types: Sequence[str] | None, state: WebhookState | None
    ) -> "Webhook":
        """With what is given; the rest stays."""
        state = state or self.state
        return replace(
            self,
            version=self.version + 1,
            url=url or self.url,
            description=self.description if description is None else description,
            types=self.types if types is None else list(types),
            state=state,
            disabled_because=None if state is WebhookState.ENABLED else self.disabled_because,
        )

    def with_new_secret(self, now: datetime) -> "Webhook":
        """Signed with a new secret, and for a day with the one before as well."""
        before = replace(self.secrets[0], expires_at=now + OVERLAP)
        return replace(self, version=self.version + 1, secrets=[Secret.new(), before])

    def disabled(self, because: str) -> "Webhook":
        """Nothing is sent to it any more until somebody enables it."""
        return replace(self, version=self.version + 1, state=WebhookState.DISABLED, disabled_because=because)

    def signatures(self, message: str, timestamp: int, body: bytes, now: datetime) -> str:
        """The header `webhook-signature`: one signature by each secret that is good, the newest first."""
        good = [one for one in self.secrets if one.expires_at is None or one.expires_at > now]
        return " ".join(_signature(one.value, message, timestamp, body) for one in good)


def _signature(secret: str, message: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def refuse_address(url: str, *, http_allowed: bool) -> None:
    """Whether a webhook may be registered with this address. Where its name leads is looked at with each delivery.

    Raises: UrlNotAllowed.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise UrlNotAllowed("This is not an address. Write https://, a host and a path.") from None
    if parts.scheme != "https" and not (http_allowed and parts.scheme == "http"):
        raise UrlNotAllowed("The address of a webhook begins with https://.")
    if not host or parts.username is not None or parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
        raise UrlNotAllowed("The address of a webhook has a host, in ASCII, and no user name, blank or fragment.")
    try:
        address = ip_address(host)
    except ValueError:
        return
    if not address.is_global and not http_allowed:
        raise UrlNotAllowed("The address of a webhook leads to a public network. Name a host that anybody can reach.")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `status`: the receiver's HTTP status, None where there was no answer. `problem`: why it did not do, if so."""

    at: datetime
    milliseconds: int
    status: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a webhook, or there. `next_attempt_at` is None where it waits for another one of its subject.

    `document` is kept where it is not in the log: of tests.
    """

    id: UUID
    version: int
    webhook_id: UUID
    event_id: UUID
    event_type: str
    subject: str
    seq: int
    day: date | None
    document: str | None
    state: DeliveryState
    attempts: list[Attempt]
    next_attempt_at: datetime | None
    created_at: datetime

    def after(self, attempt: Attempt, *, pause: timedelta | None, jitter: float) -> "Delivery":
        """What becomes of it by a try. `pause`: the receiver asked for at least that long a pause. `jitter`: 0 to 1."""
        attempts = [*self.attempts, attempt]
        if attempt.problem is None:
            return replace(self, state=DeliveryState.DELIVERED, attempts=attempts, next_attempt_at=None)
        tries = len(attempts)
        if tries > len(RETRY_AFTER):
            return replace(self, state=DeliveryState.FAILED, attempts=attempts, next_attempt_at=None)
        planned = RETRY_AFTER[tries - 1] * (1 + jitter / 10)
        return replace(self, attempts=attempts, next_attempt_at=attempt.at + max(planned, pause or planned))

    def again(self, now: datetime) -> "Delivery":
        """To be delivered once more, as if it were new. Raises: DeliveryWaiting."""
        if self.state is DeliveryState.WAITING:
            raise DeliveryWaiting("This delivery is tried again by itself. Wait for it to end, or see when its next try is.")
        return replace(self, version=self.version + 1, state=DeliveryState.WAITING, attempts=[], next_attempt_at=now)


def break_seconds(failures: int) -> float | None:
    """How long an endpoint is left alone after so many failures in a row; None: not at all."""
    if failures < BREAKS_AFTER:
        return None
    return min(_SHORTEST_BREAK * 2.0 ** min(failures - BREAKS_AFTER, 10), _LONGEST_BREAK)
