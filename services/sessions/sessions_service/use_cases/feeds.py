"""People subscribe to their sessions by a secret address."""

from dataclasses import dataclass
from uuid import UUID

from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import queries
from sessions_service.domain.feeds import CalendarFeed, digest_of, new_secret


@dataclass(frozen=True, slots=True)
class RenewFeed:
    participant_id: UUID


@dataclass(frozen=True, slots=True)
class OpenedFeed:
    """A feed with the secret of its address, which is shown once."""

    feed: CalendarFeed
    secret: str


async def renew(tx: Transaction, command: RenewFeed) -> OpenedFeed:
    """Give a participant's feed a new address; the one before no longer works.

    Raises: NotFound where the participant is not known here.
    """
    if not await queries.known_people(tx, [command.participant_id]):
        raise NotFound(f"There is no participant {command.participant_id} in your organisation.")
    secret, now = new_secret(), await tx.now()
    before = await queries.lock_feed(tx, command.participant_id)
    if before is None:
        feed = CalendarFeed(id=command.participant_id, version=1, digest=digest_of(secret), made_at=now)
        tx.add(feed)
    else:
        feed = before.renewed(secret, now)
        await tx.save(feed)
    return OpenedFeed(feed, secret)


@dataclass(frozen=True, slots=True)
class RevokeFeed:
    participant_id: UUID


async def revoke(tx: Transaction, command: RevokeFeed) -> CalendarFeed:
    """Nobody can read a participant's sessions by an address any more.

    Raises: NotFound.
    """
    revoked = (await tx.lock(CalendarFeed, command.participant_id)).revoked()
    await tx.save(revoked)
    return revoked
