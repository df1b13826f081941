"""Ending a Kafka client, whatever its end does."""

import asyncio
from collections.abc import Coroutine


async def ended(ending: Coroutine[object, object, None], *, within: float) -> bool:
    """Whether it came to its end in order and in so many seconds.

    aiokafka cancels parts of itself and waits for them, and after an outage what comes out of that can be their CancelledError,
    which nobody had asked for. In a task of its own it does not end who waits.
    """
    task = asyncio.ensure_future(ending)
    try:
        await asyncio.wait([task], timeout=within)
    finally:
        task.cancel()
    return task.done() and not task.cancelled() and task.exception() is None
