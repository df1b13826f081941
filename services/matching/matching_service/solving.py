"""Runs the engine in a process of its own: the event loop stays free, memory goes back, and a cancelled run is ended at once.

The child scores, solves, explains and has its answer checked by code that shares nothing with the solver. It tells its parent
how far it is through a pipe.
"""

import asyncio
import multiprocessing
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final
from uuid import UUID

from matching_service.domain import Reason
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

Progress = Callable[[str, float, float | None], Awaitable[bool]]
"""Hears phase, share and the gap certified so far; answers whether to go on."""

_SPAWN: Final = multiprocessing.get_context("spawn")
_STOP_SECONDS: Final = 5.0
_CHECKED_WHOLE: Final = 2_500
_CHECKED_PEOPLE: Final = 100
"""Up to so many people the bound is proven again over every pair; beyond, over those of so many people with everybody."""


class Cancelled(Exception):
    """Nobody wants the answer any more."""


class SolvingFailed(Exception):
    """The engine gave no answer, or one that did not pass the check; the message says which."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A checked answer, and for each of its matches the reasons."""

    result: MatchedPopulation
    reasons: tuple[tuple[Reason, ...], ...]


async def solve(population: Population, policy: Policy, seed: int, progress: Progress) -> Solved:
    """Match a population in a child process.

    Raises: Cancelled when `progress` says so, SolvingFailed.
    """
    receiving, sending = _SPAWN.Pipe(duplex=False)
    child = _SPAWN.Process(target=_child, args=(sending, population, policy, seed), daemon=True)
    await asyncio.to_thread(child.start)
    sending.close()
    try:
        while True:
            try:
                message = await asyncio.to_thread(receiving.recv)
            except EOFError as error:
                raise SolvingFailed("the solver's process ended without an answer (out of memory?)") from error
            match message:
                case ("progress", str(phase), float(share), gap):
                    if not await progress(phase, share, gap):
                        raise Cancelled
                case ("failed", str(reason)):
                    raise SolvingFailed(reason)
                case Solved():
                    return message
    finally:
        child.kill()
        await asyncio.to_thread(child.join, _STOP_SECONDS)
        receiving.close()


def _child(sending: Connection, population: Population, policy: Policy, seed: int) -> None:
    try:
        result = match_population(
            population,
            policy,
            seed=seed,
            progress=lambda phase, share, gap: sending.send(("progress", phase, float(share), gap)),
        )
        sending.send(("progress", "checking", 0.0, result.gap))
        everybody = len(population) <= _CHECKED_WHOLE
        violations = [
            *check_matches(population, policy, result),
            *check_bound(population, policy, result, people=None if everybody else _CHECKED_PEOPLE),
        ]
        if violations:
            sending.send(("failed", f"the answer did not pass the check: {violations[0]} ({len(violations)} in all)"))
            return
        sending.send(Solved(result, tuple(_reasons(population, policy, match.people) for match in result.matches)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
        sending.send(("failed", "".join(traceback.format_exception_only(error)).strip()))


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
