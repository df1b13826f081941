"""For whoever is on call: see what waits in the outbox and what was set aside, and have that sent again once it can be."""

from peerloom_service.publishing.outbox import SEND_AGAIN, SET_ASIDE_KEYS, WAITING_TOPICS
from peerloom_service.storage.database import Database


async def show(database: Database) -> None:
    """Print what waits for each topic, and each key that was set aside, with the reason."""
    for row in await database.fetch(None, WAITING_TOPICS):
        print(f"{row['topic']}: {row['events']} event(s) wait since {row['since']:%Y-%m-%d %H:%M:%S} UTC")
    keys = await database.fetch(None, SET_ASIDE_KEYS)
    for row in keys:
        since = f"{row['since']:%Y-%m-%d %H:%M:%S} UTC"
        print(f"{row['topic']} {row['key']}: {row['events']} event(s) set aside since {since}: {row['reason']}")
    print(f"{len(keys)} key(s) set aside; `resend <topic> <key>` has one sent again" if keys else "nothing is set aside")


async def resend(database: Database, topic: str, key: str) -> bool:
    """Let the relay try the key's events again, in their order."""
    tag = await database.execute(None, SEND_AGAIN, topic, key)
    found = tag != "UPDATE 0"
    print("the relay sends them again, in their order" if found else "nothing is set aside under that topic and key")
    return found
