"""Stopping a Kafka client, whatever its `stop` does."""

import asyncio
from collections.abc import Coroutine


async def stopped(stopping: Coroutine[object, object, None], *, within: float) -> bool:
    """Whether the client stopped without an error and in so many seconds.

    aiokafka cancels parts of itself and waits for them, and after an outage what comes out of that can be their CancelledError,
    which nobody had asked for. In a task of its own it does not cancel who waits.
    """
    task = asyncio.ensure_future(stopping)
    try:
        await asyncio.wait([task], timeout=within)
    finally:
        task.cancel()
    return task.done() and not task.cancelled() and task.exception() is None
