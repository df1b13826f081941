"""Fourth step: what fails is tried again, a few times, after longer and longer pauses.

An error of the database is not the fault of the event, so it is no try: it is passed on, for the consumer to wait it out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from peerloom_service.storage.database import TRANSIENT


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often an event is tried in all, how many seconds pass before the second try, and by how much each pause is longer
    than the one before.
    """

    tries: int = 4
    first_pause: float = 0.1
    factor: float = 3.0

    def __post_init__(self) -> None:
        if self.tries < 1 or self.first_pause < 0 or self.factor < 1:
            raise ValueError(f"{self}: at least one try, no negative pause, and no pause shorter than the one before")

    def pause_after(self, attempt: int) -> float:
        """Seconds between this try, counted from 1, and the next."""
        return self.first_pause * self.factor ** (attempt - 1)


class GivenUp(Exception):
    """Every try failed, or one failed in a way that no other can mend."""

    def __init__(self, error: Exception, attempts: int) -> None:
        super().__init__(f"{type(error).__name__} after {attempts} attempt(s)")
        self.error = error
        self.attempts = attempts


async def retried(
    policy: RetryPolicy, attempt: Callable[[], Awaitable[None]], *, hopeless: tuple[type[Exception], ...] = ()
) -> None:
    """Call `attempt` until it succeeds. An error that is `hopeless` is not tried again.

    Raises: GivenUp with the last error; errors of the database as they come.
    """
    for number in range(1, policy.tries + 1):
        try:
            await attempt()
            return
        except TRANSIENT:
            raise
        except Exception as error:  # whatever a handler raises is that event's own fault
            if number == policy.tries or isinstance(error, hopeless):
                raise GivenUp(error, number) from error
            await asyncio.sleep(policy.pause_after(number))
