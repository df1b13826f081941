"""Proposals and matches that end before their time: somebody left, paused or withdrew, or its people ended it.

Whatever ends, its people's seats are free, and whoever follows `MatchEnded` can tell the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from matching_service import queries, sql
from matching_service.domain.matches import OPEN, EndReason, Match, MatchOver, MatchState
from matching_service.domain.runs import Run
from peerloom_events import MatchEnded
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class EndMatch:
    """`participant_id`: who asks for it, one of its people; None: HR does."""

    match_id: UUID
    reason: EndReason
    participant_id: UUID | None = None


async def end(tx: Transaction, command: EndMatch) -> Match:
    """Either side, or HR, ends a proposal or a match; nobody is blamed.

    Raises: NotFound, NotYourMatch, MatchOver.
    """
    match = await tx.lock(Match, command.match_id)
    if command.participant_id is not None:
        match.refuse_strangers(command.participant_id)
    (ended,) = await _end(tx, [match], command.reason)
    return ended


@dataclass(frozen=True, slots=True)
class RelationshipOver:
    """The people of a match have ended their relationship, or their program has."""

    match_id: UUID
    reason: str


async def follow_relationship(tx: Transaction, command: RelationshipOver) -> None:
    """End the match of a relationship that is over, unless that is why it is over."""
    reason = EndReason(command.reason) if command.reason in set(EndReason) else EndReason.OTHER
    try:
        await end(tx, EndMatch(command.match_id, reason))
    except (MatchOver, NotFound):
        return


@dataclass(frozen=True, slots=True)
class LetGo:
    participant_id: UUID
    version: int
    left_on: date


async def let_go(tx: Transaction, command: LetGo) -> None:
    """Somebody has left: nobody is matched with them, and what they are part of ends."""
    await tx.execute(sql.HOLD_THE_DOOR, tx.tenant_id)
    known = await tx.execute(sql.LET_GO, tx.tenant_id, command.participant_id, command.version, command.left_on)
    if known == "UPDATE 1":
        await _end_all_of(tx, command.participant_id, None, EndReason.PARTICIPANT_LEFT)


@dataclass(frozen=True, slots=True)
class StopEnrolment:
    id: UUID
    version: int
    program_id: UUID
    participant_id: UUID
    reason: EndReason


async def stop_enrolment(tx: Transaction, command: StopEnrolment) -> None:
    """Somebody paused or withdrew from a program: their proposals there end, and their matches unless they only paused."""
    await tx.execute(sql.HOLD_THE_DOOR, tx.tenant_id)
    stopped = await tx.execute(
        sql.STOP_ENROLMENT, tx.tenant_id, command.id, command.version, command.program_id, command.participant_id
    )
    if stopped == "INSERT 0 1":
        await _end_all_of(tx, command.participant_id, command.program_id, command.reason)


async def end_with_absent(tx: Transaction, run: Run, since: datetime) -> None:
    """End what a run has just proposed to people who left, paused or withdrew while it was under way.

    Call it last: until the end of the transaction nobody else leaves.
    """
    await tx.execute(sql.HOLD_THE_DOOR_TOGETHER, tx.tenant_id)
    absent = await tx.find(Match, queries.PROPOSED_TO_ABSENT, run.id, run.program_id, since)
    await _end(tx, absent, EndReason.PARTICIPANT_LEFT)


@dataclass(frozen=True, slots=True)
class CloseProgram:
    id: UUID
    version: int
    closed_at: datetime


async def close_program(tx: Transaction, command: CloseProgram) -> None:
    """Nobody is matched in a program any more; the job `endings` ends what is open, some at a time."""
    await tx.execute(sql.CLOSE_PROGRAM, tx.tenant_id, command.id, command.version, command.closed_at)


async def end_some(tx: Transaction, match_ids: Sequence[UUID]) -> None:
    """End these of a closed program, unless they are over already."""
    still_open = await tx.find(
        Match, "id = ANY($2::uuid[]) AND state = ANY($3::text[]) ORDER BY id FOR UPDATE", list(match_ids), list(OPEN)
    )
    await _end(tx, still_open, EndReason.PROGRAM_CLOSED)


async def _end_all_of(tx: Transaction, participant_id: UUID, program_id: UUID | None, reason: EndReason) -> None:
    states = OPEN if reason.for_everybody else (MatchState.PROPOSED,)
    await _end(tx, await tx.find(Match, queries.OPEN_OF_PARTICIPANT, participant_id, list(states), program_id), reason)


async def _end(tx: Transaction, matches: Sequence[Match], reason: EndReason) -> list[Match]:
    """Write and publish that locked matches are over.

    Raises: MatchOver where one of them is.
    """
    if not matches:
        return []
    now = await tx.now()
    ended = [match.ended(reason, now) for match in matches]
    columns = zip(*((one.id, one.version, one.state, one.ended_at, one.ended_reason) for one in ended), strict=True)
    await tx.execute(sql.END_MATCHES, tx.tenant_id, *map(list, columns))
    await tx.execute(sql.LEAVE_ALL_SEATS, tx.tenant_id, [match.id for match in matches])
    for match in matches:
        tx.publish(
            MatchEnded(
                version=match.version + 1,
                match_id=match.id,
                program_id=match.program_id,
                participant_ids=match.participant_ids,
                reason=reason,
                was_confirmed=match.state is MatchState.CONFIRMED,
                ended_at=now,
            )
        )
    return ended
