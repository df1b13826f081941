"""What matching believes about a program: the rules under which its people are matched. Pure: no I/O, no clock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from matching_service.engine import Format, Policy, format_of
from peerloom_service.problems import Conflict

HIGHEST_LEVEL: Final = 1_000
"""Employee levels above this one count as this one."""


class CannotBeMatched(Conflict):
    title = "The people of this program cannot be matched"


class ProgramOver(Conflict):
    title = "This program is over"


@dataclass(frozen=True)
class Program:
    """A program's format, what it chose of the format's options, and how long a proposal waits for everybody's answer.

    `ends_on` and `session_minutes` are None where the copy is older than they are.

    Every property raises CannotBeMatched where this release does not know the format, or the format refuses the options.
    """

    format: str
    options: dict[str, Any]
    answer_within_seconds: int
    ends_on: date | None = None
    session_minutes: int | None = None
    closed_at: datetime | None = None

    def refuse_over(self, now: datetime) -> None:
        """Raises: ProgramOver once it is closed, or its last day has ended everywhere on Earth."""
        if self.closed_at is not None:
            raise ProgramOver("It was closed. Launch another program, or match the people of one that is running.")
        if self.ends_on is not None and (now - timedelta(hours=12)).date() > self.ends_on:
            raise ProgramOver(f"It ended on {self.ends_on}. Change its dates, or match the people of a running one.")

    @cached_property
    def policy(self) -> Policy:
        """What a match is worth in this program, and which matches may never be."""
        chosen, options = self._chosen
        return chosen.policy(options)

    @cached_property
    def seats_by_level(self) -> tuple[int, ...]:
        """How many matches of the program somebody may be in at once, for each employee level from 1 to `HIGHEST_LEVEL`."""
        chosen, options = self._chosen
        return tuple(chosen.seats(options, level) for level in range(1, HIGHEST_LEVEL + 1))

    def newcomers_since(self, today: date) -> date | None:
        """Whoever was hired on this day or later is a newcomer, and has one seat; None where the format knows none."""
        chosen, options = self._chosen
        days = chosen.newcomer_days(options)
        return None if days is None else today - timedelta(days=days)

    @property
    def on_arrival(self) -> bool:
        """Whether newcomers are matched as they arrive."""
        chosen, options = self._chosen
        return chosen.on_arrival(options)

    @cached_property
    def _chosen(self) -> tuple[Format[Any], Any]:
        try:
            chosen = format_of(self.format)
            return chosen, chosen.options(self.options)
        except ValueError as error:
            raise CannotBeMatched(f"{error} Launch the program anew with a format and options this release knows.") from error


@dataclass(frozen=True, slots=True)
class Pool:
    """How a program's people stand. `enrolled` and `free` count people, `proposed` and `confirmed` the seats they hold."""

    program_id: UUID
    enrolled: int
    free: int
    proposed: int
    confirmed: int
