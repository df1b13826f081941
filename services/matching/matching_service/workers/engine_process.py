"""Runs the engine in a process of its own: the event loop stays free, memory goes back, and a cancelled run is ended at once.

The process answers questions one after the other: it solves, and it checks what was stored, both from bytes alone. It tells its
parent how far it is through a pipe, and hears from it whether to end early.
"""

import asyncio
import multiprocessing
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final, Self
from uuid import UUID

from matching_service.domain import Reason, Wish
from matching_service.engine import (
    MatchedPopulation,
    Policy,
    Population,
    check_bound,
    check_matches,
    explain_pair,
    explain_trio,
    match_population,
)
from matching_service.engine import Reason as EngineReason
from matching_service.run_archive import Question

Progress = Callable[[str, float, float | None], Awaitable[Wish]]
"""Subscriptions phase, share and the gap certified so far; answers what is wanted."""

_SPAWN: Final = multiprocessing.get_context("spawn")
_STOP_SECONDS: Final = 5.0
_END_EARLY: Final = "end early"
_CHECKED_WHOLE: Final = 2_500
_CHECKED_PEOPLE: Final = 100
"""Up to so many people the bound is proven again over every pair; beyond, over those of so many people with everybody."""


class Cancelled(Exception):
    """Nobody wants the answer any more."""


class SolvingFailed(Exception):
    """The engine gave no answer, or one that did not pass the check; the message says which."""


@dataclass(frozen=True, slots=True)
class Solved:
    """An answer's bytes; `early`: the search was ended before it was through."""

    answer: bytes
    early: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer that passed the check, read from its bytes, and for each of its matches the reasons.

    `bound_checked_people`: for so many people the prices were compared with everybody.
    """

    result: MatchedPopulation
    reasons: tuple[tuple[Reason, ...], ...]
    bound_checked_people: int


class Engine:
    """The engine's process; `progress` hears how far it is and says what is wanted of it."""

    def __init__(self, connection: Connection, progress: Progress) -> None:
        self._connection, self._progress = connection, progress

    @classmethod
    @asynccontextmanager
    async def started(cls, progress: Progress) -> AsyncIterator[Self]:
        """Start it, and end it with the block, whatever it is doing then."""
        ours, its = _SPAWN.Pipe()
        child = _SPAWN.Process(target=_child, args=(its,), daemon=True)
        await asyncio.to_thread(child.start)
        its.close()
        try:
            yield cls(ours, progress)
        finally:
            child.kill()
            await asyncio.to_thread(child.join, _STOP_SECONDS)
            ours.close()

    async def solve(self, question: Question, time_limit_seconds: float | None = None) -> Solved:
        """Match a population. Raises: Cancelled when `progress` says so, SolvingFailed."""
        solved: Solved = await self._ask(_solved, question, time_limit_seconds)
        return solved

    async def check(self, question: Question, answer: bytes) -> Checked:
        """Compute again what a stored answer says of a stored population, and explain its pairs.

        Raises: Cancelled when `progress` says so, SolvingFailed where it does not hold.
        """
        checked: Checked = await self._ask(_checked, question, answer)
        return checked

    async def _ask(self, *request: Any) -> Any:
        told = False
        await _alive(self._connection.send, request)
        while True:
            match await _alive(self._connection.recv):
                case ("progress", str(phase), float(share), gap):
                    wish = await self._progress(phase, share, gap)
                    if wish is Wish.GIVE_UP:
                        raise Cancelled
                    if wish is Wish.END_EARLY and not told:
                        told = True
                        await _alive(self._connection.send, _END_EARLY)
                case ("failed", str(reason)):
                    raise SolvingFailed(reason)
                case ("done", answer):
                    return answer


async def _alive(exchange: Callable[..., Any], *message: Any) -> Any:
    """Send or receive; in a thread, since the other end may take its time."""
    try:
        return await asyncio.to_thread(exchange, *message)
    except (EOFError, ConnectionError) as error:
        raise SolvingFailed("the engine's process ended without an answer (out of memory?)") from error


def _child(connection: Connection) -> None:
    while True:
        request = connection.recv()
        if request == _END_EARLY:
            continue  # it came when the answer was on its way already
        work, *arguments = request
        try:
            connection.send(("done", work(connection, *arguments)))
        except SolvingFailed as error:
            connection.send(("failed", str(error)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
            connection.send(("failed", "".join(traceback.format_exception_only(error)).strip()))


def _solved(connection: Connection, question: Question, time_limit_seconds: float | None) -> Solved:
    patience = _Patience(connection, time_limit_seconds)
    result = match_population(
        Population.from_bytes(question.population),
        Policy.model_validate_json(question.policy),
        target_gap=question.target_gap,
        seed=question.seed,
        fast=question.fast,
        progress=lambda phase, share, gap: connection.send(("progress", phase, float(share), gap)),
        stop=patience.is_over,
    )
    return Solved(result.to_bytes(), patience.ended)


class _Patience:
    """Ends with the time limit, or when the parent says so."""

    def __init__(self, connection: Connection, seconds: float | None) -> None:
        self._connection = connection
        self._until = None if seconds is None else time.monotonic() + seconds
        self.ended = False

    def is_over(self) -> bool:
        if not self.ended and self._connection.poll():
            self.ended = self._connection.recv() == _END_EARLY
        self.ended = self.ended or (self._until is not None and time.monotonic() >= self._until)
        return self.ended


def _checked(connection: Connection, question: Question, answer: bytes) -> Checked:
    population, policy = Population.from_bytes(question.population), Policy.model_validate_json(question.policy)
    result = MatchedPopulation.from_bytes(answer)
    connection.send(("progress", "checking", 0.0, result.gap))
    if (result.seed, result.target_gap) != (question.seed, question.target_gap):
        raise SolvingFailed("the answer did not pass the check: it is one to another seed or target gap")
    everybody = len(population) <= _CHECKED_WHOLE
    violations = check_matches(population, policy, result) or check_bound(
        population, policy, result, people=None if everybody else _CHECKED_PEOPLE
    )
    if violations:
        kinds = ", ".join(dict.fromkeys(violation.code for violation in violations))
        raise SolvingFailed(f"the answer did not pass the check ({kinds}; {len(violations)} in all): {violations[0].detail}")
    reasons = tuple(_reasons(population, policy, match.people) for match in result.matches)
    return Checked(result, reasons, len(population) if everybody else _CHECKED_PEOPLE)


def _reasons(population: Population, policy: Policy, people: tuple[UUID, ...]) -> tuple[Reason, ...]:
    """Why people are brought together: of three, what speaks for each two of them, nothing twice."""
    if len(people) == 2:
        explained = {people: explain_pair(population, policy, *people)}
    else:
        explained = explain_trio(population, policy, *people)
    reasons = (_reason(reason, *two) for two, of_two in explained.items() for reason in of_two)
    return tuple(dict.fromkeys(reasons))


def _reason(reason: EngineReason, a: UUID, b: UUID) -> Reason:
    """A reason of the engine, which speaks of sides, as one that names the participants."""
    side = getattr(reason, "from_side", None)
    giver = {"a": a, "b": b}.get(side) if side else None
    match reason.model_dump(exclude={"from_side"}):
        case {"code": "learns_from", "skill": skill, "level_gap": gap}:
            return Reason("learns_from", giver, skill, gap)
        case {"code": "common_hours", "hours_per_week": hours}:
            return Reason("common_hours", amount=hours)
        case {"code": "level_difference", "difference": difference}:
            return Reason("level_difference", amount=difference)
        case {"code": "junior_and_senior", "difference": difference}:
            return Reason("junior_and_senior", giver, amount=difference)
        case {"code": "common_languages", "languages": languages}:
            return Reason("common_languages", subject=", ".join(languages))
        case {"code": str(code), "goal": goal}:
            return Reason(code, giver, goal)
    raise TypeError(f"no words for the reason {reason!r}")
