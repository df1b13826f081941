"""Waiting for what other parts of the system will do."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

Value = TypeVar("Value")


async def eventually(
    condition: Callable[[], Value | Awaitable[Value]], *, within: float = 10.0, every: float = 0.02, what: str = ""
) -> Value:
    """The first true value of `condition` (called again and again, awaited where it is a coroutine).

    Patience is counted in looks, one `every` so many seconds: on a machine that is too busy to look that often everything else
    is slower too, and time is longer. An AssertionError of the condition counts as "not yet" and is what the test fails with.
    Raises: AssertionError after `within` seconds, naming `what` was waited for and the last value.
    """
    deadline, looks = asyncio.get_running_loop().time() + within, within / every
    while True:
        looks -= 1
        failure: AssertionError | None = None
        value: Value | None = None
        try:
            found = condition()
            value = await found if inspect.isawaitable(found) else found
            if value:
                return value
        except AssertionError as error:
            failure = error
        if looks <= 0 and asyncio.get_running_loop().time() >= deadline:
            raise failure or AssertionError(f"{what or 'it'} did not come true within {within:g} s; last seen: {value!r}")
        await asyncio.sleep(every)
