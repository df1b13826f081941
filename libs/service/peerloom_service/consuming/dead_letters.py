"""For whoever is on call: see what is parked, handle it again once the cause is mended, or drop what never can be."""

from peerloom_service.consuming.chain import Chain
from peerloom_service.consuming.decoding import Undecodable
from peerloom_service.consuming.parking import first_parked, overview, unpark
from peerloom_service.storage.database import Database


async def show(database: Database, group: str) -> None:
    """Print each parked key, why and how much waits behind it."""
    rows = await overview(database, group)
    for row in rows:
        print(
            f"{row['topic']} {row['key']}: {row['events']} event(s) since {row['since']:%Y-%m-%d %H:%M:%S} UTC: {row['reason']}"
        )
    print(f"{len(rows)} key(s) parked" if rows else "nothing is parked")


async def release(database: Database, chain: Chain, group: str, topic: str, key: bytes) -> int:
    """Handle a key's parked events in order; stops at the first that still fails. Returns how many were handled.

    Raises: whatever the handler raises; what was handled before stays handled.
    """
    handled = 0
    while (delivery := await first_parked(database, group, topic, key)) is not None:
        try:
            await chain.handle_parked(delivery)
        except Undecodable as error:
            print(f"offset {delivery.offset} cannot be read ({error}); `discard` drops it")
            break
        handled += 1
    print(f"{handled} event(s) handled")
    return handled


async def discard(database: Database, group: str, topic: str, key: bytes) -> bool:
    """Drop the record a key is waiting for; those behind it stay, to be released."""
    delivery = await first_parked(database, group, topic, key)
    if delivery is None:
        print("nothing is parked under that topic and key")
        return False
    async with database.connection(None) as connection:
        await unpark(connection, group, delivery)
    print(f"offset {delivery.offset} dropped; it is still in the dead-letter topic")
    return True
