"""What blocks, without blocking the event loop that serves the services under test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

Value = TypeVar("Value")


@asynccontextmanager
async def in_a_thread(blocking: Callable[[], AbstractContextManager[Value]]) -> AsyncIterator[Value]:
    """A blocking context, entered and left while the event loop goes on."""
    context = blocking()
    value = await asyncio.to_thread(context.__enter__)
    try:
        yield value
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)
