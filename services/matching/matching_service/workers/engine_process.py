"""Runs the engine in a process of its own: the event loop stays free, memory goes back, and a cancelled run is ended at once.

The process answers questions one after the other: it makes a population, solves it, and checks what was stored, all from bytes
that are handed through a pipe a piece at a time. It reports to its parent how far it is, and learns from it whether to finish
early.
"""

import asyncio
import hashlib
import json
import multiprocessing
import time
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from typing import Any, Final, Self
from uuid import UUID

from matching_service.domain.matches import Proposed, Reason, Unmatched
from matching_service.domain.runs import Result, RunSignal
from matching_service.engine import (
    MatchedPopulation,
    Policy,
    Population,
    explain_match,
    format_for,
    match_population,
    report_of,
)
from matching_service.engine import Reason as EngineReason
from matching_service.run_archive import Part, Unreadable, compressed, uncompressed
from matching_service.run_population import PeoplePage, population_of

Report = Callable[[str, float, float | None], Awaitable[RunSignal]]
"""Takes phase, share and the gap certified so far; returns what to do next."""

Pieces = AsyncGenerator[bytes, None]

Keep = Callable[[bytes], Awaitable[None]]
"""Takes the next piece of what is to be stored."""

_FORKED: Final = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["matching_service.workers.engine_ready"])
_STOP_SECONDS: Final = 5.0
_FINISH_EARLY: Final = "finish early"
_PAGE: Final = 1_000
_CHECKED_WHOLE: Final = 2_500
_CHECKED_PEOPLE: Final = 100
"""Up to so many people the bound is proven again over every pair; beyond, over those of so many people with everybody."""


class Cancelled(Exception):
    """Nobody wants the answer any more."""


class SolvingFailed(Exception):
    """The engine gave no answer, or one that did not pass the check; the message says which."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the engine is asked of a population: with its version, all that an answer depends on that is not ended early."""

    policy: bytes
    seed: int
    target_gap: float
    fast: bool


@dataclass(frozen=True, slots=True)
class Solved:
    """SHA-256 (hex) of an answer's bytes; `early`: the search was ended before it was through."""

    sha256: str
    early: bool


class Engine:
    """The engine's process; `report` is told how far it is and returns what to do next."""

    def __init__(self, connection: Connection, report: Report) -> None:
        self._connection, self._report = connection, report

    @classmethod
    @asynccontextmanager
    async def started(cls, report: Report) -> AsyncIterator[Self]:
        """Start it, and end it with the block, whatever it is doing then."""
        ours, its = _FORKED.Pipe()
        child = _FORKED.Process(target=_serve, args=(its,), daemon=True)
        await asyncio.to_thread(child.start)
        its.close()
        try:
            yield cls(ours, report)
        finally:
            child.kill()
            await asyncio.to_thread(child.join, _STOP_SECONDS)
            ours.close()

    async def make_population(
        self, pages: AsyncGenerator[PeoplePage, None], week_of: date, keep: Keep, newcomers_since: date | None = None
    ) -> int:
        """Make the population of a run and hand its pieces to `keep`; returns how many people there are.

        Raises: Cancelled when `report` says so, SolvingFailed.
        """
        people: int = await self._ask(
            _Child.make_population, week_of, newcomers_since, streams=[self._reported(pages)], keep=keep
        )
        return people

    async def solve(
        self,
        question: Question,
        population: Pieces,
        time_limit_seconds: float | None = None,
        keep: Keep | None = None,
    ) -> Solved:
        """Match a stored population, and hand the answer's pieces to `keep`.

        Raises: Cancelled when `report` says so, SolvingFailed, Unreadable.
        """
        kept = keep is not None
        solved: Solved = await self._ask(_Child.solve, question, time_limit_seconds, kept, streams=[population], keep=keep)
        return solved

    async def check(self, question: Question, population: Pieces, answer: Pieces) -> Result:
        """Compute again what a stored answer says of a stored population; afterwards `proposed` and `unmatched` read from it.

        Raises: Cancelled when `report` says so, SolvingFailed where it does not hold, Unreadable.
        """
        result: Result = await self._ask(_Child.check, question, streams=[population, answer])
        return result

    async def proposed(self) -> AsyncIterator[Sequence[Proposed]]:
        """Whom the answer that was checked brings together, and why, a page at a time."""
        first = 0
        while page := await self._ask(_Child.proposed, first):
            yield page
            first += len(page)

    async def unmatched(self) -> AsyncIterator[Sequence[Unmatched]]:
        """Whom the answer that was checked leaves without a partner, and why, a page at a time."""
        first = 0
        while page := await self._ask(_Child.unmatched, first):
            yield page
            first += len(page)

    async def _reported(self, pages: AsyncGenerator[PeoplePage, None]) -> AsyncGenerator[PeoplePage, None]:
        """The same pages; between them somebody may cancel."""
        async with aclosing(pages):
            async for page in pages:
                if await self._report("reading", 0.0, None) is RunSignal.ABANDON:
                    raise Cancelled
                yield page

    async def _ask(
        self,
        work: Callable[..., Any],
        *arguments: Any,
        streams: Sequence[AsyncGenerator[Any, None]] = (),
        keep: Keep | None = None,
    ) -> Any:
        told = False
        await _alive(self._connection.send, (work, len(streams), arguments))
        for stream in streams:
            async with aclosing(stream):
                async for item in stream:
                    await _alive(self._connection.send, item)
            await _alive(self._connection.send, None)
        while True:
            match await _alive(self._connection.recv):
                case ("progress", str(phase), float(share), gap):
                    signal = await self._report(phase, share, gap)
                    if signal is RunSignal.ABANDON:
                        raise Cancelled
                    if signal is RunSignal.FINISH_EARLY and not told:
                        told = True
                        await _alive(self._connection.send, _FINISH_EARLY)
                case ("piece", bytes(piece)):
                    assert keep is not None
                    await keep(piece)
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


def _serve(connection: Connection) -> None:
    """Body of the engine's process."""
    child = _Child(connection)
    while True:
        request = connection.recv()
        if request == _FINISH_EARLY:
            continue  # it came when the answer was on its way already
        work, child.streams, arguments = request
        try:
            answer = "done", work(child, *arguments)
        except (SolvingFailed, Unreadable) as error:
            answer = "failed", str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent must know of it
            answer = "failed", "".join(traceback.format_exception_only(error)).strip()
        while child.streams:
            for _ in child.received():
                pass
        connection.send(answer)


class _Child:
    """What the engine's process does, request by request. `streams`: how many are still to be received."""

    def __init__(self, connection: Connection) -> None:
        self.streams = 0
        self._connection = connection

    def received(self) -> Iterator[Any]:
        """What the parent sends of the next stream."""
        while (item := self._connection.recv()) is not None:
            yield item
        self.streams -= 1

    def make_population(self, week_of: date, newcomers_since: date | None) -> int:
        population = population_of(self.received(), week_of, newcomers_since)
        self._keep(population.to_bytes())
        return len(population)

    def solve(self, question: Question, time_limit_seconds: float | None, kept: bool) -> Solved:
        population = self._population()
        patience = _Patience(self._connection, time_limit_seconds)
        result = match_population(
            population,
            Policy.model_validate_json(question.policy),
            target_gap=question.target_gap,
            seed=question.seed,
            fast=question.fast,
            progress=self._progress,
            stop=patience.is_over,
        )
        answer = result.to_bytes()
        if kept:
            self._keep(answer)
        return Solved(hashlib.sha256(answer).hexdigest(), patience.ended)

    def check(self, question: Question) -> Result:
        population, policy = self._population(), Policy.model_validate_json(question.policy)
        answer = self._stored(Part.ANSWER)
        result = MatchedPopulation.from_bytes(answer)
        self._progress("checking", 0.0, result.gap)
        if (result.seed, result.target_gap) != (question.seed, question.target_gap):
            raise SolvingFailed("the answer did not pass the check: it is one to another seed or target gap")
        everybody = len(population) <= _CHECKED_WHOLE
        violations = format_for(policy).check(population, policy, result, people=None if everybody else _CHECKED_PEOPLE)
        if violations:
            kinds = ", ".join(dict.fromkeys(violation.code for violation in violations))
            raise SolvingFailed(
                f"the answer did not pass the check ({kinds}; {len(violations)} in all): {violations[0].detail}"
            )
        self._checked = population, policy, result
        self._matches = result.matches
        return Result(
            people=len(result.ids),
            pairs=len(result.a),
            trios=len(result.trio),
            groups=len(result.groups),
            unmatched=len(result.unmatched),
            value=result.value,
            upper_bound=result.upper_bound,
            gap=result.gap,
            most_people=result.most_people,
            method=result.method,
            bound_checked_people=len(population) if everybody else _CHECKED_PEOPLE,
            population_hash=result.population_hash,
            policy=json.loads(question.policy),
            policy_label=result.policy,
            policy_fingerprint=result.policy_fingerprint,
            engine_version=result.engine_version,
            answer_sha256=hashlib.sha256(answer).hexdigest(),
            report=report_of(population, policy, result).model_dump(mode="json"),
        )

    def proposed(self, first: int) -> list[Proposed]:
        population, policy, _ = self._checked
        return [
            Proposed(match.people, match.mean_weight, _reasons(population, policy, match.people), getattr(match, "round", 1))
            for match in self._matches[first : first + _PAGE]
        ]

    def unmatched(self, first: int) -> list[Unmatched]:
        _, _, result = self._checked
        return [Unmatched(one.person, one.why, one.partners, one.removed) for one in result.unmatched[first : first + _PAGE]]

    def _population(self) -> Population:
        return Population.from_bytes(self._stored(Part.POPULATION))

    def _stored(self, part: Part) -> bytes:
        return b"".join(uncompressed(piece, part) for piece in self.received())

    def _keep(self, content: bytes) -> None:
        for piece in compressed(content):
            self._connection.send(("piece", piece))

    def _progress(self, phase: str, share: float, gap: float | None) -> None:
        self._connection.send(("progress", phase, float(share), gap))


class _Patience:
    """Ends with the time limit, or when the parent says so."""

    def __init__(self, connection: Connection, seconds: float | None) -> None:
        self._connection = connection
        self._until = None if seconds is None else time.monotonic() + seconds
        self.ended = False

    def is_over(self) -> bool:
        if not self.ended and self._connection.poll():
            self.ended = self._connection.recv() == _FINISH_EARLY
        self.ended = self.ended or (self._until is not None and time.monotonic() >= self._until)
        return self.ended


def _reasons(population: Population, policy: Policy, people: tuple[UUID, ...]) -> tuple[Reason, ...]:
    """Why people are brought together: of more than two, what speaks for each two of them, nothing twice."""
    explained = explain_match(population, policy, people)
    reasons = (_reason(reason, *two) for two, of_two in explained.items() for reason in of_two)
    return tuple(dict.fromkeys(reasons))


def _reason(reason: EngineReason, a: UUID, b: UUID) -> Reason:
    """A reason of the engine, which speaks of sides, as one that names the participants."""
    side = getattr(reason, "from_side", None)
    giver = {"a": a, "b": b}.get(side) if side else None
    match reason.model_dump(exclude={"from_side"}):
        case {"code": str(code), "skill": skill, "level_gap": gap}:
            return Reason(code, giver, skill, gap)
        case {"code": str(code), "hours_per_week": hours}:
            return Reason(code, amount=hours)
        case {"code": str(code), "difference": difference}:
            return Reason(code, giver, amount=difference)
        case {"code": str(code), "languages": languages}:
            return Reason(code, subject=", ".join(languages))
        case {"code": str(code), "goal": subject} | {"code": str(code), "skill": subject}:
            return Reason(code, giver, subject)
        case {"code": str(code)}:
            return Reason(code, giver)
    raise TypeError(f"no words for the reason {reason!r}")
