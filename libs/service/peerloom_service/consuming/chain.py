"""The way of every event: decode → dedupe → handle → retry → park. Each step is a module of its own beside this one.

Events that came together are handled in one transaction. When that fails they are taken apart: each gets a transaction and a
few tries of its own, and the one that cannot be handled is parked with its key while all others flow on. Errors of the
database itself are waited out: they are not the fault of the event.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from peerloom_service.consuming.decoding import Decoder, Received, Subscriptions, Undecodable
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.consuming.handling import Handling
from peerloom_service.consuming.parking import Parking
from peerloom_service.consuming.retry import GivenUp, RetryPolicy, retried
from peerloom_service.storage.database import TRANSIENT, Database
from peerloom_service.storage.tables import Storage

_OUTAGE_PAUSE_SECONDS: Final = 1.0


class Chain:
    """Gives every event its effect exactly once, or parks it with its key.

    `group` names the consumer in the inbox and in the parking table. Nothing here knows how the records were read.
    """

    def __init__(
        self,
        *,
        group: str,
        subscribes: Subscriptions,
        database: Database,
        storages: dict[type, Storage[Any]],
        wake_relay: asyncio.Event,
        retry: RetryPolicy,
    ) -> None:
        self.group = group
        self.decoder = Decoder(subscribes)
        self.parking = Parking(group, database, wake_relay)
        self._handling = Handling(group, subscribes, storages, wake_relay)
        self._database = database
        self._retry = retry
        self.worked: Callable[[], None] = _nobody_asks
        """Called whenever an event was handled or parked."""
        self.trouble = ""
        """What keeps it from handling its events; empty while nothing does."""

    async def handle(self, deliveries: Sequence[Delivery], received: Sequence[Received] | None = None) -> None:
        """Give every event its effect exactly once, whatever has been delivered before; waits out a database outage.

        `received`: what is in them, where that has been decoded already.
        """
        while True:
            try:
                try:
                    await self._together(deliveries, received)
                except TRANSIENT:
                    raise
                except Exception:  # noqa: BLE001 - one of them is bad: find out which
                    for delivery in deliveries:
                        await self._alone(delivery)
                self.trouble = ""
                return
            except TRANSIENT as error:
                self.trouble = f"waits for its database: {type(error).__name__}"
                _log.warning("consumer waits for its database", error=type(error).__name__)
                await asyncio.sleep(_OUTAGE_PAUSE_SECONDS)

    async def handle_parked(self, delivery: Delivery) -> None:
        """Handle a parked record and take it out of the parking table, in one transaction.

        Raises: Undecodable, or what its handler raises.
        """
        received = self.decoder.one(delivery)
        async with self._database.connection(None) as connection:
            await self._handling(connection, [] if received is None else [received], released=delivery)

    async def _together(self, deliveries: Sequence[Delivery], received: Sequence[Received] | None) -> None:
        if received is None:
            received = self.decoder.all(deliveries)
        async with self._database.connection(None) as connection:
            if await self.parking.holds_any(connection, deliveries):
                raise _SomeAreParked
            if received:
                await self._handling(connection, received, worked=self.worked)

    async def _alone(self, delivery: Delivery) -> None:
        self.worked()
        if await self.parking.parked_behind(delivery):
            return
        try:
            await retried(self._retry, lambda: self._attempt(delivery), hopeless=(Undecodable,))
        except GivenUp as given_up:
            await self.parking.park(delivery, given_up.error, given_up.attempts)

    async def _attempt(self, delivery: Delivery) -> None:
        received = self.decoder.one(delivery)
        if received is not None:
            async with self._database.connection(None) as connection:
                await self._handling(connection, [received])


def _nobody_asks() -> None:
    """Nothing."""


class _SomeAreParked(Exception):
    """The batch holds events whose key is parked: take it apart."""


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
