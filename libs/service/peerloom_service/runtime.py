"""What a running process of a service holds: opened at the start, closed at the end, handed to whoever needs it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from peerloom_service.auth import TokenVerifier
from peerloom_service.database import Database
from peerloom_service.settings import ServiceSettings
from peerloom_service.tables import Storage


@dataclass(frozen=True, slots=True)
class Runtime:
    """`wake_relay` is set whenever events were committed to the outbox by this process."""

    settings: ServiceSettings
    database: Database
    storages: dict[type, Storage[Any]]
    verifier: TokenVerifier
    wake_relay: asyncio.Event = field(default_factory=asyncio.Event)
